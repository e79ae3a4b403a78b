import { expect, it } from "vitest";
import { createHeardRecordings } from "../../../../src/cli/score/replay/heard-recordings.ts";
import { hourMs } from "../../../../src/core/maths/durations.ts";

/** A recording an hour, of so many revolutions at 60 rpm; `heard` are those of each that one window holds. */
function play(recordings: readonly (readonly [revolutions: number, heard: number])[]) {
  const heard = createHeardRecordings();
  for (const [hour, [revolutions, window]] of recordings.entries()) {
    const fromMs = hour * hourMs;
    heard.begin(fromMs);
    heard.end({ endMs: fromMs + 1000 * revolutions, revolutions, samples: 100, isStandby: false });
    if (window > 0) heard.noteWindow({ fromMs, toMs: fromMs + 1000 * window, shaftRpm: 60 });
  }
  return heard.count();
}

it("counts the windows that would fit into what was played, stretch by stretch", () => {
  const heard = createHeardRecordings({ unit: "revolutions", length: 60, hop: 60 });
  expect(heard.fitting).toBe(0);
  // 133 revolutions in two recordings without a gap between them, then a snapshot, then a shaft that hardly turns.
  for (const [fromMs, revolutions, isStandby] of [
    [0, 70, false],
    [70_000, 63, false],
    [hourMs, 20, false],
    [2 * hourMs, 90, true],
  ] as const) {
    heard.begin(fromMs);
    heard.end({ endMs: fromMs + 1000 * revolutions, revolutions, samples: 100, isStandby });
  }
  expect(heard.fitting).toBe(3);
  expect(createHeardRecordings().fitting).toBe(0);
});

it("counts recordings of which no window was decided", () => {
  expect(
    play([
      [65, 60],
      [57, 0],
      [65, 60],
      [57, 57],
    ]),
  ).toEqual({ unheard: 1, mostlyLost: 0, tooShort: 1, slowed: 0, lostShare: 0, standby: 0 });
  // None was heard after the last two, and nothing is known of them.
  expect(
    play([
      [65, 60],
      [5, 0],
      [5, 0],
    ]),
  ).toMatchObject({ unheard: 2, tooShort: 2 });
});

it("counts a recording of which nothing could be read as too short, not as mostly lost", () => {
  const heard = createHeardRecordings();
  heard.begin(0);
  heard.end({ endMs: 0, revolutions: 0, samples: 0, isStandby: false });
  expect(heard.count()).toMatchObject({ unheard: 1, mostlyLost: 0, tooShort: 1 });
});

it("counts those as heard that the next snapshot was heard together with", () => {
  const pooled = [
    [3, 0],
    [3, 0],
    [3, 3],
    [3, 3],
  ] as const;
  expect(play(pooled)).toMatchObject({ unheard: 0, tooShort: 0 });
  // A whole window is heard by itself, and less than a revolution is not heard at all.
  expect(play([[3, 0], [65, 60], [0.9, 0], ...pooled])).toMatchObject({ unheard: 2, tooShort: 2 });
});

it("takes recordings that follow one another without a gap for one", () => {
  const heard = createHeardRecordings();
  for (let second = 0; second < 65; second++) {
    heard.begin(1000 * second);
    if (second === 60) heard.noteWindow({ fromMs: 0, toMs: 60_000, shaftRpm: 60 });
    heard.end({ endMs: 1000 * second + 999, revolutions: 1, samples: 100, isStandby: false });
  }
  expect(heard.count().unheard).toBe(0);
});

it("counts a recording of which about half was set aside as hardly heard", () => {
  for (const [lost, mostlyLost] of [
    [400, 0],
    [498, 1],
  ] as const) {
    const heard = createHeardRecordings();
    heard.begin(0);
    heard.noteLoss(lost);
    heard.noteWindow({ fromMs: 0, toMs: 30_000, shaftRpm: 60 });
    heard.end({ endMs: 70_000, revolutions: 70, samples: 1000, isStandby: false });
    expect(heard.count()).toMatchObject({ mostlyLost });
  }
});

it("tells what was set aside from what is too short, and a turbine that stands by from both", () => {
  const heard = createHeardRecordings();
  const lengths = { revolutions: 70, samples: 1000, isStandby: false };
  heard.begin(0);
  heard.noteLoss(10);
  heard.noteLoss(5);
  heard.end({ ...lengths, endMs: 1000 });
  heard.begin(hourMs);
  heard.noteLoss(600);
  heard.end({ ...lengths, endMs: hourMs + 1000 });
  heard.begin(2 * hourMs);
  heard.end({ ...lengths, endMs: 2 * hourMs + 1000, isStandby: true });
  const counts = { unheard: 2, mostlyLost: 1, tooShort: 0, slowed: 0, lostShare: 0.015, standby: 1 };
  expect(heard.count()).toEqual(counts);
  // Also where some of it was decided: most of it was not heard.
  heard.noteWindow({ fromMs: hourMs, toMs: hourMs + 500, shaftRpm: 4000 });
  expect(heard.count()).toEqual(counts);
});

it("counts of recordings without a gap between them only the one in which the turbine stood by as slowed", () => {
  const heard = createHeardRecordings();
  for (let second = 0; second < 20; second++) {
    heard.begin(1000 * second);
    if (second === 9) heard.noteStandby();
    heard.end({ endMs: 1000 * second + 999, revolutions: 1, samples: 100, isStandby: false });
  }
  expect(heard.count()).toMatchObject({ unheard: 20, slowed: 1, tooShort: 19 });
});
