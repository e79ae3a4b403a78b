import { describe, expect, it } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import type { FeatureWindow, Quarantine, SampleBlock } from "../../../src/core/contract/stream.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createWindowCutter } from "../../../src/core/serving/window-cutter.ts";
import { blockAt, createFakeBundle, type FakeBundle, point } from "../../gateway/fakes.ts";

const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
const overlapping = { window: { unit: "revolutions", length: 6, hop: 3 } } as const;

function create(bundle: FakeBundle) {
  const windows: (FeatureWindow & { version: string })[] = [];
  const quarantines: (Quarantine & { windows: 0 | 1 })[] = [];
  const cutter = createWindowCutter({
    point,
    bearing,
    bundle,
    onQuarantine: (quarantine, lost) => quarantines.push({ ...quarantine, windows: lost }),
  });
  const accept = (block: SampleBlock): void => {
    for (const { window, bundle: owner } of cutter.accept(block))
      windows.push({ ...window, version: owner.ref.version });
  };
  return { cutter, accept, windows, quarantines };
}

/** Half a window, so that one is open after it. */
const half = (index: number, change = {}) => {
  const block = blockAt(index, change);
  return { ...block, counts: block.counts.subarray(0, 50) };
};

describe("a window cutter", () => {
  it("names a window by its turbine, component and beginning, and says when its last byte came", () => {
    const { accept, windows } = create(createFakeBundle());
    accept(blockAt(0, { arrivedMonotonicMs: 17 }));
    const { timestampMs } = blockAt(0);
    expect(windows).toMatchObject([
      {
        point,
        id: `WT01/generator-bearing/${timestampMs}`,
        fromMs: timestampMs,
        toMs: timestampMs + 10,
        shaftRpm: 18_000,
        arrivedMonotonicMs: 17,
      },
    ]);
    expect(windows[0]!.features.every(Number.isFinite)).toBe(true);
  });

  it("sets aside a window that says nothing about a feature, by its device and channel", () => {
    const bundle = createFakeBundle();
    const { accept, windows, quarantines } = create(bundle);
    accept(blockAt(0, { counts: new Int16Array(100) }));
    expect(windows).toEqual([]);
    expect(quarantines).toMatchObject([
      { reason: "not-finite", deviceId: "mcu", channel: "de", samples: 100, windows: 1 },
    ]);
    expect(quarantines[0]!.detail).toContain("peak");
    expect(bundle.holders).toBe(0);
  });

  it("holds its bundle exactly while a window is open, however that ends", () => {
    const bundle = createFakeBundle();
    const { cutter, accept, quarantines } = create(bundle);
    accept(half(0));
    expect(bundle.holders).toBe(1);
    cutter.reset("the turbine stands by");
    expect(bundle.holders).toBe(0);
    expect(quarantines).toMatchObject([
      { reason: "gap", detail: "the turbine stands by", samples: 50, windows: 1 },
    ]);
    accept(half(9));
    accept({ ...half(9), firstSample: 5000 });
    expect([bundle.holders, quarantines.length]).toEqual([1, 2]);
    cutter.close();
    expect([bundle.holders, quarantines.length]).toEqual([0, 2]);
  });

  it("holds no bundle where the end of a window fails, so that whoever is told of it can close", () => {
    const bundle = createFakeBundle();
    const onQuarantine = () => {
      throw new RangeError("nobody takes it");
    };
    const cutter = createWindowCutter({ point, bearing, bundle, onQuarantine });
    expect(() => cutter.accept(blockAt(0, { counts: new Int16Array(100) }))).toThrow("nobody takes it");
    cutter.close();
    expect(bundle.holders).toBe(0);
  });

  it("says once that a block has no shaft speed, also while two specifications run side by side", () => {
    const old = createFakeBundle("1.0.0", overlapping);
    const next = createFakeBundle("2.0.0");
    const { cutter, accept, windows, quarantines } = create(old);
    accept(blockAt(0));
    cutter.use(next);
    accept(half(1));
    // The window that began under the old bundle is still open, and so is the first one of the new.
    expect([old.holders, next.holders, windows.length]).toEqual([1, 1, 0]);
    accept(blockAt(2, { shaftRpm: Number.NaN }));
    expect([old.holders, next.holders]).toEqual([0, 0]);
    expect(quarantines.map(({ reason, windows: lost }) => [reason, lost])).toEqual([
      ["no-shaft-speed", 1],
      ["no-shaft-speed", 1],
      ["no-shaft-speed", 0],
    ]);
  });

  it("lets go of what former bundles have open when it is reset", () => {
    const old = createFakeBundle("1.0.0", overlapping);
    const next = createFakeBundle("2.0.0");
    const { cutter, accept } = create(old);
    accept(blockAt(0));
    cutter.use(next);
    accept(half(1));
    cutter.close();
    expect([old.holders, next.holders]).toEqual([0, 0]);
  });

  it("changes its bundle once where the new one's shorter windows end first, and sets the rest of the old aside, in blocks of any length", () => {
    const bundles = [
      createFakeBundle("1.0.0", { window: { unit: "revolutions", length: 12, hop: 3 } }),
      createFakeBundle("2.0.0", { window: { unit: "revolutions", length: 9, hop: 3 } }),
      createFakeBundle("3.0.0"),
    ];
    const heard = [1, 25, 100, 250, 500].map((perBlock) => {
      const { cutter, accept, windows, quarantines } = create(bundles[0]!);
      for (let sample = 0; sample < 3000; sample += perBlock) {
        if (sample === 1000) cutter.use(bundles[1]!);
        if (sample === 1500) cutter.use(bundles[2]!);
        const counts = Int16Array.from({ length: perBlock }, (_, at) => ((sample + at) * 37) % 101);
        accept(
          blockAt(0, { firstSample: sample, timestampMs: blockAt(0).timestampMs + sample / 10, counts }),
        );
      }
      cutter.close();
      const versions = windows.map(({ version }) => version);
      expect(versions).toEqual(versions.toSorted());
      expect(new Set(versions).size).toBe(3);
      // One began every 10 ms until the last bundle's first: those that did not end are counted.
      const lost = quarantines.filter((quarantine) => quarantine.windows === 1);
      const firstOfLast = windows[versions.indexOf("3.0.0")]!;
      const begun = (firstOfLast.fromMs - windows[0]!.fromMs) / 10;
      expect(versions.indexOf("3.0.0") + lost.length).toBe(begun);
      expect(lost.length).toBeGreaterThan(0);
      const ends = windows.map(({ toMs }) => toMs);
      expect(ends).toEqual(ends.toSorted((a, b) => a - b));
      for (const { reason, detail } of lost)
        expect(`${reason}: ${detail}`).toBe("gap: a window of a later bundle has ended before it");
      expect(bundles.map(({ holders }) => holders)).toEqual([0, 0, 0]);
      return { windows, lostFromMs: lost.map(({ timestampMs }) => timestampMs) };
    });
    for (const each of heard) expect(each).toEqual(heard[0]);
  });

  it("keeps a window of the old bundle that ends at the same sample as the first one of the new", () => {
    const old = createFakeBundle("1.0.0", { window: { unit: "revolutions", length: 4, hop: 2 } });
    const next = createFakeBundle("2.0.0", { window: { unit: "revolutions", length: 2, hop: 2 } });
    // A revolution of 80 samples, each a twelfth of a millisecond: the sum of such times depends on where it begins.
    const slow = { sampleRateHz: 12_000, shaftRpm: 9000 };
    const { cutter, accept, windows, quarantines } = create(old);
    for (let index = 0; index < 30; index++) {
      if (index === 10) cutter.use(next);
      accept(blockAt(index, { ...slow, timestampMs: blockAt(0).timestampMs + (index * 100) / 12 }));
    }
    const [last, first] = windows.slice(windows.findIndex(({ version }) => version === "2.0.0") - 1);
    expect([last!.version, last!.toMs]).toEqual(["1.0.0", first!.toMs]);
    expect(quarantines).toEqual([]);
    cutter.close();
  });

  describe("of a fast sensor", () => {
    const spec = {
      features: bearingFeatureSpec,
      window: { unit: "revolutions", length: 10, hop: 10 },
    } as const;
    const sampleRateHz = 25_600;
    /** A tenth of a second of noise, 30 revolutions of a second's 300: one window is 853.3 samples. */
    const fast = (index: number, change: Partial<SampleBlock> = {}): SampleBlock => {
      const random = createRandom(index + 1);
      const counts = Int16Array.from({ length: 2560 }, () => Math.round(900 * random.normal()));
      const timestampMs = blockAt(0).timestampMs + index * 100;
      return blockAt(0, { sampleRateHz, timestampMs, firstSample: index * 2560, counts, ...change });
    };

    it("cuts both bands of a window, whose features do not depend on where the session began", () => {
      const [one, other] = [create(createFakeBundle("1.0.0", spec)), create(createFakeBundle("1.0.0", spec))];
      for (const index of [0, 1]) {
        one.accept(fast(index));
        other.accept(fast(index, { firstSample: 7 + index * 2560 }));
      }
      expect(one.windows).toHaveLength(6);
      for (const { features, upperFeatures } of one.windows) {
        expect(upperFeatures).toHaveLength(features.length);
        expect(upperFeatures).not.toEqual(features);
      }
      expect(other.windows).toEqual(one.windows);
    });

    it("cuts one band of a slower sensor, and of features that are no envelope's", () => {
      const { accept, windows } = create(createFakeBundle("1.0.0", spec));
      accept(fast(0, { sampleRateHz: 23_999 }));
      const plain = create(createFakeBundle("1.0.0", { window: spec.window }));
      plain.accept(fast(0));
      for (const window of [...windows, ...plain.windows]) expect(window).not.toHaveProperty("upperFeatures");
      expect([windows.length, plain.windows.length]).toEqual([3, 3]);
    });

    it("hands over to a bundle of another specification in both bands, at the very sample", () => {
      const old = createFakeBundle("1.0.0", spec);
      const other = { ...spec, window: { unit: "revolutions", length: 7, hop: 7 } } as const;
      const next = createFakeBundle("2.0.0", other);
      // A revolution of 100 samples: windows of 1,000, then of 700.
      const evenly = (index: number, change = {}) => fast(index, { shaftRpm: 15_360, ...change });
      const { cutter, accept, windows, quarantines } = create(old);
      accept(evenly(0));
      cutter.use(next);
      accept(evenly(1));
      accept(evenly(2));
      expect(windows.map(({ version }) => version)).toEqual([
        "1.0.0",
        "1.0.0",
        "1.0.0",
        ...Array(6).fill("2.0.0"),
      ]);
      // It began 440 samples into the second block; had the stream begun there, it would have cut the same.
      const alone = create(next);
      alone.accept(evenly(1, { firstSample: 3000, counts: evenly(1).counts.subarray(440) }));
      alone.accept(evenly(2));
      const heard = ({ features, upperFeatures }: FeatureWindow) => [features, upperFeatures];
      expect(alone.windows.map(heard)).toEqual(windows.slice(3).map(heard));
      expect(windows.every(({ upperFeatures }) => upperFeatures !== undefined)).toBe(true);
      expect(quarantines).toEqual([]);
      for (const each of [cutter, alone.cutter]) each.close();
      expect([old.holders, next.holders]).toEqual([0, 0]);
    });

    it("leaves the band above out where it says nothing, and keeps the window", () => {
      const { accept, windows, quarantines } = create(createFakeBundle("1.0.0", spec));
      // Ones that all fall where the carrier, which begins with the window, rounds them to nothing.
      const counts = Int16Array.from({ length: 2560 }, (_, index) =>
        Math.abs(Math.cos((2 * Math.PI * 17 * index) / 40)) < 0.49 && index % 3 === 0 ? 1 : 0,
      );
      accept(fast(0, { counts: counts.subarray(0, 854) }));
      expect(windows).toHaveLength(1);
      expect(windows[0]).not.toHaveProperty("upperFeatures");
      expect(quarantines).toEqual([]);
    });

    it("loses both bands of a window that is abandoned, told once, and neither of the next", () => {
      const bundle = createFakeBundle("1.0.0", spec);
      const { accept, windows, quarantines } = create(bundle);
      accept(fast(0, { counts: fast(0).counts.subarray(0, 2000) }));
      accept(fast(2));
      expect(quarantines).toMatchObject([{ reason: "gap", windows: 1 }]);
      const undisturbed = create(bundle);
      undisturbed.accept(fast(2));
      expect(windows.slice(2)).toEqual(undisturbed.windows);
      expect(windows[2]!.upperFeatures).toBeDefined();
      accept(fast(3, { counts: new Int16Array(2560) }));
      // A dead sensor is told of once a window, not once a band.
      expect(quarantines.slice(1).map(({ reason }) => reason)).toEqual([
        "not-finite",
        "not-finite",
        "not-finite",
      ]);
    });
  });

  it("stays with its specification when a bundle of another one is taken back before its first window", () => {
    const bundles = [
      createFakeBundle("1.0.0"),
      createFakeBundle("2.0.0", overlapping),
      createFakeBundle("1.0.1"),
    ];
    const { cutter, accept, windows, quarantines } = create(bundles[0]!);
    accept(half(0));
    cutter.use(bundles[1]!);
    cutter.use(bundles[2]!);
    accept({ ...half(0), firstSample: 50, timestampMs: blockAt(0).timestampMs + 5 });
    for (const index of [1, 2]) accept(blockAt(index));
    expect(windows.map(({ version }) => version)).toEqual(["1.0.0", "1.0.1", "1.0.1"]);
    expect(quarantines).toEqual([]);
    cutter.close();
    expect(bundles.map(({ holders }) => holders)).toEqual([0, 0, 0]);
  });
});
