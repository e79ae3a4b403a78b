import fc from "fast-check";
import { expect, test } from "vitest";
import type { Prediction } from "../../../../src/core/contract/prediction.ts";
import { createBaselineLearner } from "../../../../src/core/decision/reference/baseline-learner.ts";
import { baselineSnapshotSchema } from "../../../../src/core/decision/reference/baseline-snapshot.ts";
import type { BaselineEvent } from "../../../../src/core/decision/reference/baseline-status.ts";
import type { BaselineSubject } from "../../../../src/core/decision/reference/fit-site-baseline.ts";
import { computeSeverity } from "../../../../src/core/decision/reference/severity.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";

const chain = { name: "x", kind: "band-level", params: { fromHz: 500, toHz: 1500 } };
const list = ["a", "b"].map((name) => ({
  name,
  operator: "rms-db",
  chain: "x",
  params: {},
  group: "level",
}));
const subject: BaselineSubject = {
  spec: {
    levels: { catalogueVersion: 1, chains: [chain], list },
    reference: [
      { locationDb: -20, scaleDb: 1 },
      { locationDb: -20, scaleDb: 1 },
    ],
    minWindows: 64,
  },
  outputs: [{ failureMode: "ball", title: "rolling element fault" }],
  model: { name: "m", version: "1.0.0", digest: "d1" },
};
const options = { epoch: 0, minWindows: 96, minDurationMs: 60_000 };

interface Scene {
  readonly logit?: number;
  readonly levelDb?: number;
  readonly rpm?: number;
  readonly state?: Prediction["operatingState"];
}

function play(
  learner: ReturnType<typeof createBaselineLearner>,
  windows: number,
  sceneOf: (index: number) => Scene = () => ({}),
  first = 0,
): BaselineEvent[] {
  const random = createRandom(11 + first);
  const events: BaselineEvent[] = [];
  for (let index = first; index < first + windows; index++) {
    const { logit = -3, levelDb = -30, rpm = 1500, state = "full-performance" } = sceneOf(index);
    learner.update({
      prediction: {
        point: { site: "s", turbine: "t", component: "c" },
        windowId: `${index}`,
        fromMs: index * 1000,
        toMs: (index + 1) * 1000,
        quantised: Uint8Array.of(0),
        logits: Float64Array.of(logit + 0.5 * random.normal()),
        model: { name: "m", version: "1.0.0", digest: "d1" },
        operatingState: state,
      },
      levels: Float32Array.of(levelDb + 0.5 * random.normal(), levelDb - 5 + 0.5 * random.normal()),
      shaftRpm: rpm,
    });
    const event = learner.settle();
    if (event !== null) events.push(event);
  }
  return events;
}

test("a steady machine's baseline is ready after enough windows and enough time, once", () => {
  const learner = createBaselineLearner(subject, options);
  expect(play(learner, 95)).toEqual([]);
  expect(learner.status).toMatchObject({ state: "learning", version: 0, windows: 95 });
  expect(play(learner, 200, undefined, 95).map(({ kind }) => kind)).toEqual(["ready"]);
  expect(learner.status).toMatchObject({ state: "ready", version: 1, windows: 96, suspicions: [] });
  expect(learner.current!.levels[0]!.locationDb).toBeCloseTo(-30, 0);
  expect(learner.current!.margins[0]!.location).toBeCloseTo(-3, 0);
  const slow = createBaselineLearner(subject, { ...options, minDurationMs: 1e7 });
  play(slow, 2000);
  expect(slow.status).toMatchObject({ state: "ready", isProvisional: true });
});

test("a reference rests on as many windows in its event as in its status: of a long time fewer than were heard", () => {
  const learner = createBaselineLearner(subject, { ...options, minWindows: 896 });
  const events = play(learner, 896);
  expect(events.map(({ detail }) => detail)).toEqual([
    "version 1 of 96 windows",
    "version 5 of 448 windows (896 were heard)",
  ]);
  expect(learner.status.windows).toBe(448);
  expect(learner.current!.windows).toBe(448);
});

test("a standing turbine teaches nothing", () => {
  const learner = createBaselineLearner(subject, options);
  play(learner, 500, () => ({ state: "standby" }));
  play(learner, 500, () => ({ state: "information-unavailable" }));
  expect(learner.status.windows).toBe(0);
});

test("a baseline is not learnt while the level or the score moves; it is when they have settled", () => {
  const moves: ((index: number) => Scene)[] = [
    (index) => ({ levelDb: -30 + index * 0.08 }),
    (index) => ({ levelDb: index < 50 ? -30 : -24 }),
    (index) => ({ logit: index < 50 ? -4 : 0 }),
  ];
  for (const move of moves) {
    const learner = createBaselineLearner(subject, options);
    expect(play(learner, 96, move).map(({ kind }) => kind)).toEqual(["unsteady"]);
    const settled = play(learner, 400, () => move(120), 96);
    expect(settled.at(-1)!.kind).toBe("ready");
  }
});

test("a machine that never settles gets a doubtful baseline in the end, and the doubt is told", () => {
  const learner = createBaselineLearner(subject, options);
  const events = play(learner, 600, (index) => ({ levelDb: Math.floor(index / 20) % 2 === 0 ? -36 : -24 }));
  const drifting = createBaselineLearner(subject, options);
  const others = play(drifting, 600, (index) => ({ levelDb: -30 + 0.1 * index }));
  expect(events.at(-1)!.kind).toBe("ready");
  expect(others.map(({ kind }) => kind)).toEqual(["unsteady", "unsteady", "unsteady", "ready"]);
  expect(drifting.status.suspicions.join()).toContain("wandered");
});

test("a machine that goes back and forth between two loads is waited for, not let go, and has its louder load as its reference", () => {
  const learner = createBaselineLearner(subject, options);
  const scene = (index: number): Scene => ({ levelDb: Math.floor(index / 36) % 2 === 0 ? -30 : -24 });
  // It was come back to one of them: nothing is told, and nothing lost.
  expect(play(learner, 96, scene)).toEqual([]);
  expect(learner.status).toMatchObject({ state: "learning", windows: 96 });
  const events = play(learner, 100, scene, 96);
  expect(events.map(({ kind, detail }) => [kind, detail])).toEqual([
    [
      "ready",
      "version 1 of 112 windows; it went back and forth between two levels 6 dB apart, and is held against the louder one; a fault that comes and goes looks the same",
    ],
  ]);
  expect(learner.current!.levels[0]!.locationDb).toBeCloseTo(-24, 0);
  expect(learner.current!.levels[0]!.scaleDb).toBeLessThan(1);
  expect(learner.quieterDb!).toBeCloseTo(6, 0);
});

test("under another model two loads are known of the levels that were learnt of them alone; of levels of before it is said that they know of one", () => {
  const model = { name: "m", version: "1.1.0", digest: "d2" };
  const scene = (index: number): Scene => ({ levelDb: Math.floor(index / 24) % 2 === 0 ? -30 : -24 });
  const [both, one] = [createBaselineLearner(subject, options), createBaselineLearner(subject, options)];
  play(both, 120, scene);
  play(one, 120, () => ({ levelDb: -30 }));
  const known = [both.quieterDb, both.status.suspicions];
  for (const learner of [both, one]) {
    learner.adopt({ ...subject, model });
    play(learner, 200, scene, 240);
    expect(learner.status.isProvisional).toBe(false);
  }
  expect([both.quieterDb, both.status.suspicions]).toEqual(known);
  expect(one.quieterDb).toBeNull();
  expect(one.status.suspicions).toEqual([expect.stringMatching(/those of before, which know of one: renew/)]);
  // Of levels that are learnt anew nothing is known.
  const levels = { ...subject.spec.levels, catalogueVersion: 2 };
  both.adopt({ ...subject, spec: { ...subject.spec, levels }, model: { ...model, digest: "d3" } });
  expect(both.quieterDb).toBeNull();
});

test("two loads of a machine whose scores never settle are told beside what moved", () => {
  const learner = createBaselineLearner(subject, options);
  const levelDb = (index: number): number => (Math.floor(index / 12) % 2 === 0 ? -30 : -24);
  play(learner, 600, (index) => ({ levelDb: levelDb(index), logit: -40 + index / 20 }));
  expect(learner.status.suspicions).toEqual([
    expect.stringMatching(/for the 4th time$/),
    expect.stringMatching(/^it went back and forth between two levels 6 dB apart/),
  ]);
});

test("a knock now and then does not move a baseline", () => {
  const learner = createBaselineLearner(subject, options);
  play(learner, 96, (index) => (index % 12 === 0 ? { levelDb: 0, logit: 6 } : {}));
  expect(learner.current!.levels[0]!.locationDb).toBeCloseTo(-30, 0);
  expect(learner.current!.margins[0]!.location).toBeCloseTo(-3, 0);
});

test("what looks faulty is refused and never learnt; a loud machine is learnt, and said to be suspicious", () => {
  const faulty = createBaselineLearner(subject, options);
  const events = play(faulty, 3000, () => ({ logit: 3 }));
  expect(events[0]).toMatchObject({ kind: "refused", detail: expect.stringContaining("rolling element") });
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(["refused"]));
  // Tried again with twice as many each time.
  expect(events.length).toBe(5);
  expect(faulty.current).toBeNull();
  expect(faulty.status).toMatchObject({ state: "refused", refusal: events.at(-1)!.detail });
  const loud = createBaselineLearner(subject, options);
  play(loud, 96, () => ({ levelDb: 10 }));
  expect(loud.status.suspicions.join()).toContain("louder");
});

test("a refusal is said until what is heard is healthy again or learning begins anew, also over a restart", () => {
  const faulty = createBaselineLearner(subject, options);
  play(faulty, 96, () => ({ logit: 3 }));
  const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(faulty.snapshot())));
  const restarted = createBaselineLearner(subject, options, kept);
  expect(restarted.status).toEqual(faulty.status);
  expect(restarted.status.state).toBe("refused");
  const { refusal: _, ...older } = kept;
  expect(createBaselineLearner(subject, options, older).status.state).toBe("learning");
  const renewed = createBaselineLearner(subject, { ...options, epoch: 1 }, kept);
  expect(renewed.status).toMatchObject({ state: "learning", windows: 0 });
  expect(renewed.status).not.toHaveProperty("refusal");
  play(restarted, 600, () => ({ logit: -3 }), 96);
  expect(restarted.status.state).toBe("ready");
  expect(restarted.status).not.toHaveProperty("refusal");
  expect(restarted.snapshot()).not.toHaveProperty("refusal");
});

test("speed is learnt as speed: a faster shaft is not a worse one", () => {
  const learner = createBaselineLearner(subject, options);
  const rpm = (index: number): number => 1000 + (index % 10) * 80;
  play(learner, 96, (index) => ({
    rpm: rpm(index),
    levelDb: -30 + 12 * Math.log2(rpm(index) / 1000),
  }));
  const { current } = learner;
  expect(current!.levels[0]!.perOctaveDb).toBeCloseTo(12, 0);
  for (const at of [1050, 1300, 1650]) {
    const levelDb = -30 + 12 * Math.log2(at / 1000);
    const severity = computeSeverity(
      { levels: Float32Array.of(levelDb, levelDb - 5), shaftRpm: at },
      subject.spec,
      current,
    );
    expect(Math.abs(severity)).toBeLessThan(1);
  }
});

test("learning goes on after a restart as if there had been none", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (stop) => {
      // Also one that is refused, and one that is refined.
      for (const logit of [-3, 3]) {
        for (const minDurationMs of [60_000, 180_000]) {
          const chosen = { ...options, minDurationMs };
          const whole = createBaselineLearner(subject, chosen);
          play(whole, stop, () => ({ logit }));
          const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(whole.snapshot())));
          const resumed = createBaselineLearner(subject, chosen, kept);
          const events = play(whole, 100, () => ({ logit }), stop);
          expect(play(resumed, 100, () => ({ logit }), stop)).toEqual(events);
          expect(resumed.snapshot()).toEqual(whole.snapshot());
        }
      }
    }),
    { numRuns: 12 },
  );
});

test("memory stays bounded however long learning takes, and what is kept spans all of it", () => {
  const learner = createBaselineLearner(subject, { ...options, minDurationMs: 1e9 });
  play(learner, 20_000);
  const { kept } = learner.snapshot();
  expect(kept.length).toBeLessThanOrEqual(512);
  expect(kept.length).toBeGreaterThanOrEqual(200);
  expect(kept[0]!.fromMs).toBe(0);
  expect(kept.at(-1)!.fromMs).toBeGreaterThan(19_000_000 / 2);
});

test("an operator's new epoch learns anew, and the version goes on counting", () => {
  const learner = createBaselineLearner(subject, options);
  play(learner, 96);
  const next = createBaselineLearner(subject, { ...options, epoch: 1 }, learner.snapshot());
  expect(next.status).toMatchObject({ state: "learning", version: 0, windows: 0 });
  expect(next.current).toBeNull();
  play(next, 96, () => ({ levelDb: -20 }));
  expect(next.status).toMatchObject({ state: "ready", version: 2 });
});

test("another model's scores are learnt again; the levels stay those of the new machine", () => {
  const learner = createBaselineLearner(subject, options);
  play(learner, 96);
  const event = learner.adopt({ ...subject, model: { name: "m", version: "1.1.0", digest: "d2" } });
  expect(event!.kind).toBe("relearning");
  expect(learner.status.state).toBe("learning");
  expect(learner.current).toMatchObject({ version: 1, model: null, margins: [] });
  play(learner, 96, () => ({ levelDb: -20, logit: 1 }), 96);
  expect(learner.current!.levels[0]!.locationDb).toBeCloseTo(-30, 0);
  expect(learner.current!.margins[0]!.location).toBeCloseTo(1, 0);
  expect(learner.status).toMatchObject({ state: "ready", version: 2 });
});

test("a model that watches other levels has no baseline until it has learnt them", () => {
  const learner = createBaselineLearner(subject, options);
  play(learner, 96);
  const levels = { ...subject.spec.levels, chains: [{ ...chain, params: { fromHz: 600, toHz: 1500 } }] };
  const model = { name: "m", version: "2.0.0", digest: "d3" };
  learner.adopt({ ...subject, spec: { ...subject.spec, levels }, model });
  expect(learner.current).toBeNull();
});

test("a first reference after some hundred windows, refined with each doubling, ready when time has passed", () => {
  const learner = createBaselineLearner(subject, { ...options, minDurationMs: 900_000 });
  const events = play(learner, 1000);
  expect(events.map(({ kind }) => kind)).toEqual(["provisional", "ready"]);
  expect(learner.current).toMatchObject({ version: 5, windows: 464 });
  expect(learner.current!.isProvisional).toBeUndefined();
  const early = createBaselineLearner(subject, { ...options, minDurationMs: 900_000 });
  const versions = [96, 191, 192, 384, 768].map((windows, at, all) => {
    play(early, windows - (all[at - 1] ?? 0), undefined, all[at - 1] ?? 0);
    return [early.status.version, early.status.isProvisional];
  });
  expect(versions).toEqual([
    [1, true],
    [1, true],
    [2, true],
    [3, true],
    [4, true],
  ]);
});

test("what has grown louder since the first reference is not refined into it", () => {
  const learner = createBaselineLearner(subject, { ...options, minDurationMs: 1e9 });
  play(learner, 96);
  play(learner, 300, () => ({ levelDb: -27 }), 96);
  expect(learner.status).toMatchObject({ version: 1, isProvisional: true });
  expect(learner.current!.levels[0]!.locationDb).toBeCloseTo(-30, 0);
});

test("how a machine is that was refused is known, refined until it is ready, kept over a restart, and forgotten with it", () => {
  const learner = createBaselineLearner(subject, options);
  play(learner, 96, () => ({ logit: 3 }));
  expect(learner.current).toBeNull();
  expect(learner.doubted).toMatchObject({ windows: 96, margins: [{ location: expect.closeTo(3, 0) }] });
  const first = createBaselineLearner(subject, { ...options, minDurationMs: 150_000 });
  play(first, 96, () => ({ logit: 3 }));
  expect(first.doubted).toMatchObject({ isProvisional: true, windows: 96 });
  play(first, 160, () => ({ logit: 3 }), 96);
  const known = first.doubted;
  expect(known).toMatchObject({ isProvisional: false, windows: expect.any(Number) });
  // What is worse from then on does not become what the machine is like.
  play(first, 1000, () => ({ logit: 6 }), 256);
  expect(first.doubted).toEqual(known);
  const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(first.snapshot())));
  const restarted = createBaselineLearner(subject, { ...options, minDurationMs: 150_000 }, kept);
  expect(restarted.doubted).toEqual(known);
  // Written down by a version that did not keep it.
  const { doubted: _, ...older } = kept;
  expect(createBaselineLearner(subject, options, older).doubted).toBeNull();
  restarted.adopt({ ...subject, model: { name: "m", version: "2.0.0", digest: "d2" } });
  expect(restarted.doubted).toBeNull();
});

test("what was refused once is known until there is a baseline, also where the machine moves meanwhile", () => {
  const learner = createBaselineLearner(subject, { ...options, minDurationMs: 10_000_000 });
  play(learner, 96, () => ({ logit: 3 }));
  const known = learner.doubted;
  expect(known).toMatchObject({ isProvisional: true, levels: [null, null] });
  // Not refined by what moves.
  play(learner, 96, (index) => ({ logit: index < 150 ? 3 : 6 }), 96);
  expect(learner.status.state).toBe("refused");
  expect(learner.doubted).toEqual(known);
  play(learner, 192, () => ({ logit: -3 }), 192);
  expect(learner.status.state).toBe("learning");
  expect(learner.doubted).toEqual(known);
  play(learner, 1000, () => ({ logit: -3 }), 384);
  expect(learner.status).toMatchObject({ state: "ready", isProvisional: true });
  expect(learner.doubted).toBeNull();
});

test("weeks of learning end, although only some windows of them are kept, and a restart changes nothing", () => {
  const hours = 400;
  const patient = { ...options, minDurationMs: hours * 3_600_000 };
  const playHours = (from: number, to: number, before?: ReturnType<typeof createBaselineLearner>) => {
    const snapshot = before && baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(before.snapshot())));
    const learner = createBaselineLearner(subject, patient, snapshot);
    const random = createRandom(7);
    // Four windows an hour.
    for (let index = 4 * from; index < 4 * to; index++) {
      learner.update({
        prediction: {
          point: { site: "s", turbine: "t", component: "c" },
          windowId: `${index}`,
          fromMs: index * 900_000,
          toMs: index * 900_000 + 2000,
          quantised: Uint8Array.of(0),
          logits: Float64Array.of(-3 + 0.5 * random.normal()),
          model: { name: "m", version: "1.0.0", digest: "d1" },
          operatingState: "full-performance",
        },
        levels: Float32Array.of(-30 + 0.5 * random.normal(), -35 + 0.5 * random.normal()),
        shaftRpm: 1500,
      });
      learner.settle();
    }
    return learner;
  };
  const early = playHours(0, hours - 20);
  expect(early.status).toMatchObject({ state: "ready", isProvisional: true });
  expect(playHours(hours - 20, hours + 20, early).status).toMatchObject({ isProvisional: false });
});
