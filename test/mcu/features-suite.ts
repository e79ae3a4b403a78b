/** The features in C: on this machine beside those of the gateway, on other targets beside those of this machine. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeFeatures, type FeaturesChange, listCombs } from "../../scripts/mcu/change-features.ts";
import {
  CheckCommands,
  CheckResults,
  type CheckWindow,
  type WindowResult,
} from "../../scripts/mcu/check-commands.ts";
import { buildCheckProgram, type CheckProgram, type CheckTarget } from "../../scripts/mcu/check-program.ts";
import { readShippedModels, type ShippedModel } from "../../scripts/mcu/shipped-models.ts";
import type { GoldenWindow } from "../../src/core/bundle/golden-window.ts";
import { readMcuSection } from "../../src/core/features/mcu-section.ts";
import { createWaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { decodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { findOrMake } from "../../src/core/maths/find-or-make.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { expectAlike, extract } from "./gateway-windows.ts";
import { reasonToSkip } from "./skip-reason.ts";

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

  function buildCheck(target: CheckTarget): CheckProgram {
    return findOrMake(programs, target, () => buildCheckProgram(target));
  }

  function runOn(
    target: CheckTarget,
    { list = windows, file = model.mcuModel! }: Partial<Run> = {},
  ): WindowResult[] {
    const commands = new CheckCommands().model(file);
    for (const window of list) commands.window(window);
    const results = new CheckResults(buildCheck(target).run(commands.finish()));
    expect(results.word()).toBe(0);
    const { list: features } = model.manifest.features;
    return list.map(() => results.window(features.length, model.manifest.outputs.length));
  }

  const changes: readonly (readonly [string, (model: ShippedModel) => FeaturesChange])[] = [
    ["what ships", () => ({})],
    ["magnitudes without a limit", () => ({ params: { envelope: "magnitude", envelopeLimit: undefined } })],
    ["energies held to twice their mean", () => ({ params: twiceTheMean })],
    ["combs", ({ manifest }) => ({ list: listCombs(manifest.features.list) })],
  ];

  describe.skipIf(reasonToSkip("host") !== null)("the features in C", () => {
    test.each(changes)(
      "of %s are those of the gateway, and lead to the same integers, however a window was cut and its speed moved",
      (_, change) => {
        const changed = changeFeatures(model, change(model));
        const results = runOn("host", { file: changed.mcuModel! });
        for (const [index, window] of windows.entries()) {
          const extractor = createWaveformExtractor(changed.manifest.features);
          expectAlike(results[index]!, extract(extractor, window), changed);
        }
      },
    );

    test("are refused with an operator, an order or a number of harmonics that there is not, as the gateway refuses them", () => {
      const list = listCombs(model.manifest.features.list);
      const plain = changeFeatures(model, { list, params: { envelopeLimit: undefined } });
      const sectionOf = (file: Uint8Array): number =>
        new DataView(file.buffer, file.byteOffset).getUint32(80, true);
      const comb =
        sectionOf(plain.mcuModel!) + decodeMcuModel(plain.mcuModel!).features!.length - 16 * list.length;
      expect(plain.mcuModel![comb]).toBe(5);
      const kind = sectionOf(plain.mcuModel!) + 2;
      const held = changeFeatures(model, { params: twiceTheMean });
      const limit = kind + 23;
      const cases: [Uint8Array, number, number, boolean][] = [
        [plain.mcuModel!, kind, 0, false],
        [plain.mcuModel!, kind, 3, false],
        [plain.mcuModel!, limit, 2, false],
        [held.mcuModel!, kind, 2, false],
        [held.mcuModel!, kind, 3, true],
        [held.mcuModel!, kind, 5, false],
        [held.mcuModel!, limit, 1, false],
        [held.mcuModel!, limit, 255, true],
        [plain.mcuModel!, comb + 3, 0, false],
        [plain.mcuModel!, comb + 3, 1, true],
        [plain.mcuModel!, comb + 3, 4, true],
        [plain.mcuModel!, comb + 3, 5, false],
        [plain.mcuModel!, comb + 1, 4, false],
        [plain.mcuModel!, comb + 2, 5, false],
        [plain.mcuModel!, comb, 3, false],
        [plain.mcuModel!, comb, 4, false],
        [plain.mcuModel!, comb, 8, true],
        [plain.mcuModel!, comb, 9, false],
      ];
      const commands = new CheckCommands();
      const files = cases.map(([file, at, value]) => seal(file, at, value));
      for (const file of files) commands.model(file);
      const results = new CheckResults(buildCheck("host").run(commands.finish()));
      for (const [index, [, at, value, isSound]] of cases.entries()) {
        const what = `case ${index}, byte ${at - kind + 2} is ${value}`;
        expect(results.word() === 0, what).toBe(isSound);
        const section = decodeMcuModel(files[index]!).features!;
        expect(readMcuSection(section) !== undefined, what).toBe(isSound);
      }
    });

    test("of a dead signal, of an impossible speed and of a window beyond the buffer are not scored", () => {
      const dead = { ...windows[0]!, pieces: [{ counts: new Int16Array(12_000).fill(7), shaftRpm: 1800 }] };
      const fast = { ...windows[0]!, pieces: [{ ...windows[0]!.pieces[0]!, shaftRpm: 1e6 }] };
      const stopped = { ...windows[0]!, pieces: [{ ...windows[0]!.pieces[0]!, shaftRpm: 0 }] };
      const long = { ...windows[0]!, pieces: Array.from({ length: 3 }, () => windows[0]!.pieces[0]!) };
      const orders = { ...windows[0]!, bearing: { ...windows[0]!.bearing, bpfi: 12 } };
      const rate = { ...windows[0]!, sampleRateHz: 96_000 };
      for (const result of runOn("host", { list: [dead, fast, stopped, long, orders, rate] }))
        expect(result.scored).toBe(false);
    });
  });

  for (const target of targets) {
    const reason = reasonToSkip(target);
    test.skipIf(reason !== null)(
      `the features on ${target} have the same bits as on the host${reason === null ? "" : ` (${reason})`}`,
      () => {
        const list = listCombs(model.manifest.features.list);
        const combs = changeFeatures(model, { list });
        for (const run of [{}, { file: combs.mcuModel! }]) {
          const expected = runOn("host", run);
          for (const [index, actual] of runOn(target, run).entries()) expect(actual).toEqual(expected[index]);
        }
      },
    );
  }
}

/** What is run. */
interface Run {
  readonly list: readonly CheckWindow[];
  readonly file: Uint8Array;
}

const twiceTheMean = { envelope: "energy", envelopeLimit: 2 };

/** The file with another byte, and the digest that goes with it. */
function seal(file: Uint8Array, at: number, value: number): Uint8Array {
  const changed = file.slice();
  changed[at] = value;
  changed.set(createHash("sha256").update(changed.subarray(0, -32)).digest(), changed.length - 32);
  return changed;
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
