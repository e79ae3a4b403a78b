import { expect, it } from "vitest";
import { createPointHistory } from "../../../../src/cli/score/replay/point-history.ts";
import { renderReplay } from "../../../../src/cli/score/replay/render-replay.ts";
import type { AlertSeverity, AlertTransition } from "../../../../src/core/contract/alert.ts";
import type { PhysicalEvidence } from "../../../../src/core/contract/physical-evidence.ts";
import type { AlarmLane } from "../../../../src/core/contract/prediction.ts";
import { createAlertEvent } from "../../../../src/core/decision/alarms/alert-event.ts";
import { decisionAt } from "../../../core/decision/alarms/decisions.ts";

const status = {
  isProvisional: false,
  version: 1,
  windows: 128,
  suspicions: ["it wandered"],
  whyItLearnsNothing: null,
  lastingRise: null,
} as const;

/** What the spectrum shows at last. */
const grown: PhysicalEvidence = {
  windows: 10,
  speedRpm: { min: 1490, max: 1510 },
  lines: [],
  harmonics: { found: 1, of: 3 },
  sideBands: { found: 0, of: 1 },
  rival: null,
  against: [],
  sentence: "A line at 1× the outer race's order.",
};

/** A day of one point: learnt, raised, critical, cleared, and raised again by the other lane. */
function tellDay() {
  const history = createPointHistory("b1");
  const { sink } = history;
  const fromMs = Date.UTC(2004, 1, 12);
  const hour = (hours: number): number => fromMs + hours * 3_600_000;
  const alert = (
    hours: number,
    transition: AlertTransition,
    severity: AlertSeverity,
    {
      lane,
      severityDb = -1.25,
      evidence,
    }: { readonly lane: AlarmLane; readonly severityDb?: number; readonly evidence?: PhysicalEvidence },
  ): void => {
    const before = decisionAt(0, [["outer-race", 0.9, 0]]);
    const mode = { ...before.modes[0]!, active: transition !== "cleared", lane };
    const decision = {
      ...before,
      fromMs: hour(hours) - 1000,
      toMs: hour(hours),
      modes: [mode],
      severityDb,
    };
    sink.onDecision(decision, null);
    sink.onAlerts([
      createAlertEvent({
        transition,
        updateNumber: 1,
        decision,
        mode,
        state: transition === "cleared" ? "returned-unacknowledged" : "unacknowledged",
        severity,
        sinceMs: hour(hours) - 60_000,
        explanation: null,
        horizonHours: null,
        evidence: evidence ?? null,
      }),
    ]);
  };
  history.noteRecording(fromMs);
  sink.onBaseline(
    hour(1),
    { ...status, state: "learning" },
    { kind: "unsteady", detail: "the speed wandered" },
  );
  sink.onBaseline(
    hour(2),
    { ...status, state: "ready" },
    { kind: "ready", detail: "version 1 of 128 windows" },
  );
  alert(3, "raised", "warning", { lane: "fast" });
  alert(4, "updated", "critical", { lane: "fast", severityDb: 2.5, evidence: grown });
  alert(5, "updated", "critical", { lane: "fast", severityDb: 7.25 });
  for (const [hours, isQuiet] of [
    [5.1, true],
    [5.2, false],
    [5.3, true],
    [5.4, true],
  ] as const)
    sink.onHeld(hour(hours), [{ failureMode: "outer-race", isQuiet, whyItStands: null }]);
  alert(6, "cleared", "critical", { lane: "fast", severityDb: 0.5 });
  alert(7, "raised", "warning", { lane: "slow" });
  sink.setAside(
    { reason: "range", deviceId: "file", channel: "a", timestampMs: 0, detail: "", samples: 496 },
    0,
  );
  sink.setAside(
    { reason: "gap", deviceId: "file", channel: "a", timestampMs: 0, detail: "", samples: 9000 },
    1,
  );
  history.noteSetAside("sameTime");
  history.noteEnd(hour(8) + 40, { revolutions: 20, samples: 12_000 });
  return history.report();
}

it("tells an alarm as it was when it was raised, and apart from that what it grew to", () => {
  const { alarms, learntAt, state, from, to, setAside } = tellDay();
  expect({ learntAt, state, from, to }).toEqual({
    learntAt: "2004-02-12T02:00:00Z",
    state: "own-reference",
    from: "2004-02-12T00:00:00Z",
    to: "2004-02-12T08:00:00.040Z",
  });
  expect(alarms).toMatchObject([
    {
      failureMode: "outer-race",
      raisedAt: "2004-02-12T03:00:00Z",
      criticalAt: "2004-02-12T04:00:00Z",
      criticalEvidence: grown,
      clearedAt: "2004-02-12T06:00:00Z",
      quietSince: "2004-02-12T05:18:00Z",
      clearedReason:
        "near the healthy level since 2004-02-12T05:18:00Z, for 42 min; the last window by itself with probability 0.90, 0.5 dB above its own reference",
      severity: "warning",
      severityDb: -1.25,
      lane: "fast",
      since: "2004-02-12T02:59:00Z",
      evidence: null,
      worst: { severity: "critical", severityDb: 7.25, severityDbAt: "2004-02-12T05:00:00Z" },
    },
    {
      raisedAt: "2004-02-12T07:00:00Z",
      clearedAt: null,
      clearedReason: null,
      quietSince: null,
      criticalAt: null,
      severity: "warning",
      severityDb: -1.25,
      lane: "slow",
      worst: {
        severity: "warning",
        severityDb: -1.25,
        severityDbAt: "2004-02-12T07:00:00Z",
        lastOutlook: null,
        lastOutlookAt: null,
      },
    },
  ]);
  expect(setAside).toEqual({
    windows: 1,
    samples: { range: 496 },
    lostShare: 496 / 12_000,
    recordings: {
      sameTime: 1,
      overlapping: 0,
      repeated: 0,
      unread: 0,
      mostlyLost: 0,
      tooShort: 0,
      slowed: 0,
      standby: 0,
    },
  });
});

it("tells it in words, in order of time", () => {
  const report = tellDay();
  expect(
    renderReplay(
      [report, createPointHistory("b2").report()],
      {
        falsePerTurbineYear: 0.1,
        points: 4,
        turbines: [
          { turbine: "WT01", points: 2 },
          { turbine: "WT02", points: 1 },
          { turbine: null, points: 1 },
        ],
      },
      3,
    ),
  ).toBe(
    `b1: 1 recording, 2004-02-12T00:00:00Z to 2004-02-12T08:00:00.040Z, 0 windows
  2004-02-12T00:00:00Z  learning
  2004-02-12T01:00:00Z  too unsteady to learn from, learning on: the speed wandered
  2004-02-12T02:00:00Z  own reference: version 1 of 128 windows
  2004-02-12T03:00:00Z  raised outer race fault by the fast lane, since 2004-02-12T02:59:00Z: ${report.alarms[0]!.reason}
  2004-02-12T04:00:00Z  outer race fault is critical: A line at 1× the outer race's order
  2004-02-12T05:00:00Z  outer race fault at its loudest, 7.3 dB
  2004-02-12T06:00:00Z  cleared outer race fault: ${report.alarms[0]!.clearedReason}
  2004-02-12T07:00:00Z  raised outer race fault by the slow lane, since 2004-02-12T06:59:00Z: ${report.alarms[1]!.reason}
  at the end outer race fault (warning) stands; doubtful reference: it wandered

b2: 0 recordings, 0 windows
  no window could be decided

budget: 0.1 false alarms a turbine and year, shared by 2 points of WT01; 1 point of WT02; 1 point taken for one turbine's
set aside: 1 recording at a time that was there already, 1 window lost to bad data, 496 samples (range), 3 files that could not be read
`,
  );
  expect(report.alarms.map(({ reason }) => reason)).toEqual([
    "probability 0.90 within 60 s, 1.3 dB below its own reference",
    "above how it was before for 60 s, the last window by itself with probability 0.90, 1.3 dB below its own reference",
  ]);
});

it("calls a point whose learning was refused by that name, never learnt", () => {
  const history = createPointHistory("b1");
  history.sink.onDecision(decisionAt(0, [["outer-race", 0.9, null]]), { window: {} } as never);
  const refusal = "half of the windows look like an outer race fault";
  history.sink.onBaseline(
    Date.UTC(2004, 1, 12),
    { ...status, state: "refused", suspicions: [], refusal },
    { kind: "refused", detail: refusal },
  );
  const report = history.report();
  expect(report).toMatchObject({ state: "refused", refusal, learntAt: null });
  expect(
    renderReplay(
      [report],
      { falsePerTurbineYear: 0.1, points: 1, turbines: [{ turbine: null, points: 1 }] },
      0,
    ),
  ).toContain(
    `  no alarm would have been raised; it has no reference of its own, since it looks faulty: ${refusal}\n`,
  );
});

it("says of a point that learns nothing what keeps it from that", () => {
  const history = createPointHistory("b1");
  history.sink.onDecision(decisionAt(0, [["outer-race", 0.9, null]]), { window: {} } as never);
  const tell = (why: { readonly whyItLearnsNothing?: string }): string => {
    history.sink.onBaseline(0, { ...status, windows: 0, state: "learning", suspicions: [], ...why }, null);
    return renderReplay([history.report()], { falsePerTurbineYear: 0.1, points: 1, turbines: [] }, 0);
  };
  const whyItLearnsNothing = "nothing is learnt as long as it looks as if a fault began";
  expect(tell({ whyItLearnsNothing })).toContain(
    `; still learning, of 0 windows so far; ${whyItLearnsNothing}\n`,
  );
  expect(history.report().whyItLearnsNothing).toBe(whyItLearnsNothing);
  expect(tell({})).toContain("; still learning, of 0 windows so far\n");
  expect(history.report().whyItLearnsNothing).toBeNull();
});

it("says at the end which kind rose above its own reference and stays, where nothing was raised", () => {
  const history = createPointHistory("b1");
  history.sink.onDecision(decisionAt(0, [["outer-race", 0.9, null]]), { window: {} } as never);
  const tell = (rise: {
    readonly lastingRise?: { readonly failureMode: string; readonly logits: number };
  }) => {
    history.sink.onBaseline(0, { ...status, state: "ready", suspicions: [], ...rise }, null);
    return renderReplay([history.report()], { falsePerTurbineYear: 0.1, points: 1, turbines: [] }, 0);
  };
  const lastingRise = { failureMode: "outer-race", logits: 2.34 };
  expect(tell({ lastingRise })).toContain(
    "  no alarm would have been raised; outer race has stood 2.3 above its own reference in most hours of about a day",
  );
  expect(history.report().lastingRise).toEqual(lastingRise);
  expect(tell({})).not.toContain("has stood");
  expect(history.report().lastingRise).toBeNull();
});

/** A point that was played a recording an hour, of whose windows each has such a level. */
function hearLevels(
  levels: readonly number[],
  { history, fromMs } = { history: createPointHistory("b1"), fromMs: Date.UTC(2004, 1, 12) },
) {
  let quietWindows = 0;
  for (const [hour, severityDb] of levels.entries()) {
    const startMs = fromMs + hour * 3_600_000;
    const window = { fromMs: startMs, toMs: startMs + 2000, shaftRpm: 1500 };
    history.noteRecording(startMs);
    quietWindows = severityDb < -9 ? quietWindows + 1 : 0;
    history.sink.onDecision(decisionAt(startMs, [["outer-race", 0.1, null]]), { window } as never);
    history.sink.onLevel({
      ...window,
      severity: { atMostDb: severityDb },
      quietWindows,
      isDeaf: quietWindows >= 3,
      modes: [],
    });
    history.noteEnd(window.toMs, { revolutions: 50, samples: 24_000 });
  }
  return history;
}

it("tells since when a sensor hears far less than before, how much less, and when it heard again", () => {
  const loud = [0, 1, 0];
  const ended = hearLevels([...loud, -20, -12, ...loud, -30, -40, -50, -40, ...loud]).report();
  // Two quiet windows are none that are told.
  expect(ended.deaf).toEqual([
    {
      since: "2004-02-12T08:00:00Z",
      toldAt: "2004-02-12T10:00:02Z",
      until: "2004-02-12T11:00:02Z",
      quieterDb: 40,
    },
  ]);
  const budget = { falsePerTurbineYear: 0.1, points: 1, turbines: [{ turbine: null, points: 1 }] };
  expect(renderReplay([ended], budget, 0)).toContain(`
  2004-02-12T08:00:00Z  its sensor hears 40 dB less than when the machine was healthy: does the machine stand, or is the sensor loose? Check how it is mounted; once it was mounted anew: aurora baseline renew
  2004-02-12T11:00:02Z  its sensor hears it again
  no alarm would have been raised, but its sensor heard 40 dB less than when the machine was healthy from 2004-02-12T08:00:00Z to 2004-02-12T11:00:02Z
`);
  const history = hearLevels([...loud, -30, -40, -50, -40]);
  const renewedMs = Date.UTC(2004, 1, 12, 6, 30);
  const news = { kind: "renewed", detail: "begun anew" } as const;
  history.sink.onBaseline(renewedMs, { ...status, state: "learning", suspicions: [] }, news);
  hearLevels([0, 0], { history, fromMs: Date.UTC(2004, 1, 12, 7) });
  const renewed = history.report();
  expect(renewed.deaf).toMatchObject([{ until: "2004-02-12T06:30:00Z", isRenewed: true, quieterDb: 40 }]);
  const text = renderReplay([renewed], budget, 0);
  expect(text).toContain("  2004-02-12T06:30:00Z  what it heard before is no measure any more\n");
  expect(text).not.toContain("hears it again");
  const lasting = hearLevels([...loud, -50, -50, -50, -54]).report();
  expect(lasting.deaf).toMatchObject([{ since: "2004-02-12T03:00:00Z", until: null, quieterDb: 51 }]);
  expect(renderReplay([lasting], budget, 0)).toContain(
    "no alarm would have been raised, but since 2004-02-12T03:00:00Z its sensor has heard 51 dB less than when",
  );
  const nightly = hearLevels([0, 1, 2, 3, 4].flatMap(() => [...loud, -30, -30, -30, -30]));
  expect(renderReplay([nightly.report()], budget, 0)).toContain(
    "2004-02-12T17:00:00Z  again its sensor hears 30 dB less than when the machine was healthy, 3 times to the end\n",
  );
});

it.each([
  [
    [0, 0, -50, -50, -50],
    "since 2004-02-12T02:00:00Z its sensor has heard 50 dB less than when the machine was healthy, and no alarm ends by what is not heard",
  ],
  [[0, 0, 11], "the machine is 11 dB above its own level"],
])("says why an alarm stands that nothing shows any more, with levels of %j", (levels, why) => {
  const history = hearLevels(levels);
  const before = decisionAt(Date.UTC(2004, 1, 12), [["outer-race", 0.9, 0]]);
  const mode = { ...before.modes[0]!, active: true, lane: "fast" as const };
  history.sink.onAlerts([
    createAlertEvent({
      transition: "raised",
      updateNumber: 1,
      decision: { ...before, modes: [mode] },
      mode,
      state: "unacknowledged",
      severity: "critical",
      sinceMs: before.fromMs,
      explanation: null,
      horizonHours: null,
      evidence: null,
    }),
  ]);
  const whyItStands = "the machine is 11 dB above its own level";
  history.sink.onHeld(Date.UTC(2004, 1, 13), [{ failureMode: "outer-race", isQuiet: false, whyItStands }]);
  const report = history.report();
  expect(report.alarms).toMatchObject([{ clearedAt: null, whyItStands: why }]);
  expect(
    renderReplay(
      [report],
      { falsePerTurbineYear: 0.1, points: 1, turbines: [{ turbine: null, points: 1 }] },
      0,
    ),
  ).toContain(`  at the end outer race fault (critical) stands: ${why}\n`);
  const [alarm] = report.alarms;
  const other = { ...alarm!, failureMode: "ball", whyItStands: null };
  expect(
    renderReplay(
      [{ ...report, alarms: [alarm!, other] }],
      { falsePerTurbineYear: 0.1, points: 1, turbines: [{ turbine: null, points: 1 }] },
      0,
    ),
  ).toContain(`  at the end outer race fault (critical) stands: ${why}; ball fault (critical) stands\n`);
});
