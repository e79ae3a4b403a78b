/** What the student says of windows: the gateway's own answer, and what files are summed up of. */
import type { FeatureWindow } from "../../../core/contract/stream.ts";
import { calibrateLogit, computeProbability } from "../../../core/decision/calibrate.ts";
import type { LoadedBundle, StudentOutput } from "../../../core/serving/loaded-bundle.ts";
import { joinLogits } from "./upper-band.ts";
import { createSideBandRemover } from "./without-side-bands.ts";

/** A window with what the student says of it. */
export interface ScoredWindow {
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
): Promise<ScoredWindow[]> {
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
  return windows.map(({ lower, upper }, index): ScoredWindow => {
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
