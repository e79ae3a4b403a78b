import { describe, expect, it } from "vitest";
import type { FeatureWindow, Quarantine, SampleBlock } from "../../../src/core/contract/stream.ts";
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
    expect(windows[0]!.features.every((value) => value > 0)).toBe(true);
  });

  it("sets aside a window that says nothing about a feature, by its device and channel", () => {
    const bundle = createFakeBundle();
    const { accept, windows, quarantines } = create(bundle);
    accept(blockAt(0, { counts: new Int16Array(100) }));
    expect(windows).toEqual([]);
    expect(quarantines).toMatchObject([
      { reason: "not-finite", deviceId: "mcu", channel: "de", samples: 100, windows: 1 },
    ]);
    expect(quarantines[0]!.detail).toContain("kurtosis");
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
