/** The features in C: on this machine beside those of the gateway, on other targets beside those of this machine. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CheckCommands,
  CheckResults,
  type CheckWindow,
  type WindowResult,
} from "../../scripts/mcu/check-commands.ts";
import { buildCheckProgram, type CheckProgram, type CheckTarget } from "../../scripts/mcu/check-program.ts";
import { readShippedModels, type ShippedModel } from "../../scripts/mcu/shipped-models.ts";
import type { GoldenWindow } from "../../src/core/bundle/golden-window.ts";
import type { ChainSpec, FeatureSpec } from "../../src/core/contract/bundle/feature-spec.ts";
import { encodeMcuSection } from "../../src/core/features/mcu-section.ts";
import { createWaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { mcuNeverRaises } from "../../src/core/inference/mcu-layout.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { reasonToSkip } from "./skip-reason.ts";

/** float32 on the device against float64 on the gateway, in the features' own unit (natural logarithms). */
const tolerance = 0.005;

/** Describes them on this machine and on `targets`. */
export function describeFeatures(targets: readonly CheckTarget[]): void {
  let model: ShippedModel;
  let windows: readonly CheckWindow[];

  beforeAll(async () => {
    const models = await readShippedModels();
    model = models.find((one) => one.manifest.name === "bearing-vibration")!;
    const golden = model.golden.cases.flatMap((one) => (one.kind === "window" ? [one.window] : []));
    windows = [...golden.map((one) => cut(one, () => [one.counts.length, 1])), ...golden.map(cutAtRandom)];
  });

  const programs = new Map<CheckTarget, CheckProgram>();
  afterAll(() => {
    for (const program of programs.values()) program.close();
  });

  function runOn(
    target: CheckTarget,
    list: readonly CheckWindow[] = windows,
    file: Uint8Array = model.mcuModel!,
  ): WindowResult[] {
    const program = programs.get(target) ?? buildCheckProgram(target);
    programs.set(target, program);
    const commands = new CheckCommands().model(file);
    for (const window of list) commands.window(window);
    const results = new CheckResults(program.run(commands.finish()));
    expect(results.word()).toBe(0);
    const { list: features } = model.manifest.features;
    return list.map(() => results.window(features.length, model.manifest.outputs.length));
  }

  describe.skipIf(reasonToSkip("host") !== null)("the features in C", () => {
    test.each([
      ["magnitudes", {}],
      ["energies", { envelope: "energy", whiteningMemory: 0.9 }],
    ])(
      "of %s are those of the gateway, and lead to the same integers, however a window was cut and its speed moved",
      (_, params) => {
        const { spec, file } = changeChain(model, params);
        const extractor = createWaveformExtractor(spec);
        const kernel = createIntegerKernel(model.student);
        const results = runOn("host", windows, file);
        for (const [index, window] of windows.entries()) {
          const expected = new Float32Array(kernel.inputs);
          extractor.begin({ ...window, shaftRpm: window.pieces[0]!.shaftRpm });
          for (const { counts, shaftRpm } of window.pieces) {
            extractor.push({ counts, from: 0, to: counts.length, scale: window.scale, shaftRpm });
          }
          extractor.finish(expected, 0);
          const actual = results[index]!;
          expect(actual.scored).toBe(true);
          for (const [feature, value] of expected.entries()) {
            expect(Math.abs(actual.features[feature]! - value)).toBeLessThan(tolerance);
          }
          const logits = new Uint8Array(kernel.outputs);
          kernel.runQuantisedInto(actual.quantised, 1, logits);
          expect(actual.logits).toEqual(logits);
        }
      },
    );

    test("of a dead signal, of an impossible speed and of a window beyond the buffer are not scored", () => {
      const dead = { ...windows[0]!, pieces: [{ counts: new Int16Array(12_000).fill(7), shaftRpm: 1800 }] };
      const fast = { ...windows[0]!, pieces: [{ ...windows[0]!.pieces[0]!, shaftRpm: 1e6 }] };
      const stopped = { ...windows[0]!, pieces: [{ ...windows[0]!.pieces[0]!, shaftRpm: 0 }] };
      const long = { ...windows[0]!, pieces: Array.from({ length: 3 }, () => windows[0]!.pieces[0]!) };
      const orders = { ...windows[0]!, bearing: { ...windows[0]!.bearing, bpfi: 12 } };
      const rate = { ...windows[0]!, sampleRateHz: 96_000 };
      for (const result of runOn("host", [dead, fast, stopped, long, orders, rate]))
        expect(result.scored).toBe(false);
    });
  });

  for (const target of targets) {
    const reason = reasonToSkip(target);
    test.skipIf(reason !== null)(
      `the features on ${target} have the same bits as on the host${reason === null ? "" : ` (${reason})`}`,
      () => {
        const expected = runOn("host");
        for (const [index, actual] of runOn(target).entries()) expect(actual).toEqual(expected[index]);
      },
    );
  }
}

/** The model with other parameters of its chain, for a device too. */
function changeChain(
  { manifest, student }: ShippedModel,
  params: ChainSpec["params"],
): { readonly spec: FeatureSpec; readonly file: Uint8Array } {
  const { features, window, scaler } = manifest;
  const chains = features.chains.map((chain) => ({ ...chain, params: { ...chain.params, ...params } }));
  const spec = { ...features, chains };
  const section = encodeMcuSection({ spec, window, scaler, maxRateHz: 52_000 });
  if (!section.ok) throw new Error(section.reason);
  const raiseAt = manifest.outputs.map(() => mcuNeverRaises);
  const model = { name: "changed", version: "1.0.0", student, raiseAt, features: section.bytes };
  return { spec, file: encodeMcuModel(model) };
}

/** Pieces of which `next` gives lengths and factors of the speed. */
function cut(window: GoldenWindow, next: () => readonly [number, number]): CheckWindow {
  const pieces = [];
  for (let from = 0; from < window.counts.length; ) {
    const [length, factor] = next();
    const to = Math.min(window.counts.length, from + length);
    pieces.push({
      counts: window.counts.subarray(from, to),
      shaftRpm: Math.fround(window.shaftRpm * factor),
    });
    from = to;
  }
  return { ...window, pieces };
}

/** Pieces from one sample on, so that a block of the whitener holds more speeds than it tells apart. */
function cutAtRandom(window: GoldenWindow, index: number): CheckWindow {
  const random = createRandom(index);
  return cut(window, () => [
    1 + random.integer(random.integer(4) === 0 ? 4 : 900),
    0.97 + 0.03 * random.uniform(),
  ]);
}
