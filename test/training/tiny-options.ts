import { join } from "node:path";
import type { PrivateKey } from "../../src/core/bundle/keys.ts";
import { type TrainingOptions, type TrainingResult, train } from "../../src/training/train.ts";
import { loadTrainingConfig } from "../../src/training/training-config.ts";

/** Says nothing. */
export const quiet = { log: (): void => {}, progress: (): void => {} };

/** Trains on the data in `dir` into its folder `name`, asking no gate and keeping nothing else. */
export function tinyOptions(dir: string, name: string, signer: PrivateKey): TrainingOptions {
  return {
    dataDir: dir,
    outDir: join(dir, name),
    signer,
    workDir: null,
    gated: false,
    reportDir: null,
    ...quiet,
  };
}

/** Trains what the configuration at `path` asks for. */
export async function trainFrom(path: string, options: TrainingOptions): Promise<TrainingResult> {
  return train(await loadTrainingConfig(path), options);
}
