/** A simulated fault, the shipped bundle, and what the gateway makes of the one by the other. */
import type { ScoreRequest } from "../../../../src/cli/score/recordings/score-files.ts";
import { readBundle } from "../../../../src/core/bundle/verify-bundle.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import {
  type LoadedBundle,
  type ScoredWindow,
  serveBundle,
} from "../../../../src/core/serving/loaded-bundle.ts";
import type { Sidecar } from "../../../../src/training/dataset/sidecar/sidecar.ts";
import { type Simulated, scoreOnGateway, shippedBundle, simulateFault } from "../recordings.ts";

/** 40 s. */
export const simulated: Simulated = simulateFault(40);

/** The bundle is the caller's to retire. */
export async function scoreSimulated(): Promise<{
  readonly bundle: LoadedBundle;
  readonly onGateway: readonly ScoredWindow[];
}> {
  const bundle = await serveBundle(shippedBundle, await readBundle(shippedBundle), {
    engine: "auto",
    logger: silentLogger,
  });
  return { bundle, onGateway: await scoreOnGateway(bundle, simulated, 700) };
}

export const request = (
  files: string[],
  out: string,
  known: Sidecar = simulated.sidecar,
  channel: string | null = null,
): ScoreRequest => ({
  files,
  out,
  baseline: null,
  progress: () => {},
  describe: () => Promise.resolve({ sidecar: known, channel }),
});
