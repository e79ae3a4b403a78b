/** Connects the updater with what serves: proves in a child process, swaps between two windows, reports every step. */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { maxRootBytes } from "../../core/contract/publication.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import type { FitCheck, RateWatch } from "../../core/serving/find-misfit.ts";
import { describeServing, type LoadedBundle, serveBundle } from "../../core/serving/loaded-bundle.ts";
import type { ServedModels } from "../../core/serving/served-models.ts";
import type { SlotProof } from "./slot-proof.ts";
import type { Updater, UpdaterOptions } from "./updater.ts";

/** What is needed to keep the models current. */
export interface UpdatesOptions {
  /** What every updater is given alike. */
  readonly common: Pick<
    UpdaterOptions,
    "files" | "clock" | "timers" | "random" | "logger" | "onStep" | "onEvent"
  >;
  readonly settings: GatewayConfig["updates"];
  readonly models: ServedModels;
  readonly engine: "auto" | "onnx" | "integer";
  readonly runtimeVersion: string;
  readonly slotProof: Pick<SlotProof, "prove">;
  readonly configDigest: string;
  /** Would a bundle do here what the one that serves does? */
  readonly findMisfit: FitCheck;
  readonly rates: RateWatch;
  /** A new bundle serves from the next window on; after a throw it is called once more, with the old one. */
  readonly onServe: (bundle: LoadedBundle) => void;
}

/**
 * Starts one updater a model; none where updates are switched off, or nobody said where they come from.
 * @throws AuroraError CONFIG_INVALID for a root file that cannot be read, or is larger than root metadata may be.
 */
export async function startUpdates(options: UpdatesOptions): Promise<readonly Updater[]> {
  const { enabled, url, caFile, rootFile, pollSeconds } = options.settings;
  if (!enabled || url === null || rootFile === null) return [];
  const initialRoot = await readFileBounded(rootFile, maxRootBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
  });
  // With it come the libraries of signed metadata: a gateway without updates does without them.
  const { createUpdater } = await import("./updater.ts");
  return options.models.names.map((name) => {
    const { models, common } = options;
    const stateDir = models.updateDir(name);
    const updater = createUpdater({
      ...common,
      stateDir,
      url,
      caFile,
      initialRoot,
      trustedKeys: models.trustedKeys,
      runtime: { runtimeVersion: options.runtimeVersion },
      configDigest: options.configDigest,
      prove: (expected, signal) => options.slotProof.prove(stateDir, expected, signal),
      active: () => {
        const { ref, dir } = models.current(name);
        return { name: ref.name, version: ref.version, digest: ref.digest, dir };
      },
      findMisfit: (next) => options.findMisfit(next, models.current(name).manifest),
      findSent: (next) => options.rates.find(next, models.current(name).manifest),
      isSentOver: options.rates.isOver,
      onActivate: async (slotDir, bundle) => {
        const { engine } = options;
        const loaded = await serveBundle(slotDir, bundle, { engine, logger: common.logger });
        models.replace(loaded, options.onServe);
        common.logger.info("a new model serves", describeServing(loaded, bundle));
      },
      pollIntervalMs: pollSeconds * 1000,
    });
    updater.start();
    return updater;
  });
}
