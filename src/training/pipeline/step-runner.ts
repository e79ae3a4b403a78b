/**
 * Runs the named steps of training, one after the other, and keeps what each gives: a run that was killed goes on
 * after the last step that it finished, with the same bytes as if nothing had happened. Knows nothing of models.
 */

import { canonicalJson } from "../../core/bundle/canonical-json.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { decodeStepValue, encodeStepValue } from "./step-codec.ts";
import type { WorkFolder } from "./work-folder.ts";

/** The steps from data to bundle, in their order. A recipe runs those that it has, some of them in several parts. */
const stepNames = [
  "data",
  "contract",
  "features",
  "teacher",
  "distil",
  "prune",
  "finetune",
  "quantise",
  "calibrate",
  "evaluate",
  "package",
  "gate",
  "bundle",
] as const;

type StepName = (typeof stepNames)[number];

export interface StepOutput<T> {
  readonly value: T;
  /** SHA-256 of the value's bytes: what later steps name as the thing that they were made from. */
  readonly digest: string;
}

/** All that decides what a step gives, besides the code and its libraries. */
interface StepInputs<Config> {
  /** Which part of the step, where it has several ("inner-0-DE"); default "". */
  readonly part?: string;
  /** The share of the configuration that it reads, as plain JSON values: `compute` is handed it, and reads no other. */
  readonly config: Config;
  /** Earlier steps that it reads. */
  readonly from: readonly StepOutput<unknown>[];
}

/** Says how far a step has come. */
export type StepProgress = (done: number, total: number, what: string) => void;

export interface StepRunner {
  /**
   * Gives what is kept of an earlier run with the same inputs, or computes and keeps it. `compute` must depend on
   * nothing else: no clock, no dice but those of a seed in `config`, which it is handed. The value is plain data and typed arrays.
   */
  run<Config, T>(
    name: StepName,
    inputs: StepInputs<Config>,
    compute: (config: Config, progress: StepProgress) => Promise<T> | T,
  ): Promise<StepOutput<T>>;
  /** As {@link run}, but looks anew each time: for steps that read files which may have changed. */
  look<T>(name: StepName, compute: (progress: StepProgress) => Promise<T> | T): Promise<StepOutput<T>>;
}

interface StepRunnerOptions {
  readonly work: WorkFolder;
  /** Digest of the code and names of the libraries: part of every key. */
  readonly code: string;
  readonly log: (message: string) => void;
  readonly progress: StepProgress;
  /** Stops before the next step. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of a clock that only goes on; for the log alone. */
  readonly monotonicMs: () => number;
}

/** Creates a runner. Steps that are out of order throw: a later one could not have been an input of an earlier one. */
export function createStepRunner(options: StepRunnerOptions): StepRunner {
  let reached = 0;
  const enter = (name: StepName): void => {
    if (options.signal?.aborted === true) {
      throw new AuroraError("TRAINING", `training was stopped before the step ${name}`, {
        op: "train",
        subject: name,
        hint: "run the same command again: finished steps are not repeated",
      });
    }
    const index = stepNames.indexOf(name);
    if (index < reached) throw new Error(`step ${name} after ${stepNames[reached]}`);
    reached = index;
  };
  const withPart = (name: StepName, part: string): string => (part === "" ? name : `${name} (${part})`);
  const label = (name: StepName, part: string): string =>
    `step ${stepNames.indexOf(name) + 1}/${stepNames.length} ${withPart(name, part)}`;
  const compute = async <T>(
    name: StepName,
    part: string,
    make: (progress: StepProgress) => Promise<T> | T,
  ): Promise<{ readonly value: T; readonly bytes: Uint8Array; readonly tell: () => void }> => {
    const startMs = options.monotonicMs();
    options.progress(stepNames.indexOf(name), stepNames.length, `steps, now ${withPart(name, part)}`);
    const made = await make(options.progress);
    const bytes = encodeStepValue(made);
    const tell = (): void => {
      const seconds = (options.monotonicMs() - startMs) / 1000;
      options.log(`${label(name, part)}: ${seconds.toFixed(1)} s`);
    };
    // What goes on is what a later run would read, so that both cannot differ.
    return { value: decodeStepValue(bytes) as T, bytes, tell };
  };
  return {
    run: async <Config, T>(
      name: StepName,
      inputs: StepInputs<Config>,
      make: (config: Config, progress: StepProgress) => Promise<T> | T,
    ): Promise<StepOutput<T>> => {
      enter(name);
      const part = inputs.part ?? "";
      const inputDigests = inputs.from.map(({ digest }) => digest);
      const text = canonicalJson([name, part, options.code, plain(inputs.config), inputDigests]);
      const key = `${name}-${sha256Hex(Buffer.from(text, "utf8")).slice(0, 40)}`;
      const kept = await options.work.read(key);
      if (kept !== null) {
        options.log(`${label(name, part)}: kept from an earlier run`);
        return { value: decodeStepValue(kept) as T, digest: sha256Hex(kept) };
      }
      const { value, bytes, tell } = await compute(name, part, (progress) => make(inputs.config, progress));
      await options.work.write(key, bytes);
      tell();
      return { value, digest: sha256Hex(bytes) };
    },
    look: async (name, make) => {
      enter(name);
      const { value, bytes, tell } = await compute(name, "", make);
      tell();
      return { value, digest: sha256Hex(bytes) };
    },
  };
}

/** Without members that are undefined, which canonical JSON refuses. */
function plain(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}
