/** What the check program is given on a core, and whether what it wrote is right: integers by their definition, golden windows by their bundles. */
import type { GoldenWindowCase } from "../../src/core/bundle/golden.ts";
import { decodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { CheckCommands, CheckResults, type CheckWindow } from "./check-commands.ts";
import { type CpuCase, countViolations } from "./cpu-cases.ts";
import { type createRequantiseCases, requantiseAsDefined } from "./requantise-cases.ts";
import type { ShippedModel } from "./shipped-models.ts";

/** What is to be tried. */
export interface CoreCasesOptions {
  readonly cases: readonly CpuCase[];
  readonly corners: ReturnType<typeof createRequantiseCases>;
  /** Whose golden windows are run from counts to logits; none on a core without features. */
  readonly models: readonly ShippedModel[];
  /** Golden windows of each of them at most. */
  readonly maxWindows?: number;
  /** Larger models are left out. */
  readonly maxModelBytes: number;
}

/** Input of the check program, and the judge of its output. */
export interface CoreCases {
  readonly input: Uint8Array;
  /** @throws Error when the output is too short. */
  count(output: Uint8Array): { readonly cases: number; readonly violations: number };
}

/** Writes the input. */
export function createCoreCases(options: CoreCasesOptions): CoreCases {
  const { cases, corners, models, maxWindows = Number.POSITIVE_INFINITY, maxModelBytes } = options;
  const commands = new CheckCommands().requantise(corners);
  const fitting = cases.flatMap((one) =>
    one.mcuModel !== null && one.mcuModel.length <= maxModelBytes ? [{ ...one, mcuModel: one.mcuModel }] : [],
  );
  for (const one of fitting) commands.model(one.mcuModel).rows(one.quantised, one.rows);
  const withWindows = models.filter(hasWindows);
  const windowsOf = ({ golden }: ShippedModel): readonly GoldenWindowCase[] =>
    golden.cases.filter((one) => one.kind === "window").slice(0, maxWindows);
  for (const model of withWindows) {
    commands.model(model.mcuModel!);
    for (const { window } of windowsOf(model)) {
      commands.window({ ...window, pieces: [{ counts: window.counts, shaftRpm: window.shaftRpm }] });
    }
    for (const { window } of windowsOf(model)) commands.stream(twice(window));
  }
  return {
    input: commands.finish(),
    count: (output) => {
      const results = new CheckResults(output);
      const rounded = results.bytes(corners.length);
      let violations = corners.filter((one, index) => rounded[index] !== requantiseAsDefined(one)).length;
      let count = corners.length;
      for (const one of fitting) {
        // A model that does not open is as many violations as it has rows.
        const fault = results.word();
        const actual = results.bytes(one.rows * one.outputs);
        violations += fault === 0 ? countViolations(actual, one.expected, one.outputs) : one.rows;
        count += one.rows;
      }
      for (const model of withWindows) {
        if (results.word() !== 0) violations++;
        for (const { logits } of windowsOf(model)) {
          const actual = results.window(model.golden.features, model.golden.outputs);
          if (!actual.scored || countViolations(actual.logits, logits, logits.length) > 0) violations++;
          count++;
        }
        for (const _ of windowsOf(model)) {
          // Where the device itself begins and ends its windows is not where the golden one does: that it scores one is judged.
          if (results.stream(model.golden.features, model.golden.outputs).scores === 0) violations++;
          count++;
        }
      }
      return { cases: count, violations };
    },
  };
}

/** One behind the other, the second a little faster: so a window of the device ends within, and one is of two speeds. */
function twice(window: GoldenWindowCase["window"]): CheckWindow {
  const { counts, shaftRpm } = window;
  return {
    ...window,
    pieces: [
      { counts, shaftRpm },
      { counts, shaftRpm: Math.fround(1.01 * shaftRpm) },
    ],
  };
}

function hasWindows(model: ShippedModel): boolean {
  return model.mcuModel !== null && decodeMcuModel(model.mcuModel).features !== null;
}
