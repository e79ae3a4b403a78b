import { describe, expect, it } from "vitest";
import {
  bearingFeatureSpec,
  shippedFeatureSpec,
  shippedWindow,
} from "../../../scripts/bearing-feature-spec.ts";
import type { Manifest } from "../../../src/core/contract/bundle/manifest.ts";
import type { FeatureWindow, Quarantine, SampleBlock } from "../../../src/core/contract/stream.ts";
import { bearingLevelSpec } from "../../../src/core/features/bearing-level-spec.ts";
import { createWaveformExtractor } from "../../../src/core/features/waveform-extractor.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createWindowCutter } from "../../../src/core/serving/window-cutter.ts";
import { createFakeBundle, point } from "../../gateway/fakes.ts";
import {
  inventSnapshots,
  type SnapshotPlan,
  snapshotBearing,
  snapshotRpm,
  snapshotsFromMs,
} from "./snapshots.ts";

const window = { unit: "revolutions", length: 30, hop: 30 } as const;
const shapes: Partial<Manifest> = { window, features: bearingFeatureSpec };
const names = bearingFeatureSpec.list.map(({ name }) => name);
const readFeature = ({ features }: Pick<FeatureWindow, "features">, name: string): number =>
  features[names.indexOf(name)]!;

function create(changes: Partial<Manifest> = shapes, polePairs?: number) {
  const bundle = createFakeBundle("1.0.0", changes);
  const quarantines: (Quarantine & { windows: 0 | 1 })[] = [];
  const cutter = createWindowCutter({
    point,
    bearing: snapshotBearing,
    polePairs,
    bundle,
    onQuarantine: (quarantine, windows) => quarantines.push({ ...quarantine, windows }),
  });
  /** The windows of each block; a pause at the end. */
  const hear = (blocks: readonly SampleBlock[]): FeatureWindow[][] => {
    const heard = blocks.map((block) => cutter.accept(block).map((cut) => cut.window));
    return [...heard, cutter.pause("no data").map((cut) => cut.window)];
  };
  return { bundle, cutter, hear, quarantines };
}

/** What a recording as a window of its own says. */
function readAlone({ counts, sampleRateHz, scale, shaftRpm }: SampleBlock, spec = bearingFeatureSpec) {
  const extractor = createWaveformExtractor(spec);
  extractor.begin({ sampleRateHz, bearing: snapshotBearing, shaftRpm });
  extractor.push({ counts, from: 0, to: counts.length, scale, shaftRpm });
  const out = new Float32Array(spec.list.length);
  extractor.finish(out, 0);
  return out;
}

describe("snapshots shorter than a window", () => {
  it("become a window each from 8 revolutions in all, when the next one or a silence ends them", () => {
    const { bundle, hear, quarantines } = create();
    const heard = hear(inventSnapshots({ snapshots: 5, revolutions: 3 }));
    expect(heard.map(({ length }) => length)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(heard.flat().map(({ fromMs, toMs, shaftRpm }) => [fromMs, toMs, Math.round(shaftRpm)])).toEqual(
      [2, 3, 4].map((index) => {
        const fromMs = snapshotsFromMs + index * 10_000;
        return [fromMs, fromMs + 100, snapshotRpm];
      }),
    );
    expect(quarantines).toEqual([]);
    expect(bundle.holders).toBe(0);
  });

  it("are told apart from what is heard by itself: a whole window, and a snapshot of 30 revolutions and more", () => {
    const { hear } = create({ ...shapes, window: shippedWindow, features: shippedFeatureSpec });
    const hearOne = (revolutions: number): (true | undefined)[] =>
      hear(inventSnapshots({ snapshots: 3, revolutions }))
        .flat()
        .map(({ isPooled }) => isPooled as true | undefined);
    expect(hearOne(10)).toEqual([true, true, true]);
    expect(hearOne(33)).toEqual([undefined, undefined, undefined]);
    expect(hearOne(61)).toEqual([undefined, undefined, undefined]);
  });

  it("show the fault of a bearing that one alone hardly shows", () => {
    const seeds = [1, 2, 3, 4, 5, 6];
    const read = (fault: number, snapshots: number): number[] =>
      seeds.map((seed) => {
        const extractor = createWaveformExtractor(bearingFeatureSpec);
        const features = new Float32Array(names.length);
        for (const block of inventSnapshots({ snapshots, revolutions: 3, fault, seed })) {
          extractor.begin({ ...block, bearing: snapshotBearing });
          extractor.push({ ...block, from: 0, to: block.counts.length });
          extractor.finishPooled(window.length, features);
        }
        return readFeature({ features }, "bpfo.h1");
      });
    expect(Math.min(...read(3, 12))).toBeGreaterThan(Math.max(...read(0, 12)) + 0.2);
    expect(Math.min(...read(3, 1))).toBeLessThan(Math.max(...read(0, 1)));
  });

  it("show a fault of which no more than two of the last sixteen tell, as of a machine that seldom runs", () => {
    const { hear } = create();
    const faulty = inventSnapshots({ snapshots: 32, revolutions: 20, fault: 4 });
    const standing = inventSnapshots({ snapshots: 32, revolutions: 20, seed: 7 });
    const heard = hear(faulty.map((block, index) => (index % 8 === 0 ? block : standing[index]!))).flat();
    const readLine = (windows: readonly FeatureWindow[]): number[] =>
      windows.map((each) => readFeature(each, "bpfo.h1"));
    const healthy = readLine(create().hear(standing).flat());
    expect(Math.min(...readLine(heard).slice(17))).toBeGreaterThan(Math.max(...healthy.slice(17)));
  });

  it("count alike, however loud one of them is", () => {
    const plan = { snapshots: 12, revolutions: 3, fault: 2 };
    const quiet = create().hear(inventSnapshots(plan)).flat().at(-1)!;
    const noiseOf = (index: number): number => (index === 6 ? 3000 : 300);
    const disturbed = create()
      .hear(inventSnapshots({ ...plan, noiseOf }))
      .flat()
      .at(-1)!;
    for (const [place, value] of quiet.features.entries())
      expect(disturbed.features[place]).toBeCloseTo(value, 2);
  });

  it("say nothing in later ones of what stood in one of them alone", () => {
    const plan = { snapshots: 24, revolutions: 10 };
    const healthy = inventSnapshots(plan);
    const faulty = inventSnapshots({ ...plan, fault: 20 });
    const read = (faultyAt: readonly number[]): number[] => {
      const blocks = healthy.map((block, index) => (faultyAt.includes(index) ? faulty[index]! : block));
      return create()
        .hear(blocks)
        .flat()
        .map((each) => readFeature(each, "bpfo.h1"));
    };
    const quiet = read([]);
    expect(quiet).toHaveLength(24);
    const highest = Math.max(...quiet) + 0.2;
    expect(Math.max(...read([5]).slice(6))).toBeLessThan(highest);
    expect(Math.max(...read([19]).slice(20))).toBeLessThan(highest);
    // What stands in two is evidence in all that count it.
    expect(Math.min(...read([17, 19]).slice(19))).toBeGreaterThan(highest);
  });

  it("say nothing of a hum that meets a fault's place at some of their speeds, and all of a fault there", () => {
    // A hum of 100 Hz stands at the outer race's order at 1,676 rpm, and at every third snapshot it does.
    const rpmOf = (index: number): number => [1676, 1560, 1790][index % 3]! + index;
    const plan = { snapshots: 24, revolutions: 20, rpmOf };
    const readAll = (blocks: readonly SampleBlock[]): number[] =>
      create()
        .hear(blocks)
        .flat()
        .map((each) => readFeature(each, "bpfo.h1"))
        .slice(3);
    const read = (changes: Partial<SnapshotPlan>): number[] =>
      readAll(inventSnapshots({ ...plan, ...changes }));
    const quiet = Math.max(...read({}));
    expect(Math.max(...read({ humHz: 100 }))).toBeLessThan(quiet + 0.2);
    expect(Math.min(...read({ humHz: 100, fault: 4 }))).toBeGreaterThan(quiet + 0.5);
    // Where the shaft stays at that speed what was heard at others counts for as many snapshots more as are compared.
    const staying = read({
      humHz: 100,
      snapshots: 56,
      rpmOf: (index) => (index < 20 ? 1560 + 10 * index : 1676),
    });
    expect(Math.max(...staying.slice(16, 39))).toBeLessThan(quiet + 0.8);
    // One snapshot at another speed is not all that is heard afterwards: neither of a fault, nor of a knock in it.
    const away = { ...plan, snapshots: 60, rpmOf: (index: number) => (index === 20 ? 1560 : 1676) };
    const healthy = inventSnapshots(away);
    const faulty = inventSnapshots({ ...away, fault: 4 }).with(20, healthy[20]!);
    expect(Math.min(...readAll(faulty))).toBeGreaterThan(quiet + 0.5);
    const knocked = healthy.with(20, inventSnapshots({ ...away, fault: 20 })[20]!);
    expect(Math.max(...readAll(knocked).slice(20))).toBeLessThan(quiet + 0.5);
    // At one speed nothing tells a hum from a fault.
    expect(Math.min(...staying.slice(-4))).toBeGreaterThan(quiet + 1.5);
    expect(Math.min(...read({ humHz: 100, rpmOf: () => 1676 }))).toBeGreaterThan(quiet + 0.5);
  });

  it("keep the levels of their own samples", () => {
    const withLevels = createFakeBundle().manifest;
    const { hear } = create({ ...shapes, baseline: { ...withLevels.baseline!, levels: bearingLevelSpec } });
    const blocks = inventSnapshots({ snapshots: 6, revolutions: 3, noiseOf: (index) => 100 * (index + 1) });
    const windows = hear(blocks).flat();
    expect(windows).toHaveLength(4);
    for (const [index, each] of windows.entries()) {
      expect(each.levels).toEqual(readAlone(blocks[index + 2]!, bearingLevelSpec));
    }
  });

  it("are pooled in the upper band of a fast sensor, too", () => {
    const windows = create()
      .hear(inventSnapshots({ snapshots: 12, revolutions: 3, sampleRateHz: 25_600 }))
      .flat();
    expect(windows).toHaveLength(10);
    for (const { features, upperFeatures } of windows) {
      expect(upperFeatures).toHaveLength(features.length);
      expect(upperFeatures).not.toEqual(features);
    }
  });

  it("start anew with another sampling rate and after a whole window", () => {
    const { hear, quarantines } = create();
    const slow = inventSnapshots({ snapshots: 6, revolutions: 3 });
    const fast = inventSnapshots({ snapshots: 6, revolutions: 3, sampleRateHz: 16_000 });
    expect(hear([...slow.slice(0, 3), ...fast.slice(3)]).map(({ length }) => length)).toEqual([
      0, 0, 0, 0, 0, 0, 1,
    ]);
    expect(quarantines).toMatchObject([{ reason: "rate", windows: 1, samples: 1200 }]);

    const whole = inventSnapshots({ snapshots: 10, revolutions: 30 });
    const short = inventSnapshots({ snapshots: 10, revolutions: 3, seed: 4 });
    const mixed = create();
    const heard = mixed.hear([...short.slice(0, 4), whole[4]!, ...short.slice(5)]);
    expect(heard.map(({ length }) => length)).toEqual([0, 0, 0, 1, 2, 0, 0, 0, 1, 1, 1]);
    expect(mixed.quarantines).toEqual([]);
    const after = heard.at(-1)![0]!;
    const pooled = create().hear(short.slice(5)).flat().at(-1)!;
    expect(after.features).toEqual(pooled.features);
  });

  it("start anew with the first that begins after the machine was changed, in both bands", () => {
    const plan = { snapshots: 10, revolutions: 10, sampleRateHz: 25_600 };
    const healthy = inventSnapshots(plan);
    const faulty = inventSnapshots({ ...plan, fault: 20 });
    const { cutter } = create();
    const windows = healthy.flatMap((block, index) => {
      if (index === 6) {
        cutter.pause("no data");
        cutter.renew();
      }
      return cutter.accept(index < 6 ? faulty[index]! : block).map((cut) => cut.window);
    });
    const alone = create().hear(healthy.slice(6)).flat();
    expect(windows.at(-1)!.features).toEqual(alone[2]!.features);
    expect(windows.at(-1)!.upperFeatures).toEqual(alone[2]!.upperFeatures);
  });

  it("are windows of their own from 30 revolutions on, and the pool begins anew after one", () => {
    const { hear } = create({ window: shippedWindow, features: shippedFeatureSpec });
    const long = inventSnapshots({ snapshots: 5, revolutions: 31, fault: 1 });
    const heard = hear(long).flat();
    // As wide as a line of 31 revolutions, of a window's 60: of the 64 that the spectrum can hold it would be .05.
    const [chain] = shippedFeatureSpec.chains;
    const shaftGuardOrders = 0.04;
    const spec = {
      ...shippedFeatureSpec,
      chains: [{ ...chain!, params: { ...chain!.params, shaftGuardOrders } }],
    };
    expect(heard.map(({ features }) => features)).toEqual(long.map((block) => readAlone(block, spec)));

    const short = inventSnapshots({ snapshots: 8, revolutions: 3 });
    const mixed = create({ window: shippedWindow, features: shippedFeatureSpec });
    const last = mixed.hear([...short.slice(0, 4), long[4]!, ...short.slice(5)]).at(-1)![0]!;
    const pooled = create({ window: shippedWindow, features: shippedFeatureSpec })
      .hear(short.slice(5))
      .flat()
      .at(-1)!;
    expect(last.features).toEqual(pooled.features);
  });

  it("say nothing of a dead sensor, and leave the pool as it was", () => {
    const { hear, quarantines } = create();
    const blocks = inventSnapshots({ snapshots: 6, revolutions: 3 });
    const dead = { ...blocks[3]!, counts: new Int16Array(blocks[3]!.counts.length) };
    const heard = hear([...blocks.slice(0, 3), dead, ...blocks.slice(4)]).flat();
    expect(heard).toHaveLength(3);
    expect(quarantines).toMatchObject([{ reason: "not-finite", windows: 1 }]);
    const without = create()
      .hear([...blocks.slice(0, 3), ...blocks.slice(4)])
      .flat();
    expect(heard.at(-1)!.features).toEqual(without.at(-1)!.features);
  });

  /** The block without `samples` from `at` on, as two. */
  function breakBlock(block: SampleBlock, at: number, samples: number): SampleBlock[] {
    const { firstSample, timestampMs, sampleRateHz, counts } = block;
    const next = at + samples;
    return [
      { ...block, counts: counts.subarray(0, at) },
      {
        ...block,
        firstSample: firstSample + next,
        timestampMs: timestampMs + (next * 1000) / sampleRateHz,
        counts: counts.subarray(next),
      },
    ];
  }

  it("are heard in pieces where samples were lost out of them, in both bands and with their levels", () => {
    const { baseline } = createFakeBundle().manifest;
    const changes = { ...shapes, baseline: { ...baseline!, levels: bearingLevelSpec } };
    const blocks = inventSnapshots({ snapshots: 12, revolutions: 20, fault: 2, sampleRateHz: 25_600 });
    const whole = create(changes).hear(blocks).flat();
    const { bundle, hear, quarantines } = create(changes);
    // By turns at the beginning, in the middle and at the end.
    const broken = hear(
      blocks.flatMap((block, index) => breakBlock(block, 2000 + 6000 * (index % 3), 496)),
    ).flat();
    expect(quarantines).toEqual([]);
    expect(bundle.holders).toBe(0);
    expect(broken.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual(
      whole.map(({ fromMs, toMs }) => [fromMs, toMs]),
    );
    const place = names.indexOf("bpfo.h1");
    for (const [index, { features, upperFeatures, levels }] of broken.entries()) {
      // Of the first two the weaker one counts at each order, which chance decides.
      if (index > 1) expect(Math.abs(features[place]! - whole[index]!.features[place]!)).toBeLessThan(0.4);
      expect(upperFeatures!.every(Number.isFinite)).toBe(true);
      for (const [at, level] of levels!.entries())
        expect(Math.abs(level - whole[index]!.levels![at]!)).toBeLessThan(0.5);
    }
  });

  it("out of which samples were lost leave nothing behind in those after them", () => {
    const blocks = inventSnapshots({ snapshots: 6, revolutions: 25 });
    // A piece, and then a whole window after it: the piece is lost, and the window as if it had never been.
    const [long] = inventSnapshots({ snapshots: 1, revolutions: 45, seed: 3 });
    const [piece, rest] = breakBlock(long!, 4000, 496) as [SampleBlock, SampleBlock];
    const hour = { timestampMs: 3_600_000, firstSample: 43_200_000 };
    const after = blocks.map((block) => ({
      ...block,
      timestampMs: block.timestampMs + hour.timestampMs,
      firstSample: block.firstSample + hour.firstSample,
    }));
    const mixed = create();
    const [, heard, ...others] = mixed.hear([piece, rest, ...after]);
    expect(mixed.quarantines).toMatchObject([
      { reason: "gap", windows: 1, samples: 4000 },
      { reason: "gap", windows: 1 },
    ]);
    expect(heard!.map(({ features }) => features)).toEqual(
      create()
        .hear([rest])
        .flat()
        .map(({ features }) => features),
    );
    expect(others.flat().map(({ features }) => features)).toEqual(
      create()
        .hear(after)
        .flat()
        .map(({ features }) => features),
    );
  });

  it("are abandoned where no chain of the bundle can pool them", () => {
    const { hear, quarantines } = create({ window });
    expect(hear(inventSnapshots({ snapshots: 5, revolutions: 3 })).flat()).toEqual([]);
    expect(quarantines).toHaveLength(5);
  });
});

describe("electrical hum", () => {
  const sampleRateHz = 25_600;
  /** Windows of noise that swells a hundred times a second. */
  const hum = (shaftRpm: number, hertz = 100, polePairs?: number): FeatureWindow[] => {
    const random = createRandom(7);
    const samples = Math.round((10.1 * 30 * 60 * sampleRateHz) / shaftRpm);
    const counts = Int16Array.from({ length: samples }, (_, at) =>
      Math.round(500 * random.normal() * (1 + 0.8 * Math.cos((2 * Math.PI * hertz * at) / sampleRateHz))),
    );
    const [block] = inventSnapshots({ snapshots: 1, revolutions: 1 });
    return create(shapes, polePairs)
      .hear([{ ...block!, sampleRateHz, shaftRpm, counts }])
      .flat();
  };
  const onHum = (
    windows: readonly FeatureWindow[],
    band: "foreignLines" | "upperForeignLines",
    name: string,
  ): number => windows.filter((window) => window[band]?.hum.includes(names.indexOf(name))).length;

  it("is told of the lines that stand on it, in both bands, and of none where the shaft turns otherwise", () => {
    // bpfo is 3.58: 100.0 Hz at 1,676 rpm, and at 1,600 rpm it is searched from 93.6 to 97.4 Hz.
    const windows = hum(1676);
    expect(windows).toHaveLength(10);
    expect(onHum(windows, "foreignLines", "bpfo.h1")).toBe(10);
    expect(onHum(windows, "upperForeignLines", "bpfo.h1")).toBe(10);
    // At chance: 2× is searched about 200 Hz, where such noise has no line.
    expect(onHum(windows, "foreignLines", "bpfo.h2")).toBeLessThan(7);
    const slower = hum(1600);
    expect(slower).toHaveLength(10);
    expect(onHum(slower, "foreignLines", "bpfo.h1")).toBe(0);
    expect(onHum(slower, "upperForeignLines", "bpfo.h1")).toBe(0);
  });

  it("of an inverter is told where the pole pairs of its motor are known", () => {
    // Twice its frequency is 14.13 turns, which is three times bsf, where a rotor of seven pole pairs slips by 0.9 %.
    const fed = (polePairs?: number): number =>
      onHum(hum(1500, (14.13 * 1500) / 60, polePairs), "foreignLines", "bsf.h3");
    expect([fed(), fed(6), fed(7)]).toEqual([0, 0, 10]);
  });
});
