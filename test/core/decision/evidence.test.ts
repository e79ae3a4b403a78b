import { expect, test } from "vitest";
import type { EvidenceSpec } from "../../../src/core/contract/bundle/baseline-spec.ts";
import type { SiteBaseline } from "../../../src/core/contract/site-baseline.ts";
import { createDecider, type DeciderParts } from "../../../src/core/decision/decider.ts";
import { deciderSnapshotSchema } from "../../../src/core/decision/decider-snapshot.ts";
import { type EvidenceState, isRaisedByEvidence, stepEvidence } from "../../../src/core/decision/evidence.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const model = { name: "m", version: "1.0.0", digest: "d1" };
const point = { site: "s", turbine: "t", component: "c" };
const spec: EvidenceSpec = { clip: 4, allowance: 0.75, raise: 30, clear: 7.5, minProbability: 0.5 };
const identity = { slope: 1, intercept: 0 };
const baseline: SiteBaseline = {
  formatVersion: 1,
  version: 1,
  windows: 600,
  fromMs: 0,
  toMs: 1,
  shaftRpm: { min: 1400, max: 1600, reference: 1500 },
  spec: { catalogueVersion: 1, chains: [], list: [] },
  levels: [],
  model,
  margins: [
    { location: -1, scale: 0.5, autocorrelation: 0 },
    { location: 1, scale: 0.5, autocorrelation: 0 },
  ],
  suspicions: [],
};
const parts: DeciderParts = {
  outputs: ["outer-race", "ball"].map((failureMode) => ({ failureMode, title: failureMode })),
  calibration: [identity, identity],
  thresholds: [0, 1].map(() => ({ raise: 0.8, onCount: 6, onWindows: 10, clear: 0.5, offWindows: 10 })),
  evidence: spec,
  model,
};
const single: SiteBaseline = { ...baseline, margins: [{ location: 0, scale: 1, autocorrelation: 0 }] };

/**
 * Windows of a healthy machine from one false alarm to the next, on average, of one mode: Siegmund's corrected
 * diffusion approximation for independent normal values (Siegmund 1985, "Sequential Analysis", eq. 2.57).
 */
function expectFalseAlarmWindows(spec: Pick<EvidenceSpec, "allowance" | "raise">): number {
  // Overshoot of a normal random walk: 0.583 at either end.
  const height = 2 * spec.allowance * (spec.raise + 1.166);
  return (Math.exp(height) - height - 1) / (2 * spec.allowance ** 2);
}

/** Mean windows until the sum of a healthy machine reaches `raise`. */
function measureFalseAlarmWindows(rules: EvidenceSpec, healthy: SiteBaseline, next: () => number): number {
  let windows = 0;
  const runs = 300;
  for (let run = 0; run < runs; run++) {
    for (let states: EvidenceState[] = []; ; ) {
      windows++;
      states = stepEvidence(
        states,
        { fromMs: 0, logits: [next()] },
        { calibration: [identity], baseline: healthy, spec: rules },
      );
      if (isRaisedByEvidence(states, 0, rules)) break;
    }
  }
  return windows / runs;
}

test("independent normal margins raise falsely as seldom as Siegmund's formula says", () => {
  const random = createRandom(1);
  const rules = { ...spec, allowance: 0.5, raise: 4, clear: 1, minProbability: 0, clip: 100 };
  const measured = measureFalseAlarmWindows(rules, single, () => random.normal());
  const expected = expectFalseAlarmWindows(rules);
  expect(expected).toBeCloseTo(336, -1);
  expect(measured / expected).toBeGreaterThan(0.8);
  expect(measured / expected).toBeLessThan(1.25);
});

test("correlated margins do not raise more often than independent ones, if the correlation was learnt", () => {
  const rho = 0.6;
  const rules = { ...spec, allowance: 0.5, raise: 4, clear: 1, minProbability: 0, clip: 100 };
  const next = (): (() => number) => {
    const random = createRandom(2);
    let value = 0;
    return () => {
      value = rho * value + Math.sqrt(1 - rho * rho) * random.normal();
      return value;
    };
  };
  const learnt = { ...single, margins: [{ location: 0, scale: 1, autocorrelation: rho }] };
  expect(measureFalseAlarmWindows(rules, single, next())).toBeLessThan(150);
  expect(measureFalseAlarmWindows(rules, learnt, next())).toBeGreaterThan(expectFalseAlarmWindows(rules));
});

interface Played {
  readonly raised: (string | null)[];
  readonly decider: ReturnType<typeof createDecider>;
}

/** Plays windows of a hovering ball score, p ≈ 0.55 to 0.75, which the 6-of-10 rule never raises. */
function play(
  windows: number,
  shift: number,
  options: {
    readonly site?: SiteBaseline | null;
    readonly decider?: Played["decider"];
    readonly first?: number;
  } = {},
): Played {
  const { site = baseline, decider = createDecider(point, parts, { maxGapMs: 60_000 }), first = 0 } = options;
  const random = createRandom(77 + first);
  const raised: (string | null)[] = [];
  for (let index = first; index < first + windows; index++) {
    const common = 0.3 * random.normal();
    decider.update(
      {
        point,
        windowId: `${index}`,
        fromMs: index * 1200,
        toMs: (index + 1) * 1200,
        quantised: new Uint8Array(2),
        logits: Float64Array.of(-0.6 - shift + common, 0.4 + 0.5 * random.normal() + common),
        model,
        operatingState: "full-performance",
      },
      site,
    );
    raised.push(decider.active[0]?.failureMode ?? null);
  }
  return { raised, decider };
}

test("a weak persistent fault is raised within sixty windows, a hovering healthy machine never", () => {
  expect(play(3000, 0).raised.every((mode) => mode === null)).toBe(true);
  const { raised } = play(60, 0.9);
  expect(raised.indexOf("ball")).toBeGreaterThan(10);
  expect(raised.at(-1)).toBe("ball");
});

test("without a ready baseline of this very model nothing gathers", () => {
  expect(play(300, 0.9, { site: null }).raised.at(-1)).toBeNull();
  const other = { ...baseline, model: { ...model, digest: "d2" } };
  expect(play(300, 0.9, { site: other }).raised.at(-1)).toBeNull();
});

test("an alarm of gathered evidence ends when the machine is healthy again, and holds until then", () => {
  const faulty = play(400, 0.9);
  expect(faulty.raised.slice(60).every((mode) => mode === "ball")).toBe(true);
  const repaired = play(400, 0, { decider: faulty.decider, first: 400 });
  expect(repaired.raised.at(-1)).toBeNull();
});

test("evidence goes on over a restart exactly as it would have gone on", () => {
  const whole = play(12, 0.9);
  const kept = deciderSnapshotSchema.parse(JSON.parse(JSON.stringify(whole.decider.snapshot())));
  const resumed = createDecider(point, parts, { maxGapMs: 60_000, snapshot: kept });
  const first = play(60, 0.9, { decider: whole.decider, first: 12 });
  const second = play(60, 0.9, { decider: resumed, first: 12 });
  expect(second.raised).toEqual(first.raised);
});

test("a baseline that was learnt of a faulty machine does not mute the thresholds", () => {
  const decider = createDecider(point, parts, { maxGapMs: 60_000 });
  for (let index = 0; index < 10; index++) {
    const site = { ...baseline, margins: baseline.margins.map((margin) => ({ ...margin, location: 9 })) };
    decider.update(
      {
        point,
        windowId: `${index}`,
        fromMs: index,
        toMs: index + 1,
        model,
        quantised: new Uint8Array(2),
        logits: Float64Array.of(-3, 3),
        operatingState: "full-performance",
      },
      site,
    );
  }
  expect(decider.active[0]?.failureMode).toBe("ball");
});
