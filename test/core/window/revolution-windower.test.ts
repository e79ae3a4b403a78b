import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WindowSpec } from "../../../src/core/contract/bundle/manifest.ts";
import type { Quarantine, RecordedBlock, SampleRun } from "../../../src/core/contract/stream.ts";
import { createRevolutionWindower } from "../../../src/core/window/revolution-windower.ts";
import { countWindowSlots, type WindowEnd, type WindowSink } from "../../../src/core/window/window-sink.ts";

/** Collects what a windower says; counts carry the sample's number, so that contents can be checked. */
function createRecorder(): WindowSink & {
  windows: (WindowEnd & { content: number[] })[];
  abandoned: Quarantine[];
  refused: Quarantine[];
} {
  const open = new Map<number, number[]>();
  const recorder: ReturnType<typeof createRecorder> = {
    windows: [],
    abandoned: [],
    refused: [],
    begin: (slot: number): void => {
      expect(open.has(slot)).toBe(false);
      open.set(slot, []);
    },
    push: (slot: number, { counts, from, to }: SampleRun): void => {
      expect(to).toBeGreaterThan(from);
      open.get(slot)!.push(...counts.subarray(from, to));
    },
    end: (slot: number, window: WindowEnd): void => {
      recorder.windows.push({ ...window, content: open.get(slot)! });
      open.delete(slot);
    },
    abandon: (slot: number, quarantine: Quarantine): void => {
      expect(quarantine.samples).toBe(open.get(slot)!.length);
      open.delete(slot);
      recorder.abandoned.push(quarantine);
    },
    refuse: (quarantine: Quarantine): void => {
      recorder.refused.push(quarantine);
    },
  };
  return recorder;
}

const rateHz = 1000;
const startMs = 1_700_000_000_000;

function makeBlock(from: number, to: number, change: Partial<RecordedBlock> = {}): RecordedBlock {
  return {
    deviceId: "mcu",
    channel: "de",
    unit: "g",
    timestampMs: startMs + (from * 1000) / rateHz,
    firstSample: from,
    sampleRateHz: rateHz,
    scale: 1,
    shaftRpm: 600,
    counts: Int16Array.from({ length: to - from }, (_, index) => (from + index) % 30_000),
    ...change,
  };
}

const spec: WindowSpec = { unit: "revolutions", length: 3, hop: 3 };

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

describe("snapshots between pauses", () => {
  /** What a windower says of runs of samples, each after a gap of so many: windows, snapshots and abandoned samples. */
  function cut(runs: readonly (readonly [gap: number, samples: number])[], change: Partial<WindowSpec> = {}) {
    const recorder = createRecorder();
    const snapshots: WindowEnd[] = [];
    const end = recorder.end;
    const windower = createRevolutionWindower(
      { ...spec, ...change },
      {
        ...recorder,
        snapshot: (slot, window) => {
          snapshots.push(window);
          end(slot, window);
          recorder.windows.pop();
        },
      },
    );
    const plain = createRecorder();
    const plainWindower = createRevolutionWindower({ ...spec, ...change }, plain);
    let at = 0;
    for (const [gap, samples] of runs) {
      at += gap;
      windower.accept(makeBlock(at, at + samples));
      plainWindower.accept(makeBlock(at, at + samples));
      at += samples;
    }
    windower.pause("no data");
    plainWindower.pause("no data");
    return { ...recorder, snapshots, plain };
  }
  const samplesOf = (each: readonly { readonly samples: number }[]): number[] =>
    each.map(({ samples }) => samples);

  it("are runs of a revolution or more after which as much is missing as came", () => {
    const heard = cut([
      [0, 250],
      [250, 100],
      [100, 99],
      [99, 299],
      [298, 120],
      [120, 150],
    ]);
    // 99 samples are less than a revolution; 298 missing ones are fewer than the 299 before them.
    expect(samplesOf(heard.snapshots)).toEqual([250, 100, 150]);
    expect(samplesOf(heard.abandoned)).toEqual([99, 299, 120]);
    expect(heard.snapshots[1]).toMatchObject({ fromMs: startMs + 500, toMs: startMs + 600 });
    expect(heard.snapshots[1]!.shaftRpm).toBeCloseTo(600, 9);
  });

  it("are none in what a loss leaves of a continuous stream", () => {
    const heard = cut([
      [0, 950],
      [50, 150],
      [50, 1000],
      [400, 250],
      [250, 640],
    ]);
    expect(heard.snapshots).toEqual([]);
    expect(heard.abandoned).toEqual(heard.plain.abandoned);
  });

  it("are heard after a run of any length that a pause no shorter than it ended, however far apart the next look is", () => {
    // By turns three windows and a part, and a part of one, each followed by as long a pause as it took.
    const heard = cut([
      [0, 950],
      [950, 250],
      [1000, 950],
      [949, 250],
      [1000, 250],
    ]);
    // The fourth came 949 samples after a run of 950: it may be what an outage left of a stream.
    expect(samplesOf(heard.snapshots)).toEqual([250, 250]);
    expect(samplesOf(heard.abandoned)).toEqual([50, 50, 250]);
    expect(heard.windows).toEqual(heard.plain.windows);
  });

  it("are heard after a longer run that a silence ended, as soon as the silence was no shorter", () => {
    for (const [wait, expected] of [
      [950, [200]],
      [949, []],
    ] as const) {
      const recorder = createRecorder();
      const snapshots: number[] = [];
      const windower = createRevolutionWindower(spec, {
        ...recorder,
        snapshot: (slot, window) => {
          snapshots.push(window.samples);
          recorder.end(slot, window);
        },
      });
      windower.accept(makeBlock(0, 950));
      windower.pause("no data");
      windower.accept(makeBlock(950 + wait, 1150 + wait));
      windower.pause("no data");
      expect(snapshots).toEqual(expected);
    }
  });

  it("are recordings that are known to be whole, whatever came before them and however soon", () => {
    const recorder = createRecorder();
    const snapshots: number[] = [];
    const windower = createRevolutionWindower(spec, {
      ...recorder,
      snapshot: (slot, window) => {
        snapshots.push(window.samples);
        recorder.end(slot, window);
      },
    });
    let at = 0;
    for (const samples of [950, 250, 99, 200]) {
      windower.accept(makeBlock(at, at + samples));
      windower.endRecording("the recording ended");
      at += samples + 1;
    }
    // What follows a loss inside a recording is a part of one.
    windower.accept(makeBlock(at, at + 120));
    windower.accept(makeBlock(at + 130, at + 260));
    windower.endRecording("the recording ended");
    windower.accept(makeBlock(at + 261, at + 411));
    windower.endRecording("the recording ended");
    expect(snapshots).toEqual([250, 200, 150]);
    expect(recorder.abandoned.map(({ samples }) => samples)).toEqual([50, 99, 120, 130]);
  });

  it("are recognised by the clock where a device counts anew each time", () => {
    const recorder = createRecorder();
    const snapshots: number[] = [];
    const windower = createRevolutionWindower(spec, {
      ...recorder,
      snapshot: (_, { samples }) => snapshots.push(samples),
      begin: () => {},
      push: () => {},
    });
    for (const wait of [0, 600_000, 1_200_000]) {
      windower.accept(makeBlock(0, 200, { timestampMs: startMs + wait }));
    }
    expect(snapshots).toEqual([200, 200]);
  });

  it("change no whole window, and lose or count no sample twice", () => {
    const run = fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 900 }));
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 20 }), fc.constantFrom(3, 1.5), (runs, hop) => {
        const { windows, snapshots, abandoned, plain } = cut(runs, { hop });
        expect(windows).toEqual(plain.windows);
        const lost = [...samplesOf(snapshots), ...samplesOf(abandoned)].sort((a, b) => a - b);
        expect(lost).toEqual(samplesOf(plain.abandoned).sort((a, b) => a - b));
        // Where windows overlap there are none.
        if (hop < 3) expect(snapshots).toEqual([]);
      }),
    );
  });
});

describe("losses in snapshots", () => {
  /** What of runs of samples, each after a gap of so many, a windower hears that holds pieces, and what one that holds none. */
  function cut(runs: readonly (readonly [gap: number, samples: number])[]) {
    const listen = (holds: boolean) => {
      const recorder = createRecorder();
      const { end, abandon } = recorder;
      const snapshots: WindowEnd[] = [];
      const dropped: Quarantine[] = [];
      const windower = createRevolutionWindower(spec, {
        ...recorder,
        snapshot: (slot, window) => {
          snapshots.push(window);
          end(slot, window);
          recorder.windows.pop();
        },
        hold: (slot) => {
          if (!holds) return false;
          end(slot, { fromMs: 0, toMs: 0, samples: 0, shaftRpm: 0 });
          recorder.windows.pop();
          return true;
        },
        drop: (_, quarantine) => dropped.push(quarantine),
        abandon,
      });
      let at = 0;
      for (const [gap, samples] of runs) {
        at += gap;
        windower.accept(makeBlock(at, at + samples));
        at += samples;
      }
      windower.pause("no data");
      return { ...recorder, snapshots, dropped };
    };
    return { ...listen(true), plain: listen(false) };
  }
  const samplesOf = (each: readonly { readonly samples: number }[]): number[] =>
    each.map(({ samples }) => samples);

  it("leave what lies before and after them, of one snapshot", () => {
    const heard = cut([
      [0, 120],
      [5, 90],
      [30, 60],
      [500, 100],
    ]);
    expect(heard.snapshots).toEqual([
      {
        fromMs: startMs,
        toMs: startMs + 305,
        samples: 270,
        shaftRpm: expect.closeTo(600, 9),
        unbrokenMs: 120,
      },
      { fromMs: startMs + 805, toMs: startMs + 905, samples: 100, shaftRpm: expect.closeTo(600, 9) },
    ]);
    expect([...heard.abandoned, ...heard.dropped]).toEqual([]);
    // One that holds no piece hears none of it.
    expect(samplesOf(heard.plain.snapshots)).toEqual([100]);
  });

  it("take a snapshot away of which more was lost than came, or no piece of which is a revolution long", () => {
    expect(
      samplesOf(
        cut([
          [0, 150],
          [140, 20],
          [50, 20],
        ]).snapshots,
      ),
    ).toEqual([190]);
    const spoilt = cut([
      [0, 150],
      [140, 20],
      [51, 20],
    ]);
    expect(spoilt.snapshots).toEqual([]);
    expect(samplesOf([...spoilt.dropped, ...spoilt.abandoned])).toEqual([150, 20, 20]);
    expect(
      cut([
        [0, 99],
        [1, 99],
        [1, 99],
      ]).snapshots,
    ).toEqual([]);
    expect(
      samplesOf(
        cut([
          [0, 99],
          [1, 100],
          [1, 99],
        ]).snapshots,
      ),
    ).toEqual([298]);
  });

  it("hold no more of a snapshot than a window's length before the last piece", () => {
    const heard = cut([
      [0, 200],
      [1, 150],
      [1, 150],
      [1, 250],
    ]);
    expect(samplesOf(heard.snapshots)).toEqual([550]);
    expect(heard.dropped).toMatchObject([{ reason: "gap", samples: 200, timestampMs: startMs }]);
    const many = cut(Array.from({ length: 60 }, () => [1, 5] as const));
    expect([many.dropped.length, many.abandoned.length]).toEqual([59, 1]);
  });

  it("cost a stream no window, and no sample is lost or counted twice", () => {
    const run = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 900 }));
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 20 }), (runs) => {
        const { windows, snapshots, abandoned, dropped, plain } = cut(runs);
        expect(windows).toEqual(plain.windows);
        const sum = (each: readonly { readonly samples: number }[]): number =>
          samplesOf(each).reduce((total, samples) => total + samples, 0);
        expect(sum(snapshots) + sum(abandoned) + sum(dropped)).toBe(
          sum(plain.snapshots) + sum(plain.abandoned),
        );
      }),
    );
  });
});
