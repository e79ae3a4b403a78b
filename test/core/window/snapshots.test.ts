import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WindowSpec } from "../../../src/core/contract/bundle/manifest.ts";
import { createRevolutionWindower } from "../../../src/core/window/revolution-windower.ts";
import type { WindowSink } from "../../../src/core/window/window-sink.ts";
import { createRecorder, createSnapshotRecorder, makeBlock, spec, startMs } from "./windower-recorder.ts";

/** Runs of samples, each after a gap of so many. */
type Runs = readonly (readonly [gap: number, samples: number])[];

/** Tells `sink` the windows of runs, behind which a pause comes. */
function hear(sink: WindowSink, runs: Runs, change: Partial<WindowSpec> = {}): void {
  const windower = createRevolutionWindower({ ...spec, ...change }, sink);
  let at = 0;
  for (const [gap, samples] of runs) {
    at += gap;
    windower.accept(makeBlock(at, at + samples));
    at += samples;
  }
  windower.pause("no data");
}

function samplesOf(each: readonly { readonly samples: number }[]): number[] {
  return each.map(({ samples }) => samples);
}

describe("snapshots between pauses", () => {
  /** What is heard of runs where snapshots are, and where there are none. */
  function cut(runs: Runs, change: Partial<WindowSpec> = {}) {
    const heard = createSnapshotRecorder({ holds: false });
    const plain = createRecorder();
    hear(heard, runs, change);
    hear(plain, runs, change);
    return { ...heard, plain };
  }

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
      const recorder = createSnapshotRecorder({ holds: false });
      const windower = createRevolutionWindower(spec, recorder);
      windower.accept(makeBlock(0, 950));
      windower.pause("no data");
      windower.accept(makeBlock(950 + wait, 1150 + wait));
      windower.pause("no data");
      expect(samplesOf(recorder.snapshots)).toEqual(expected);
    }
  });

  it("are recordings that are known to be whole, whatever came before them and however soon", () => {
    const recorder = createSnapshotRecorder({ holds: false });
    const windower = createRevolutionWindower(spec, recorder);
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
    expect(samplesOf(recorder.snapshots)).toEqual([250, 200, 150]);
    expect(samplesOf(recorder.abandoned)).toEqual([50, 99, 120, 130]);
  });

  it("are recognised by the clock where a device counts anew each time", () => {
    const recorder = createSnapshotRecorder({ holds: false });
    const windower = createRevolutionWindower(spec, recorder);
    for (const wait of [0, 600_000, 1_200_000]) {
      windower.accept(makeBlock(0, 200, { timestampMs: startMs + wait }));
    }
    expect(samplesOf(recorder.snapshots)).toEqual([200, 200]);
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
  /** What is heard of runs where pieces are held, and where none is. */
  function cut(runs: Runs) {
    const heard = createSnapshotRecorder({ holds: true });
    const plain = createSnapshotRecorder({ holds: false });
    hear(heard, runs);
    hear(plain, runs);
    return { ...heard, plain };
  }

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
