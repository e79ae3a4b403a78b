import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createDriftBench, dayName, firstDayMs, hourMs, point, reportsOf } from "../drift-bench.ts";
import { knownModel } from "../known-model.ts";

const one = point("wt-1");
const two = point("wt-2");

/** A bench of which two points have been assessed on days 0 to `days` − 1, each on the next morning. */
async function afterDays(days: number) {
  const bench = createDriftBench();
  for (let day = 0; day < days; day++) {
    for (const of of [one, two]) await bench.sendDay(of, day);
    await bench.runAt(day + 1, 3);
  }
  return bench;
}

describe("the drift job", () => {
  it("learns, and then says of every day once how it was", async () => {
    const bench = await afterDays(9);
    const expected = ["learning", "learning", "learning", "learning", "learning"]
      .concat(["stable", "stable", "stable", "stable"])
      .map((level, day) => `${day}:${level}`);
    expect(await bench.levels(one, 9)).toEqual(expected);
    expect(await bench.levels(two, 9)).toEqual(expected);
    const before = await bench.verdicts(8);
    expect(before[0]).toMatchObject({
      ...one,
      modelDigest: "d",
      modelVersion: "1.0.0",
      rows: 144,
      reason: null,
      cause: null,
    });
    expect(await bench.runAt(9, 4)).toEqual({ verdicts: 0, periods: 0, events: 0 });
    expect(await bench.verdicts(8)).toEqual(before);
    expect(await bench.record.driftBacklog()).toEqual({ openPeriods: 0, lateReports: 0 });
    const text = await bench.metrics.render();
    expect(text).toContain('aurora_drift_verdicts_total{level="learning"} 10');
    expect(text).toContain('aurora_drift_verdicts_total{level="stable"} 8');
    expect(text).toMatch(/aurora_drift_assessment_seconds_count 18/);
    expect(text).toMatch(/aurora_drift_run_seconds 0\.\d+/);
    expect(text).toContain("aurora_drift_open_periods 0");
  });

  it("waits until a point has gone on to the next day, or two hours", async () => {
    const bench = createDriftBench();
    await bench.sendDay(one, 0);
    await bench.sendDay(two, 0, {}, "gw-2");
    expect((await bench.runAt(1, 0)).verdicts).toBe(0);
    // The first of the next day, of one of the points.
    await bench.sendDay(one, 1, { hours: [0, 1] });
    expect((await bench.runAt(1, 1)).verdicts).toBe(1);
    expect(await bench.verdicts(0)).toMatchObject([one]);
    expect((await bench.runAt(1, 1.9)).verdicts).toBe(0);
    expect((await bench.runAt(1, 2)).verdicts).toBe(1);
    expect((await bench.verdicts(1)).length).toBe(0);
  });

  it("assesses no half of a day of a point whose device lags behind the others of its gateway", async () => {
    const bench = await afterDays(6);
    bench.nowMs = firstDayMs + 9 * 24 * hourMs;
    await bench.sendDay(one, 6);
    await bench.sendDay(two, 6, { hours: [0, 13] });
    await bench.sendDay(one, 7);
    expect((await bench.runAt(9, 0.1)).verdicts).toBe(1);
    await bench.sendDay(two, 6, { hours: [13, 24] });
    await bench.sendDay(two, 7);
    expect((await bench.runAt(9, 0.2)).verdicts).toBe(1);
    expect(await bench.verdicts(6)).toMatchObject([
      { ...one, rows: 144 },
      { ...two, rows: 144 },
    ]);
    expect(await bench.record.driftBacklog()).toEqual({ openPeriods: 2, lateReports: 0 });
  });

  it("assesses what comes after an outage of 36 hours in its order, each day once", async () => {
    const bench = await afterDays(6);
    // Heard until noon of day 6; the other gateway goes on.
    await bench.sendDay(one, 6, { hours: [0, 12] });
    for (const day of [6, 7]) {
      await bench.sendDay(two, day, {}, "gw-2");
      await bench.runAt(day + 1, 3);
    }
    expect(await bench.levels(one, 9)).toHaveLength(7);
    expect((await bench.verdicts(6))[0]).toMatchObject({ ...one, rows: 72 });
    // Back on day 8: first what is left of day 6, then all of day 7, then today.
    bench.nowMs = firstDayMs + 8 * 24 * hourMs + 4 * hourMs;
    await bench.sendDay(one, 6, { hours: [12, 24] });
    await bench.sendDay(one, 7);
    expect((await bench.job.run()).verdicts).toBe(0);
    await bench.sendDay(one, 8, { hours: [0, 4] });
    expect((await bench.job.run()).verdicts).toBe(1);
    await bench.sendDay(one, 8, { hours: [4, 24] });
    await bench.runAt(9, 3);
    expect((await bench.levels(one, 9)).map((level) => level.split(":")[0])).toEqual([..."012345678"]);
    const [late] = await bench.verdicts(7);
    expect(late).toMatchObject({ ...one, rows: 144, level: "stable" });
    // Of day 6 the morning was assessed; the rest is shown and was not.
    expect(await bench.record.driftBacklog()).toEqual({ openPeriods: 0, lateReports: 12 });
    const [day] = await bench.record.driftOfDay({ day: dayName(6), turbine: "wt-1" });
    expect(day).toMatchObject({ reports: 24 });
  });

  it("assesses no late day before all of it has come, however long ago it was", async () => {
    const bench = await afterDays(6);
    bench.nowMs = firstDayMs + 9 * 24 * hourMs;
    // In pieces: the job runs between them.
    await bench.sendDay(one, 6, { hours: [0, 10] });
    expect((await bench.runAt(9, 0.1)).verdicts).toBe(0);
    await bench.sendDay(one, 6, { hours: [10, 24] });
    await bench.sendDay(one, 7, { hours: [0, 7] });
    expect((await bench.runAt(9, 0.2)).verdicts).toBe(1);
    expect((await bench.verdicts(6))[0]).toMatchObject({ ...one, rows: 144 });
    await bench.sendDay(one, 7, { hours: [7, 24] });
    expect((await bench.runAt(9, 2.1)).verdicts).toBe(0);
    expect((await bench.runAt(9, 2.3)).verdicts).toBe(1);
    expect((await bench.verdicts(7))[0]).toMatchObject({ ...one, rows: 144 });
    expect((await bench.record.driftBacklog()).lateReports).toBe(0);
  });

  it("waits with the second of two late days until the first is assessed", async () => {
    const bench = await afterDays(6);
    bench.nowMs = firstDayMs + 9 * 24 * hourMs;
    const days = [6, 7, 8].flatMap((day) => reportsOf(one, day));
    await bench.send(days);
    expect((await bench.runAt(9, 2)).verdicts).toBe(3);
    const references = await bench.record.driftReference({ ...one, modelDigest: "d" });
    expect(references).toMatchObject({ untilMs: firstDayMs + 9 * 24 * hourMs });
  });

  it("neither learns from a day that comes after a later one, nor leaves it open", async () => {
    const bench = await afterDays(6);
    await bench.sendDay(one, 7);
    await bench.runAt(8, 3);
    const before = await bench.record.driftReference({ ...one, modelDigest: "d" });
    await bench.sendDay(one, 6);
    await bench.runAt(8, 5.1);
    expect((await bench.verdicts(6))[0]).toMatchObject({
      level: "insufficient",
      reason: "it came after a later period had been assessed",
    });
    expect(await bench.record.driftReference({ ...one, modelDigest: "d" })).toEqual(before);
    expect((await bench.record.driftBacklog()).openPeriods).toBe(0);
  });

  it("ends no day early because a gateway's clock is ahead", async () => {
    const bench = await afterDays(6);
    bench.nowMs = firstDayMs + 6 * 24 * hourMs + 23.5 * hourMs;
    await bench.sendDay(one, 6, { hours: [0, 23] });
    await bench.sendDay(one, 7, { hours: [0, 1] });
    expect((await bench.job.run()).verdicts).toBe(0);
    // Set right again: its last word is of today.
    bench.nowMs += 1;
    await bench.sendDay(one, 6, { hours: [23, 24] });
    expect((await bench.runAt(7, 0)).verdicts).toBe(0);
    expect((await bench.runAt(7, 2)).verdicts).toBe(1);
    expect((await bench.verdicts(6))[0]).toMatchObject({ rows: 144 });
  });

  it("learns anew after somebody renewed the point's baseline, and only there", async () => {
    const bench = await afterDays(7);
    for (const of of [one, two]) await bench.sendDay(of, 7);
    bench.nowMs = firstDayMs + 7 * 24 * hourMs + 15 * hourMs;
    const renewed = { kind: "event", name: "baseline-renewed", detail: "by anna: bearing replaced" } as const;
    await bench.send([{ ...renewed, timeMs: bench.nowMs, subject: "wt-1/generator-bearing" }]);
    // Of another turbine, another gateway, and no point at all.
    await bench.send([{ ...renewed, timeMs: bench.nowMs, subject: "wt-9/generator-bearing" }]);
    await bench.send([{ ...renewed, timeMs: bench.nowMs, subject: "wt-2" }]);
    await bench.send([{ ...renewed, timeMs: bench.nowMs, subject: "wt-2/generator-bearing" }], "gw-2");
    await bench.runAt(8, 3);
    expect((await bench.verdicts(7)).map(({ level, reason }) => [level, reason])).toEqual([
      ["learning", "its own reference was renewed within this period"],
      ["stable", null],
    ]);
    for (const of of [one, two]) await bench.sendDay(of, 8);
    await bench.runAt(9, 3);
    expect((await bench.verdicts(8)).map(({ level }) => level)).toEqual(["learning", "stable"]);
    expect((await bench.verdicts(8))[0]!.reason).toMatch(/^[01] of 5 days/);
  });

  it("learns anew once after a repair, also where another gateway reports of the point for a while", async () => {
    const bench = await afterDays(7);
    const renewed = { kind: "event", name: "baseline-renewed", detail: "by anna: repaired" } as const;
    await bench.send([{ ...renewed, timeMs: bench.nowMs, subject: "wt-1/generator-bearing" }]);
    for (let day = 7; day < 15; day++) {
      await bench.sendDay(one, day, {}, day > 11 && day < 14 ? "gw-2" : "gw-1");
      await bench.runAt(day + 1, 3);
    }
    const levels = (await bench.levels(one, 15)).slice(7).map((level) => level.split(":")[1]);
    expect(levels).toEqual([...new Array<string>(6).fill("learning"), "stable", "stable"]);
  });

  it("believes no renewal's time that cannot be", async () => {
    const bench = await afterDays(7);
    await bench.sendDay(one, 7);
    bench.nowMs = firstDayMs + 8 * 24 * hourMs + hourMs;
    const renewed = {
      kind: "event",
      name: "baseline-renewed",
      detail: "",
      subject: "wt-1/generator-bearing",
    } as const;
    await bench.send([{ ...renewed, timeMs: Date.UTC(2038, 0, 1) }]);
    await bench.runAt(8, 3);
    expect((await bench.verdicts(7))[0]).toMatchObject({ ...one, level: "stable" });
    await bench.sendDay(one, 8);
    await bench.runAt(9, 3);
    expect((await bench.verdicts(8))[0]).toMatchObject({ ...one, level: "learning" });
  });

  it("learns a new model's features anew, and goes on with the levels that it shares", async () => {
    const bench = await afterDays(8);
    bench.models.set("e", knownModel("e"));
    await bench.sendDay(one, 8, { hours: [0, 10] });
    await bench.sendDay(one, 8, { hours: [10, 24], digest: "e" });
    await bench.runAt(9, 3);
    const updated = await bench.verdicts(8);
    expect(updated.map(({ modelDigest, modelVersion }) => [modelDigest, modelVersion])).toEqual([
      ["d", "1.0.0"],
      ["e", "1.1.0"],
    ]);
    const stored = await bench.record.driftReference({ ...one, modelDigest: "e" });
    const { columns } = stored!.reference as { columns: { name: string; isLearnt: boolean }[] };
    expect(columns.map(({ name, isLearnt }) => [name, isLearnt])).toEqual([
      ["feature.0", false],
      ["feature.1", false],
      ["score.wear", false],
      ["level.0", true],
    ]);
    // A level that moves is seen while the features are still learnt.
    await bench.sendDay(one, 9, { digest: "e", shift: { columns: [0, 3], by: 4 } });
    await bench.runAt(10, 3);
    const [moved] = await bench.verdicts(9);
    expect(moved).toMatchObject({ modelDigest: "e", level: "drift" });
    expect(moved!.shifts.map(({ name }) => name)).toEqual(["level.0"]);
  });

  it("goes on with levels over a change of model although there was a repair long before it", async () => {
    const bench = createDriftBench();
    await bench.sendDay(one, 0);
    await bench.runAt(1, 1);
    const renewed = { kind: "event", name: "baseline-renewed", detail: "by anna: repaired" } as const;
    await bench.send([{ ...renewed, timeMs: bench.nowMs, subject: "wt-1/generator-bearing" }]);
    for (let day = 1; day < 9; day++) {
      await bench.sendDay(one, day);
      await bench.runAt(day + 1, 3);
    }
    bench.models.set("e", knownModel("e"));
    await bench.sendDay(one, 9, { digest: "e" });
    await bench.runAt(10, 3);
    const key = { ...one, modelDigest: "e" };
    expect((await bench.record.driftReference(key))!.reference).toMatchObject({
      columns: [{ isLearnt: false }, { isLearnt: false }, { isLearnt: false }, { isLearnt: true }],
    });
    // A repair within the period of an update: nothing of that period is learnt under either model.
    bench.models.set("f", knownModel("f"));
    await bench.sendDay(one, 10, { digest: "e", hours: [0, 10] });
    bench.nowMs = firstDayMs + 10 * 24 * hourMs + 12 * hourMs;
    await bench.send([{ ...renewed, timeMs: bench.nowMs, subject: "wt-1/generator-bearing" }]);
    await bench.sendDay(one, 10, { digest: "f", hours: [10, 24] });
    await bench.runAt(11, 3);
    expect((await bench.verdicts(10)).map(({ level, reason }) => [level, reason])).toEqual([
      ["learning", "its own reference was renewed within this period"],
      ["learning", "its own reference was renewed within this period"],
    ]);
    await bench.sendDay(one, 11, { digest: "f" });
    await bench.runAt(12, 3);
    const [next] = await bench.verdicts(11);
    expect(next!.reason).toMatch(/^[01] of 5 days/);
  });

  it("tells of a drift two weeks later since which date it stands", async () => {
    const bench = await afterDays(6);
    await bench.sendDay(one, 6, { shift: { columns: [0, 3], by: 4 } });
    await bench.runAt(20, 3);
    expect((await bench.events()).at(-1)!.detail).toContain("since 21 November,");
  });

  it("says of a model whose bundle it does not know that it does not", async () => {
    const bench = createDriftBench();
    await bench.sendDay(one, 0, { digest: "unheard-of" });
    await bench.runAt(1, 3);
    const [verdict] = await bench.verdicts(0);
    expect(verdict).toMatchObject({ level: "insufficient", rows: 144, pValue: null });
    expect(verdict!.reason).toMatch(/bundle of this model is not known here/);
    expect(verdict!.reason).toMatch(/this period is not assessed later/);
    expect(await bench.record.driftReference({ ...one, modelDigest: "unheard-of" })).toBeNull();
  });

  it("goes on with the other points when one cannot be assessed for a fault of its own", async () => {
    const bench = await afterDays(6);
    bench.models.set("broken", { ...knownModel("broken"), reference: null as never });
    await bench.sendDay(one, 6, { digest: "broken" });
    await bench.sendDay(two, 6);
    expect(await bench.runAt(7, 3)).toMatchObject({ verdicts: 2, periods: 1 });
    expect((await bench.verdicts(6)).map(({ level, reason }) => [level, reason])).toEqual([
      ["insufficient", "the assessment itself failed; the collector's log says why"],
      ["stable", null],
    ]);
  });

  it.each([
    ["of another version", { reference: { version: 99, columns: [] } }],
    ["damaged", { reference: "damaged" }],
  ])("learns anew where the reference is %s", async (_, changes) => {
    const bench = await afterDays(6);
    const stored = (await bench.record.driftReference({ ...one, modelDigest: "d" }))!;
    const [before] = await bench.verdicts(5);
    await bench.sendDay(one, 6);
    const verdict = { ...before!, fromMs: before!.toMs, toMs: before!.toMs + 24 * hourMs };
    expect(await bench.record.storeVerdict({ ...stored, ...changes, verdict })).toBe(true);
    await bench.sendDay(one, 7);
    await bench.runAt(8, 3);
    expect((await bench.verdicts(7))[0]).toMatchObject({ ...one, level: "learning" });
    const next = await bench.record.driftReference({ ...one, modelDigest: "d" });
    expect(next!.reference).toMatchObject({ version: 1, lastMs: firstDayMs + 7 * 24 * hourMs });
  });

  it("assesses short periods, and shows the newest of a day", async () => {
    const bench = createDriftBench({ drift: { periodSeconds: 60 } });
    const minute = 60_000;
    for (let period = 0; period < 8; period++) {
      bench.nowMs = firstDayMs + period * minute;
      const fromMs = firstDayMs + period * minute;
      await bench.sendDay(one, 0, { fromMs, periodMs: minute });
      bench.nowMs += minute + 30_000;
      await bench.job.run();
    }
    const page = await bench.record.driftVerdicts({ day: dayName(0), limit: 10 });
    expect(page.verdicts).toMatchObject([{ level: "stable", fromMs: firstDayMs + 7 * minute, rows: 144 }]);
    const { days, points } = await bench.record.driftDays({ from: dayName(0), to: dayName(0) });
    expect(days.slice(0, 2)).toEqual([`${dayName(0)}T00:00Z`, `${dayName(0)}T00:01Z`]);
    expect(points[0]!.levels.slice(4)).toEqual(["learning", "stable", "stable", "stable"]);
    const [day] = await bench.record.driftOfDay({ day: dayName(0) });
    expect(day).toMatchObject({ reports: 8 * 24 });
    expect(day!.sketches[0]!.counts.reduce((sum, count) => sum + count)).toBe(8 * 144);
    const one0 = await bench.record.driftVerdicts({ day: `${dayName(0)}T00:04Z`, limit: 10 });
    expect(one0.verdicts).toMatchObject([{ fromMs: firstDayMs + 4 * minute }]);
  });

  it("is not stopped by a gateway whose short periods do not fit together", async () => {
    const bench = createDriftBench({ drift: { periodSeconds: 60 } });
    const minute = 60_000;
    const short = (period: number) => ({ fromMs: firstDayMs + period * minute, periodMs: minute });
    const reshape = (period: number, counts: readonly number[]) =>
      reportsOf(one, 0, { ...short(period), digest: "foreign" })
        .slice(0, 1)
        .map((report) => {
          const sketch = { ...report.sketches[0]!, mean: 0, sumSquares: 1, min: -1, max: 1 };
          return { ...report, sketches: [{ ...sketch, counts }] };
        });
    const most = 2 ** 32 - 8;
    bench.nowMs = firstDayMs + minute;
    await bench.send(reshape(0, [1, 1, 1, most]));
    // Counts that no day has room for, and bins of another count, which are not taken in.
    await bench.send(reshape(1, [1, 1, 1, most]));
    const { records } = await bench.send(reshape(2, [1, 1, 1, 1, 1]));
    expect(records).toMatchObject([{ ok: false, error: { reason: "drift-bins" } }]);
    for (const period of [0, 1, 2]) await bench.sendDay(two, 0, short(period), "gw-2");
    bench.nowMs = firstDayMs + 10 * minute;
    expect(await bench.job.run()).toMatchObject({ verdicts: 5, periods: 3 });
    expect((await bench.record.driftBacklog()).openPeriods).toBe(0);
    const foreign = await bench.record.driftOfDay({ day: dayName(0), turbine: "wt-1" });
    expect(foreign).toMatchObject([{ reports: 1, sketches: [{ counts: [1, 1, 1, most] }] }]);
  });

  it("goes on with the other points where what is kept of one cannot be read", async () => {
    const path = join(createTemporaryFolder(), "collector.sqlite");
    const bench = createDriftBench({ path });
    for (const of of [one, two]) await bench.sendDay(of, 0);
    const other = openSqlite(path);
    other.prepare("UPDATE drift_period SET sketches = x'0102' WHERE id = 1").run();
    other.close();
    expect(await bench.runAt(1, 3)).toMatchObject({ verdicts: 2, periods: 1 });
    expect((await bench.verdicts(0)).map(({ level, reason }) => [level, reason])).toEqual([
      ["insufficient", "what was heard of it does not hold together; the collector's log says why"],
      ["learning", "0 of 5 days are known"],
    ]);
  });

  it("gives way after every point, and ends early when it is stopped", async () => {
    const bench = createDriftBench();
    for (let turbine = 0; turbine < 30; turbine++) await bench.sendDay(point(`wt-${turbine}`), 0);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await bench.runAt(1, 3);
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(15);
    for (let turbine = 0; turbine < 30; turbine++) await bench.sendDay(point(`wt-${turbine}`), 1);
    const run = bench.runAt(2, 3);
    setTimeout(() => bench.job.stop(), 5);
    const { verdicts } = await run;
    expect(verdicts).toBeLessThan(30);
    expect((await bench.record.driftBacklog()).openPeriods).toBe(30 - verdicts);
  });
});
