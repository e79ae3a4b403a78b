/** What the student says of windows: the gateway's own answer, and what files are summed up of. */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import type { FeatureWindow } from "../../../core/contract/stream.ts";
import { computeProbability } from "../../../core/decision/calibrate.ts";
import { joinLogits } from "../../../core/decision/join-logits.ts";
import { liftCoinciding } from "../../../core/decision/lift-coinciding.ts";
import type { BandOutput, LoadedBundle, StudentOutput } from "../../../core/serving/loaded-bundle.ts";
import { selectWatchParts } from "../../../core/serving/select-watch-parts.ts";

/** A window with what the student says of it. */
export interface AnsweredWindow {
  readonly window: FeatureWindow;
  readonly output: StudentOutput;
  /** Calibrated, one a failure mode, as the gateway decides upon. */
  readonly probabilities: readonly number[];
  /**
   * For the question of any fault, one a failure mode: means of the student's logits with and without side bands, joined where the
   * window has two bands, and lifted where the bearing's lines do not tell modes apart (src/adr/0066).
   */
  readonly faultLogits: readonly number[];
}

/** Asks about all of `windows`, of one bearing, at once. Fails with INFERENCE. */
export async function askStudent(
  bundle: LoadedBundle,
  windows: readonly FeatureWindow[],
  bearing: BearingOrders,
): Promise<AnsweredWindow[]> {
  const { calibration } = bundle.manifest;
  const { coinciding = [] } = selectWatchParts(bundle.manifest, bundle.ref, bearing);
  const remove = createSideBandRemover(bundle.manifest);
  const outputs = await Promise.all(windows.map((window) => bundle.score(window)));
  const bare =
    remove === null
      ? outputs
      : await Promise.all(
          windows.map(({ features, upperFeatures }) =>
            bundle.score({
              features: remove(features),
              ...(upperFeatures === undefined ? {} : { upperFeatures: remove(upperFeatures) }),
            }),
          ),
        );
  return windows.map((window, index): AnsweredWindow => {
    const output = outputs[index]!;
    return {
      window,
      output,
      probabilities: calibration.map((own, mode) => computeProbability(output.logits[mode]!, own)),
      faultLogits: Array.from(liftCoinciding(meanOf(output, bare[index]!), coinciding)),
    };
  });
}

/** Band by band, then joined: that is not the mean of the joined ones. */
function meanOf(output: StudentOutput, bare: StudentOutput): number[] {
  if (output.bands === undefined || bare.bands === undefined) return halve(output, bare);
  const upper = halve(output.bands.upper, bare.bands.upper);
  return halve(output.bands.lower, bare.bands.lower).map((lower, mode) => joinLogits(lower, upper[mode]!));
}

function halve(output: BandOutput, bare: BandOutput): number[] {
  return Array.from(output.logits, (logit, mode) => (logit + bare.logits[mode]!) / 2);
}

/**
 * A copier of features with side bands at the training's mean, for the question whether there is any fault; null where the
 * bundle has none. Where side bands stand is a matter of the machine more than lines are: on invented rigs healthy machines
 * are told from faulty ones better with both looks than with the student's first alone (src/adr/0022). Not for kinds of
 * faults.
 */
function createSideBandRemover({ features, scaler }: Manifest): ((row: Float32Array) => Float32Array) | null {
  const columns = features.list.flatMap(({ operator }, index) =>
    operator === "side-band-log-snr" ? [index] : [],
  );
  if (columns.length === 0) return null;
  return (row) => {
    const copy = row.slice();
    for (const column of columns) copy[column] = scaler.mean[column]!;
    return copy;
  };
}
