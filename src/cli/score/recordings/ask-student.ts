/** What the student says of windows: the gateway's own answer, and what files are summed up of. */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import type { FeatureWindow } from "../../../core/contract/stream.ts";
import { calibrateLogit, computeProbability } from "../../../core/decision/calibrate.ts";
import type { LoadedBundle, StudentOutput } from "../../../core/serving/loaded-bundle.ts";
import { joinLogits } from "./upper-band.ts";

/** A window with what the student says of it. */
export interface AnsweredWindow {
  readonly window: FeatureWindow;
  readonly output: StudentOutput;
  /** The same of the upper band, where the recording has one. */
  readonly upper: { readonly window: FeatureWindow; readonly output: StudentOutput } | null;
  /** Calibrated, one a failure mode, as the gateway decides upon. */
  readonly probabilities: readonly number[];
  /** One a failure mode: of both bands where the recording has a second one. */
  readonly modeLogits: readonly number[];
  /** The same for the question of any fault: means of the student's logits with and without side bands. */
  readonly faultLogits: readonly number[];
}

/** A window, and the same one of the upper band, if there is one. */
export interface HeardWindow {
  readonly lower: FeatureWindow;
  readonly upper: FeatureWindow | null;
}

/** Asks about all of `windows` at once. Fails with INFERENCE. */
export async function askStudent(
  bundle: LoadedBundle,
  windows: readonly HeardWindow[],
): Promise<AnsweredWindow[]> {
  const { calibration } = bundle.manifest;
  const lowers = await look(
    bundle,
    windows.map(({ lower }) => lower),
  );
  const uppers = await look(
    bundle,
    windows.flatMap(({ upper }) => (upper === null ? [] : [upper])),
  );
  let next = 0;
  return windows.map(({ lower, upper }, index): AnsweredWindow => {
    const { output, bare } = lowers[index]!;
    const other = upper === null ? null : uppers[next++]!;
    const faultLogits = halve(output, bare);
    return {
      window: lower,
      output,
      upper: upper === null ? null : { window: upper, output: other!.output },
      probabilities: calibration.map((own, mode) =>
        computeProbability(calibrateLogit(output.logits[mode]!, own)),
      ),
      modeLogits: join(Array.from(output.logits), other === null ? null : other.output.logits),
      faultLogits: join(faultLogits, other === null ? null : halve(other.output, other.bare)),
    };
  });
}

interface Look {
  readonly output: StudentOutput;
  /** Without side bands. */
  readonly bare: StudentOutput;
}

async function look(bundle: LoadedBundle, windows: readonly FeatureWindow[]): Promise<Look[]> {
  const remove = createSideBandRemover(bundle.manifest);
  const outputs = await Promise.all(windows.map((window) => bundle.score(window)));
  const bare =
    remove === null
      ? outputs
      : await Promise.all(windows.map(({ features }) => bundle.score({ features: remove(features) })));
  return outputs.map((output, index) => ({ output, bare: bare[index]! }));
}

function halve(output: StudentOutput, bare: StudentOutput): number[] {
  return Array.from(output.logits, (logit, mode) => (logit + bare.logits[mode]!) / 2);
}

function join(lower: readonly number[], upper: ArrayLike<number> | null): readonly number[] {
  return upper === null ? lower : lower.map((logit, mode) => joinLogits(logit, upper[mode]!));
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
