import { describe, expect, it } from "vitest";
import {
  chooseStopDb,
  createOutlook,
  type Outlook,
  type OutlookForecast,
  tellOutlook,
  withheldReason,
} from "../../../../src/core/decision/outlook/outlook.ts";
import { outlookSnapshotSchema } from "../../../../src/core/decision/outlook/outlook-snapshot.ts";
import { minuteMs } from "../../../../src/core/maths/durations.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";

const reference = { baseline: "0/1", stopDb: 16, spreadDb: 0.5 };

/** Severities of minutes `from` up to `to` by `course`, with noise of 0.2 dB. */
function feed(
  outlook: Outlook,
  course: (minute: number) => number,
  { from = 0, to, shiftMs = 0 }: { readonly from?: number; readonly to: number; readonly shiftMs?: number },
): Outlook {
  for (let minute = from; minute < to; minute++) {
    const noise = 0.2 * createRandom(minute + 7).normal();
    outlook.update({ toMs: minute * minuteMs + shiftMs, severityDb: course(minute) + noise });
  }
  return outlook;
}

/** Flat for two hours, then 4 dB an hour: at 16 dB after six hours. */
const rise = (minute: number): number => Math.max(0, (minute - 120) / 15);

function expectHours(forecast: OutlookForecast): OutlookForecast & { readonly kind: "hours" } {
  if (forecast.kind !== "hours") throw new Error(forecast.reason);
  return forecast;
}

describe("an outlook", () => {
  it("holds the time that a steady rise takes, with its median within a quarter of it", () => {
    const { hours, low, high } = expectHours(feed(createOutlook(reference), rise, { to: 300 }).forecast());
    expect(low).toBeLessThan(1);
    expect(high!).toBeGreaterThan(1);
    expect(hours).toBeGreaterThan(0.6);
    expect(hours).toBeLessThan(1.1);
  });

  it("says the same twice, and after a restart in the midst of a minute", () => {
    const whole = feed(createOutlook(reference), rise, { to: 300 });
    const first = feed(createOutlook(reference), rise, { to: 171 });
    const kept = outlookSnapshotSchema.parse(JSON.parse(JSON.stringify(first.snapshot())));
    const second = feed(createOutlook(reference, { snapshot: kept }), rise, { from: 171, to: 300 });
    expect(second.forecast()).toEqual(whole.forecast());
    expect(second.snapshot()).toEqual(whole.snapshot());
  });

  it("says that the level is reached when it is", () => {
    const outlook = feed(createOutlook(reference), (minute) => minute / 10, { to: 200 });
    expect(outlook.forecast()).toEqual({ kind: "hours", hours: 0, low: 0, high: 0 });
  });

  it.each([
    ["too little of its operation has been seen", () => 0, 10],
    ["its severity is within what it was while healthy", () => 0, 300],
    ["its severity falls or stands still", (minute: number) => 12 - minute / 60, 300],
    [
      "its severity rose within too few blocks of time",
      (minute: number) => (minute < 292 ? 0 : minute - 291),
      300,
    ],
  ] as const)("cannot say: %s", (reason, course, to) => {
    expect(feed(createOutlook(reference), course, { to }).forecast()).toEqual({ kind: "cannot-say", reason });
  });

  it("cannot say of what rose within the last minutes, and does not call it as when healthy", () => {
    const outlook = feed(createOutlook(reference), () => 0, { to: 300 });
    outlook.update({ toMs: 300.1 * minuteMs, severityDb: 23.6 });
    expect(outlook.forecast()).toEqual({
      kind: "cannot-say",
      reason: "its severity rose too short a time ago",
    });
    outlook.update({ toMs: 300.2 * minuteMs, severityDb: 0.1 });
    expect(outlook.forecast()).toMatchObject({ reason: "its severity is within what it was while healthy" });
  });

  it("cannot say what is much further ahead than what was seen", () => {
    const far = { ...reference, stopDb: 90 };
    const said = feed(createOutlook(far), rise, { to: 240 }).forecast();
    expect(said).toMatchObject({ kind: "cannot-say", reason: expect.stringContaining("further ahead") });
  });

  it("counts operation: a week of standstill and a clock that is set back change nothing but a step", () => {
    const steady = expectHours(feed(createOutlook(reference), rise, { to: 300 }).forecast());
    for (const shiftMs of [7 * 24 * 60 * minuteMs, -5 * 60 * minuteMs]) {
      const outlook = feed(createOutlook(reference), rise, { to: 200 });
      // A machine that stands has no severity.
      outlook.update({ toMs: 200.5 * minuteMs, severityDb: null });
      feed(outlook, rise, { from: 200, to: 300, shiftMs });
      const { hours, low } = expectHours(outlook.forecast());
      expect(Math.abs(hours - steady.hours)).toBeLessThan(0.1);
      expect(Math.abs(low - steady.low)).toBeLessThan(0.1);
      expect(outlook.snapshot().operatedMs).toBeLessThanOrEqual(300 * minuteMs);
    }
  });

  it("follows a machine that is heard once a day", () => {
    const outlook = createOutlook(reference);
    for (let day = 0; day < 60; day++) {
      outlook.update({ toMs: day * 1440 * minuteMs, severityDb: Math.max(0, (day - 20) / 4) });
    }
    const { hours } = expectHours(outlook.forecast());
    // 16 dB on day 84.
    expect(hours / 24).toBeGreaterThan(12);
    expect(hours / 24).toBeLessThan(32);
  });

  it("forgets what was heard against another baseline", () => {
    const snapshot = feed(createOutlook(reference), rise, { to: 300 }).snapshot();
    const renewed = createOutlook({ ...reference, baseline: "0/2" }, { snapshot });
    expect(renewed.forecast()).toMatchObject({ kind: "cannot-say" });
    expect(renewed.snapshot().blocks).toEqual([]);
  });

  it("holds a month of minutes in few blocks, in the order of time", () => {
    const outlook = createOutlook(reference);
    for (let minute = 0; minute < 40_000; minute++) {
      outlook.update({ toMs: minute * minuteMs, severityDb: 0 });
    }
    const { blocks } = outlook.snapshot();
    expect(blocks.length).toBeLessThan(250);
    expect(blocks.map((block) => block.atMs)).toEqual(
      blocks.map((block) => block.atMs).sort((a, b) => a - b),
    );
    expect(blocks.reduce((sum, block) => sum + 2 ** block.doublings, 0)).toBe(40_000);
  });

  it("takes no values that are not numbers", () => {
    const outlook = createOutlook(reference);
    outlook.update({ toMs: Number.NaN, severityDb: 1 });
    outlook.update({ toMs: 1, severityDb: Number.NaN });
    expect(outlook.snapshot()).toEqual(createOutlook(reference).snapshot());
  });
});

it("puts the stop level at the zones', or at six healthy deviations where that is more", () => {
  expect([chooseStopDb(0.5), chooseStopDb(4)]).toEqual([16, 24]);
});

it("tells hours only where they have been shown to hold, and a level that is reached always", () => {
  const said: OutlookForecast = { kind: "hours", hours: 3, low: 1, high: null };
  expect(withheldReason).not.toBeNull();
  expect(tellOutlook(said, 16)).toEqual({ cannotSay: withheldReason });
  expect(tellOutlook(said, 16, null)).toEqual({ hours: 3, low: 1, high: null, stopDb: 16 });
  const reached: OutlookForecast = { kind: "hours", hours: 0, low: 0, high: 0 };
  expect(tellOutlook(reached, 16)).toEqual({ hours: 0, low: 0, high: 0, stopDb: 16 });
});
