import { expect, test } from "vitest";
import type { ModeDecision } from "../../../src/core/contract/prediction.ts";
import {
  describeClearing,
  describeReason,
  describeStanding,
  type ReasonParts,
} from "../../../src/core/decision/alarm-reason.ts";
import { createAlertEvent } from "../../../src/core/decision/alarms/alert-event.ts";
import { severitySpread, vibrationLevelMode } from "../../../src/core/decision/choose-alarm.ts";
import { findBound } from "../../../src/core/decision/fast-lane.ts";
import { createWatch, feedWatch } from "./watch-feed.ts";

/** An inner race fault of a machine whose own healthy windows are known. */
const fault: ReasonParts = {
  failureMode: "inner-race",
  lane: "fast",
  probability: 0.92,
  threshold: 0.38,
  score: 2.4,
  horizonHours: null,
  explanation: {
    baseValue: -0.7,
    bundleBaseValue: -1.5,
    groups: [{ name: "inner race", share: 3.1 }],
    gap: 0,
  },
  severityDb: 5.02,
  since: "2026-01-01T02:00:00Z",
  window: { from: "2026-01-01T02:00:45Z", to: "2026-01-01T02:00:50Z", id: "w" },
};
const unexplained = { baseValue: 0, groups: [], gap: 2.4 };

test("a kind that is raised within minutes says how far it stands above healthy, and no threshold", () => {
  expect(describeReason(fault)).toBe(
    "score 3.1 above this machine's own when healthy (probability 0.92) within 50 s, 5.0 dB above its own reference",
  );
  const { bundleBaseValue: _, ...general } = fault.explanation;
  expect(describeReason({ ...fault, explanation: general, severityDb: null })).toBe(
    "score 3.1 above that of healthy machines in general (probability 0.92) within 50 s",
  );
  expect(describeReason({ ...fault, explanation: unexplained, severityDb: -1.25 })).toBe(
    "probability 0.92 within 50 s, 1.3 dB below its own reference",
  );
});

test("one that is raised over hours says that its last window alone decides nothing", () => {
  const slow = {
    ...fault,
    lane: "slow",
    probability: 0.41,
    score: -0.3,
    since: "2025-12-31T21:00:50Z",
  } as const;
  expect(describeReason(slow)).toBe(
    "above how it was before for 5 h, the last window by itself with score 0.4 above this machine's own when healthy (probability 0.41), 5.0 dB above its own reference",
  );
});

test("at a speed that was not learnt it says so, and of a level what is sure", () => {
  const severityUnknown = "it was learnt at 975 to 1189 rpm, not at 1500 rpm";
  const unknown = { ...fault, severityDb: null, severityUnknown };
  const why = `how loud it is above its own reference is not known: ${severityUnknown}`;
  expect(describeReason(unknown)).toBe(
    `score 3.1 above this machine's own when healthy (probability 0.92) within 50 s; ${why}`,
  );
  const level = { ...unknown, failureMode: vibrationLevelMode, lane: "slow", score: 14.2 } as const;
  expect(describeReason(level)).toBe(`at least 14.2 dB above its own reference, louder for 50 s; ${why}`);
});

test("where no lane is stated the probability that raises is", () => {
  const { lane: _, ...plain } = { ...fault, explanation: unexplained, severityDb: undefined };
  expect(describeReason(plain)).toBe("probability 0.92, raised from 0.38 on");
});

test("what looks ahead is told by its probability: its score is none of a kind", () => {
  expect(describeStanding({ ...fault, horizonHours: 72 })).toBe("probability 0.92");
});

test("a level says from where it rose and within what time, as the fast lane has it", () => {
  const watch = createWatch();
  const before = feedWatch(watch, { from: 0, to: 200 });
  let raised: ModeDecision | undefined;
  for (let index = 200; index < 300 && raised === undefined; index++) {
    const [watched] = feedWatch(watch, { from: index, to: index + 1 }, { levelDb: -16 });
    const { decision } = watched!;
    raised = decision.modes.find(({ failureMode, active }) => active && failureMode === vibrationLevelMode);
    if (raised === undefined) continue;
    const { data } = createAlertEvent({
      transition: "raised",
      updateNumber: 0,
      decision,
      mode: raised,
      state: "unacknowledged",
      severity: "warning",
      sinceMs: raised.sinceMs!,
      explanation: null,
      horizonHours: null,
    });
    const reason = describeReason(data);
    const told = /^(.*) dB above its own reference, risen within \d+ s from below (.*) dB$/.exec(reason)!;
    expect(Number(told[1])).toBeCloseTo(decision.severityDb!, 1);
    const { fast } = watch
      .snapshot()
      .decider.signals.find((each) => each.failureMode === vibrationLevelMode)!;
    const bound = findBound(fast, severitySpread, {
      elapsedMs: 0,
      ceiling: Number.POSITIVE_INFINITY,
      isPooled: false,
    });
    expect(Math.abs(Number(told[2]) - bound)).toBeLessThan(0.06);
    const loudest = Math.max(...before.slice(100).map(({ decision: { severityDb } }) => severityDb ?? 0));
    expect(Number(told[2])).toBeGreaterThan(loudest);
    // For hours as loud: nothing is said of a rise.
    const later = { ...data, lane: "slow", since: "1970-01-01T00:00:00Z" } as const;
    expect(describeReason(later)).toMatch(/ dB above its own reference, louder for \d+ min$/);
  }
  expect(raised).toBeDefined();
});

test("a level so high that its odds are certain says nothing of where it rose from", () => {
  const level = { ...fault, failureMode: vibrationLevelMode, score: 60, severityDb: 60, probability: 1 };
  expect(describeReason(level)).toBe("60.0 dB above its own reference, risen within 50 s");
});

test("an alarm that ended says since when its signal was quiet and how it stands, or who ended it", () => {
  const healthy = { ...fault, score: -0.9, probability: 0.08, severityDb: 0.3 };
  expect(
    describeClearing(
      { ...healthy, window: { ...fault.window, to: "2026-01-20T02:00:00Z" } },
      "2026-01-02T02:00:00Z",
    ),
  ).toBe(
    "near the healthy level since 2026-01-02T02:00:00Z, for 18 d; the last window by itself with score 0.2 below this machine's own when healthy (probability 0.08), 0.3 dB above its own reference",
  );
  const level = { ...healthy, failureMode: vibrationLevelMode, score: 0.3 };
  expect(describeClearing(level, null)).toBe(
    "near the healthy level; the last window by itself with 0.3 dB above its own reference",
  );
  expect(describeClearing({ ...fault, clearedBecause: "found healthy by ana" }, null)).toBe(
    "found healthy by ana",
  );
});
