import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WindowSpec } from "../../../src/core/contract/bundle/manifest.ts";
import type { RecordedBlock } from "../../../src/core/contract/stream.ts";
import { createRevolutionWindower } from "../../../src/core/window/revolution-windower.ts";
import { countWindowSlots } from "../../../src/core/window/window-sink.ts";
import { createRecorder, makeBlock, spec, startMs } from "./windower-recorder.ts";

describe("the revolution windower", () => {
  it("puts every sample in one window when the hop is the length", () => {
    const recorder = createRecorder();
    const windower = createRevolutionWindower(spec, recorder);
    windower.accept(makeBlock(0, 1000));
    // 600 rpm at 1 kHz: 100 samples a revolution.
    expect(recorder.windows.map((window) => window.samples)).toEqual([300, 300, 300]);
    expect(recorder.windows.flatMap((window) => window.content)).toEqual(
      Array.from({ length: 900 }, (_, i) => i),
    );
    expect(recorder.windows[1]).toMatchObject({ fromMs: startMs + 300, toMs: startMs + 600 });
    expect(recorder.windows[1]!.shaftRpm).toBeCloseTo(600, 9);
  });

  it("ends a window with the very block that completes it", () => {
    const recorder = createRecorder();
    const windower = createRevolutionWindower(spec, recorder);
    windower.accept(makeBlock(0, 300));
    expect(recorder.windows).toHaveLength(1);
  });

  it("gives the same windows however the samples come in blocks, also with overlap and changing speed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }),
        fc.constantFrom(3, 1.5, 1, 0.7),
        (sizes, hop) => {
          const speeds = (sample: number): number => (sample < 700 ? 600 : sample < 1100 ? 637.3 : 610);
          const run = (cuts: readonly number[]): ReturnType<typeof createRecorder> => {
            const recorder = createRecorder();
            const windower = createRevolutionWindower({ ...spec, hop }, recorder);
            let from = 0;
            for (const to of cuts) {
              windower.accept(makeBlock(from, to, { shaftRpm: speeds(from) }));
              from = to;
            }
            return recorder;
          };
          const ends = new Set([700, 1100, 2000]);
          let sum = 0;
          for (const size of sizes) {
            sum += size;
            if (sum < 2000) ends.add(sum);
          }
          const whole = run([700, 1100, 2000]);
          expect(run([...ends].sort((a, b) => a - b)).windows).toEqual(whole.windows);
          expect(whole.abandoned).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("starts overlapping windows one hop apart in slots of their own", () => {
    const recorder = createRecorder();
    const overlapping: WindowSpec = { unit: "revolutions", length: 3, hop: 1 };
    expect(countWindowSlots(overlapping)).toBe(3);
    expect(countWindowSlots({ ...overlapping, hop: 0.3 })).toBe(10);
    createRevolutionWindower(overlapping, recorder).accept(makeBlock(0, 600));
    expect(recorder.windows.map((window) => window.content[0])).toEqual([0, 100, 200, 300]);
  });

  it("follows a speed that changes between blocks", () => {
    const recorder = createRecorder();
    const windower = createRevolutionWindower(spec, recorder);
    windower.accept(makeBlock(0, 200));
    windower.accept(makeBlock(200, 500, { shaftRpm: 650 }));
    // Two revolutions at 100 samples, the third at 60·1000/650 ≈ 92.3.
    expect(recorder.windows[0]!.samples).toBe(293);
    expect(recorder.windows[0]!.shaftRpm).toBeCloseTo((3 * 60 * 1000) / 293, -1);
  });

  it("abandons a window over a gap, a repeated block, another rate or a jump in speed, and starts afresh", () => {
    const cases: [Partial<RecordedBlock>, string][] = [
      [{ firstSample: 260 }, "gap"],
      [{ firstSample: 0 }, "gap"],
      [{ sampleRateHz: 2000 }, "rate"],
      [{ shaftRpm: 901 }, "shaft-speed-changed"],
      [{ shaftRpm: 299 }, "shaft-speed-changed"],
    ];
    for (const [change, reason] of cases) {
      const recorder = createRecorder();
      const windower = createRevolutionWindower(spec, recorder);
      windower.accept(makeBlock(0, 250));
      windower.accept(makeBlock(250, 1250, change));
      expect(recorder.abandoned.map((quarantine) => quarantine.reason)).toEqual([reason]);
      expect(recorder.abandoned[0]!.samples).toBe(250);
      expect(recorder.windows[0]!.content[0]).toBe(250);
    }
  });

  it("refuses blocks without a shaft speed, and says how many samples", () => {
    for (const shaftRpm of [Number.NaN, 0, -600, Number.POSITIVE_INFINITY, 1e12]) {
      const recorder = createRecorder();
      const windower = createRevolutionWindower(spec, recorder);
      windower.accept(makeBlock(0, 100));
      windower.accept(makeBlock(100, 700, { shaftRpm }));
      expect(recorder.abandoned.map((quarantine) => quarantine.reason)).toEqual(["no-shaft-speed"]);
      expect(recorder.refused.map((quarantine) => quarantine.samples)).toEqual([600]);
      expect(recorder.windows).toEqual([]);
    }
  });

  it("takes times from the sample clock and sets it anew when the device's clock jumps", () => {
    const recorder = createRecorder();
    const windower = createRevolutionWindower(spec, recorder);
    windower.accept(makeBlock(0, 300));
    windower.accept(makeBlock(300, 600, { timestampMs: startMs + 317 }));
    windower.accept(makeBlock(600, 900, { timestampMs: startMs + 3_600_600 }));
    expect(recorder.windows.map((window) => window.fromMs - startMs)).toEqual([0, 300, 3_600_600]);
  });

  it("abandons what is open when told to", () => {
    const recorder = createRecorder();
    const windower = createRevolutionWindower(spec, recorder);
    windower.accept(makeBlock(0, 250));
    windower.reset("gap", "the device is gone");
    windower.reset("gap", "the device is gone");
    expect(recorder.abandoned).toHaveLength(1);
  });

  it("is refused for a hop above its length or another unit", () => {
    for (const wrong of [
      { ...spec, hop: 4 },
      { ...spec, hop: 0 },
      { ...spec, unit: "seconds" as const },
    ]) {
      expect(() => createRevolutionWindower(wrong, createRecorder())).toThrow(/revolution/);
    }
  });
});

describe("the limits of the revolution windower", () => {
  it("counts only the lost window's own samples", () => {
    const recorder = createRecorder();
    const windower = createRevolutionWindower(spec, recorder);
    windower.accept(makeBlock(0, 350));
    windower.reset("gap", "the stream ended");
    expect(recorder.abandoned).toMatchObject([{ samples: 50, timestampMs: startMs + 300 }]);
  });

  it("takes a rate that falls for another stream, as one that rises", () => {
    const recorder = createRecorder();
    const windower = createRevolutionWindower(spec, recorder);
    windower.accept(makeBlock(0, 100));
    windower.accept(makeBlock(100, 200, { sampleRateHz: 999 }));
    expect(recorder.abandoned.map(({ reason }) => reason)).toEqual(["rate"]);
  });

  it("bears a clock that is up to a second off, and follows one that is further off, in either direction", () => {
    for (const [offMs, expectedMs] of [
      [1000, 300],
      [-1000, 300],
      [1001, 1301],
      [-1001, -701],
    ] as const) {
      const recorder = createRecorder();
      const windower = createRevolutionWindower(spec, recorder);
      windower.accept(makeBlock(0, 300));
      windower.accept(makeBlock(300, 600, { timestampMs: startMs + 300 + offMs }));
      expect(recorder.windows[1]!.fromMs - startMs).toBeCloseTo(expectedMs, 6);
    }
  });

  it("refuses a speed of fewer than ten samples a revolution, and takes one of ten", () => {
    const recorder = createRecorder();
    const windower = createRevolutionWindower(spec, recorder);
    windower.accept(makeBlock(0, 100, { shaftRpm: 6001 }));
    expect(recorder.refused).toHaveLength(1);
    windower.accept(makeBlock(100, 200, { shaftRpm: 6000 }));
    expect(recorder.windows).toHaveLength(3);
  });

  it("opens up to 64 windows at a time and refuses a specification that wants more", () => {
    expect(() => createRevolutionWindower({ ...spec, length: 64, hop: 1 }, createRecorder())).not.toThrow();
    expect(() => createRevolutionWindower({ ...spec, length: 65, hop: 1 }, createRecorder())).toThrow(
      "65 windows",
    );
  });
});
