import { expect, test } from "vitest";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import { createWatch, feedSnapshots, feedWatch, listActive, type WatchScene } from "./watch-feed.ts";

/** A machine that was learnt at 1500 rpm, and what it does later. */
class Machine {
  watch = createWatch();
  readonly events: (string | undefined)[] = [];
  #index = 200;

  constructor() {
    feedWatch(this.watch, { from: 0, to: 200 });
    expect(this.watch.status?.state).toBe("ready");
  }

  /** Windows every ten minutes at a speed. */
  play(shaftRpm: number, count: number, scene: WatchScene = {}): ReturnType<PointWatch["update"]>[] {
    const from = this.#index;
    this.#index += count;
    const steps = feedSnapshots(this.watch, { from, to: this.#index }, () => ({ ...scene, shaftRpm }));
    for (const { event } of steps) if (event !== null) this.events.push(`${event.kind}: ${event.detail}`);
    return steps;
  }

  get learntLater(): string | undefined {
    return this.watch.status?.later;
  }
}

const fast = 3000;
/** An octave faster a healthy one is 12 dB louder. */
const healthy = { levelDb: -18 };

test("levels at a speed that it comes to later are learnt later, it is said since when, and what grows there is raised", () => {
  const machine = new Machine();
  const { watch } = machine;
  machine.play(fast, 50, healthy);
  expect([watch.severity.db, machine.learntLater]).toEqual([null, undefined]);
  machine.play(fast, 30, healthy);
  const words =
    "levels were learnt later at 3000 rpm (of 64 windows since 1970-01-02T09:20:00.000Z, 12 dB louder than at 1500 rpm)";
  expect(machine.events).toEqual([`widened: ${words}`]);
  expect([watch.severity.unknown, watch.status?.beyond]).toEqual([null, undefined]);
  expect(Math.abs(watch.severity.db!)).toBeLessThan(2);
  expect([machine.learntLater, watch.status?.version, watch.status?.suspicions]).toEqual([words, 1, []]);
  expect(watch.standing.why).toContain(words);
  expect(watch.standing.reference?.later).toMatchObject([{ windows: 64, besideRpm: 1500 }]);
  expect(watch.healthyRows.speeds).toMatchObject([{ min: 1500 }, { min: 3000 }]);
  machine.play(fast, 144, healthy);
  expect([listActive(watch), watch.status?.beyond]).toEqual([[], undefined]);
  expect(machine.play(6000, 1, healthy)[0]?.decision.severityUnknown).toBe(
    "it was learnt at 1500 rpm and 3000 rpm, not at 6000 rpm",
  );
  machine.play(fast, 72, { levelDb: healthy.levelDb + 10 });
  expect(listActive(watch)).toEqual(["vibration-level"]);
});

test("what was learnt at first is as it was", () => {
  const machine = new Machine();
  machine.play(1500, 1);
  const before = machine.watch.severity;
  machine.play(fast, 80, healthy);
  machine.play(1500, 72, { levelDb: -18 });
  expect(machine.watch.severity.db).toBeGreaterThan(before.db! + 10);
  expect(listActive(machine.watch)).toEqual(["vibration-level"]);
});

test("nothing is learnt there of a machine that is louder than speed explains, moves or looks faulty, or of a deaf sensor", () => {
  for (const [why, sceneOf] of [
    ["louder by 27 dB in an octave", () => ({ levelDb: -3 })],
    ["grows", (at: number) => ({ levelDb: -18 + at / 10 })],
    ["looks faulty", () => ({ ...healthy, logits: [1, -1] as const })],
    ["deaf", () => ({ levelDb: -46 })],
  ] as const) {
    const machine = new Machine();
    for (let at = 0; at < 80; at++) machine.play(fast, 1, sceneOf(at));
    expect([why, machine.learntLater]).toEqual([why, undefined]);
  }
});

test("a machine that is louder where it is slower is learnt, and doubted", () => {
  const machine = new Machine();
  machine.play(750, 80, { levelDb: -27 });
  expect(machine.watch.status?.suspicions).toEqual([
    "3 dB louder at 750 rpm, which it came to later, than at 1500 rpm",
  ]);
});

test("speeds that it comes to by turns are learnt each for itself, and what was learnt adjoins", () => {
  const machine = new Machine();
  for (let turn = 0; turn < 10; turn++) {
    machine.play(1800, 16, { levelDb: -27 });
    machine.play(750, 16, { levelDb: -40 });
  }
  expect(machine.events).toHaveLength(2);
  machine.play(6000, 1);
  expect(machine.watch.severity.unknown).toBe(
    "it was learnt at 750 rpm and 1500 to 1800 rpm, not at 6000 rpm",
  );
});

test("it goes on over a restart, and is kept", () => {
  const machine = new Machine();
  const restart = (): void => {
    const { baseline, decider } = machine.watch.snapshot();
    const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(baseline)));
    machine.watch = createWatch({ snapshot: { baseline: kept, decider } });
  };
  machine.play(fast, 40, healthy);
  restart();
  machine.play(fast, 24, healthy);
  expect(machine.learntLater).toContain("of 64 windows");
  restart();
  machine.play(fast, 1, healthy);
  expect(Math.abs(machine.watch.severity.db!)).toBeLessThan(2);
});

test("an alarm of the level does not end at speeds that are held against what was learnt at another time", () => {
  const machine = new Machine();
  machine.play(fast, 80, healthy);
  machine.play(1500, 72, { levelDb: -18 });
  machine.play(fast, 288, healthy);
  expect(machine.watch.held).toMatchObject([
    {
      failureMode: "vibration-level",
      whyItStands: "it is loud at 1500 rpm, and at 3000 is held against what was learnt at another time",
    },
  ]);
  machine.play(1500, 288);
  expect(listActive(machine.watch)).toEqual([]);
});

test("an alarm of the level goes where it is loud: it ends where its fault showed last, and not while it shows elsewhere", () => {
  const loudAtBoth = (): Machine => {
    const machine = new Machine();
    machine.play(fast, 80, healthy);
    machine.play(1500, 72, { levelDb: -18 });
    return machine;
  };
  const mended = loudAtBoth();
  mended.play(fast, 288, { levelDb: healthy.levelDb + 15 });
  mended.play(fast, 288, healthy);
  expect(listActive(mended.watch)).toEqual([]);
  const raging = loudAtBoth();
  for (let hour = 0; hour < 60; hour++) {
    raging.play(1500, 6);
    const loud = raging.play(fast, 6, { levelDb: healthy.levelDb + 20 });
    expect(loud.at(-1)?.decision.modes.filter(({ active }) => active)).toHaveLength(1);
  }
});

test("speeds with a gap between them are ranges of their own: a level that bends in the gap is no fault", () => {
  const machine = new Machine();
  const levelAt = (rpm: number): number => -30 + Math.max(0, 24 * Math.log2(rpm / 2300));
  const playAt = (rpm: number): void => void machine.play(rpm, 1, { levelDb: levelAt(rpm) });
  for (let at = 0; at < 300; at++) playAt(at % 20 === 0 ? 3200 + at / 3 : 1700 + 600 * ((at * 0.618) % 1));
  expect(machine.learntLater).not.toContain("to 32");
  for (let at = 0; at < 432; at++) playAt(3200 + (at % 100));
  expect(listActive(machine.watch)).toEqual([]);
});
