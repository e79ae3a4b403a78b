/**
 * Proves what stands in an update slot once on each runtime that starts with it: other code, or another Node.js, may compute otherwise
 * than the one that proved the bundle when it came. Keeps which were proved beside the slots; where that is missing, damaged or
 * cannot be written they are proved again. An accident of the proof takes no model out of service: it is told.
 */
import { join } from "node:path";
import { z } from "zod";
import type { VerifiedBundle } from "../../core/bundle/bundle.ts";
import { decodeGolden } from "../../core/bundle/golden.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { sha256Pattern } from "../../core/contract/bundle/plain-name.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import type { FileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { ProofReport } from "./proof-message.ts";
import { type ExpectedProof, ProofError, type ProverCommand, proveBundle } from "./prove-bundle.ts";

interface SlotProofOptions {
  readonly runtimeVersion: string;
  readonly engine: ProverCommand["engine"];
  readonly files: FileSystem;
  readonly logger: Logger;
  /** A bundle is used that could not be proved at this start, by an accident. */
  readonly onUnproved: (dir: string, error: Error) => void;
  /** Default: the one of this installation. Its time is an update's, and that of all slots of a start together. */
  readonly prover?: Pick<ProverCommand, "command" | "args"> & Partial<Pick<ProverCommand, "timeoutMs">>;
}

/** What the slots below `stateDir` hold, proved by another process. */
export interface SlotProof {
  /** Of a slot, at a start. @throws ProofError where it does not compute here what it must; an accident is told alone. */
  proveOnce(stateDir: string, dir: string, bundle: VerifiedBundle): Promise<void>;
  /** Proves what is to be activated. @throws as {@link proveBundle} */
  prove(stateDir: string, expected: ExpectedProof, signal: AbortSignal): Promise<ProofReport>;
}

/** A prover that has said nothing after this long is killed; the service's start has three times as long. */
const proofTimeoutMs = 60_000;
const maxMarkBytes = 4_096;
const maxCodeBytes = 1 << 20;
/** One a slot. */
const maxProved = 2;

const fromSource = import.meta.filename.endsWith(".ts");
const proveMain = join(import.meta.dirname, fromSource ? "prove-main.ts" : "prove-main.js");

const markSchema = onDemand(() =>
  z.object({ runtime: z.string(), digests: z.array(z.string().regex(sha256Pattern)).max(maxProved) }),
);

/** Creates what proves slots; nothing runs until it is asked. */
export function createSlotProof({ files, logger, ...options }: SlotProofOptions): SlotProof {
  const prover = {
    command: process.execPath,
    args: [...(fromSource ? ["--import", "tsx"] : []), proveMain],
    timeoutMs: proofTimeoutMs,
    ...options.prover,
    engine: options.engine,
  };
  let leftAtStartMs = prover.timeoutMs;
  const markPath = (stateDir: string): string => join(stateDir, "proved.json");
  const identify = async (): Promise<string> => {
    const code = sha256Hex((await readCode(files)) ?? new Uint8Array());
    return [options.runtimeVersion, code, process.version, process.arch, options.engine].join(" ");
  };
  /** Digests that this runtime has proved, the newest last. */
  const listProved = async (stateDir: string, runtime: string): Promise<readonly string[]> => {
    const bytes = await files.read(markPath(stateDir), maxMarkBytes).catch(() => null);
    const mark = bytes === null ? undefined : markSchema().safeParse(parseJsonBytes(bytes)).data;
    return mark?.runtime === runtime ? mark.digests : [];
  };
  const keepProved = async (
    stateDir: string,
    { digest }: ExpectedProof,
    identity: Promise<string>,
  ): Promise<void> => {
    try {
      const runtime = await identity;
      const others = (await listProved(stateDir, runtime)).filter((other) => other !== digest);
      const digests = [...others, digest].slice(-maxProved);
      await files.writeAtomic(markPath(stateDir), `${JSON.stringify({ runtime, digests })}\n`);
    } catch (error) {
      logger.warn("a bundle is proved again at the next start, since that it was cannot be kept", { error });
    }
  };
  /** Proves within what earlier proofs of this start have left of its time. */
  const proveAtStart = async (expected: ExpectedProof): Promise<ProofReport> => {
    const { bundleDir } = expected;
    if (leftAtStartMs <= 0)
      throw new ProofError("no time was left at this start to prove it", bundleDir, false);
    const sinceMs = performance.now();
    try {
      return await proveBundle({ ...prover, timeoutMs: leftAtStartMs }, expected);
    } finally {
      leftAtStartMs -= Math.ceil(performance.now() - sinceMs);
    }
  };
  return {
    prove: async (stateDir, expected, signal) => {
      const report = await proveBundle(prover, expected, signal);
      await keepProved(stateDir, expected, identify());
      return report;
    },
    proveOnce: async (stateDir, bundleDir, { digest, manifest, files: contents }) => {
      const identity = identify();
      const runtime = await identity.catch(() => null);
      if (runtime !== null && (await listProved(stateDir, runtime)).includes(digest)) return;
      const cases = decodeGolden(contents.get(bundleFileNames.golden)!).cases.length;
      const { name, version } = manifest;
      const expected = { bundleDir, digest, cases };
      try {
        const { detail } = await proveAtStart(expected);
        logger.info("an update is proved on this runtime", { name, version, detail });
      } catch (error) {
        if (!(error instanceof ProofError) || error.final) throw error;
        options.onUnproved(bundleDir, error);
        return;
      }
      await keepProved(stateDir, expected, identity);
    },
  };
}

/**
 * What tells the code of two builds apart: the compiler's list of sources, or in a package the prover, which names its parts by
 * their content. Null where the sources themselves run.
 */
async function readCode(files: FileSystem): Promise<Uint8Array | null> {
  if (fromSource) return null;
  const list = join(import.meta.dirname, "..", "..", "..", "sources.json");
  return (await files.read(list, maxCodeBytes)) ?? files.read(proveMain, maxCodeBytes);
}
