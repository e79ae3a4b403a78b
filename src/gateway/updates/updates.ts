/** Connects the updater with what serves: proves in a child process, swaps between two windows, reports every step. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { UpdateRecord } from "../../core/contract/uplink-record.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../core/serving/loaded-bundle.ts";
import type { ServedModels } from "../../core/serving/served-models.ts";
import { createUpdater, type Updater } from "./updater.ts";

/** What is needed to keep the models current. */
export interface UpdatesOptions {
  readonly settings: GatewayConfig["updates"];
  readonly models: ServedModels;
  readonly engine: "auto" | "onnx" | "integer";
  readonly runtimeVersion: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly logger: Logger;
  /** A new bundle serves from the next window on. */
  readonly onServe: (bundle: LoadedBundle) => void;
  readonly onStep: (record: UpdateRecord) => void;
}

/** A prover that has said nothing after this long is killed. */
const proofTimeoutMs = 60_000;

/**
 * Starts one updater a model; none where updates are switched off, or nobody said where they come from.
 * @throws when the root file cannot be read.
 */
export async function startUpdates(options: UpdatesOptions): Promise<readonly Updater[]> {
  const { enabled, url, rootFile, pollSeconds } = options.settings;
  if (!enabled || url === null || rootFile === null) return [];
  const initialRoot = await readFile(rootFile);
  const fromSource = import.meta.filename.endsWith(".ts");
  const prover = join(import.meta.dirname, fromSource ? "prove-main.ts" : "prove-main.js");
  return options.models.names.map((name) => {
    const { models, clock, timers, random, logger } = options;
    const updater = createUpdater({
      stateDir: models.updateDir(name),
      url,
      initialRoot,
      trustedKeys: models.trustedKeys,
      runtime: { runtimeVersion: options.runtimeVersion },
      prover: {
        command: process.execPath,
        args: [...(fromSource ? ["--import", "tsx"] : []), prover],
        timeoutMs: proofTimeoutMs,
      },
      active: () => {
        const { ref, dir } = models.current(name);
        return { name: ref.name, version: ref.version, digest: ref.digest, dir };
      },
      onActivate: async (slotDir, bundle) => {
        const loaded = await serveBundle(slotDir, bundle, { engine: options.engine, logger });
        models.replace(loaded);
        options.onServe(loaded);
        logger.info("a new model serves", { model: loaded.ref, engine: loaded.engine.kind });
      },
      onStep: options.onStep,
      clock,
      timers,
      logger,
      random,
      pollIntervalMs: pollSeconds * 1000,
    });
    updater.start();
    return updater;
  });
}
