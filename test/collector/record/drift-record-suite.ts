/** What every engine of the fleet's record must do with drift, from a report to what people were told. */
import { expect, it } from "vitest";
import { createDayReports } from "../../../scripts/drift/fleet-reports.ts";
import type { PeriodKey } from "../../../src/collector/record/drift-record.ts";
import { driftBounds, driftCursor } from "../../../src/collector/record/drift-rules.ts";
import type { FleetRecord } from "../../../src/collector/record/fleet-record.ts";
import type { DriftLoad, DriftVerdict } from "../../../src/core/contract/drift-verdict.ts";
import type { DriftReport } from "../../../src/core/contract/uplink-record.ts";
import type { DaySummary } from "../../../src/core/drift/day-summary.ts";
import { addToDay } from "../../../src/core/drift/merge-day.ts";
import { driftVerdict } from "../../core/contract/drift-verdicts.ts";
import { createLane } from "../envelope-of.ts";
import { smallReference } from "../known-model.ts";

/** Opens a record, for the length of a test or until it is closed. */
type Open = () => Promise<FleetRecord>;

const dayMs = 86_400_000;
const fromMs = Date.UTC(2023, 10, 15);
const place = (turbine: string, site = "north-sea") => ({ site, turbine, component: "generator-bearing" });
const keyOf = (turbine: string, day = 0): PeriodKey => ({
  ...place(turbine),
  modelDigest: "d",
  fromMs: fromMs + day * dayMs,
  toMs: fromMs + (day + 1) * dayMs,
});
const long = { graceMs: 7_200_000, limit: 100 };
const speeds: readonly DriftLoad[] = [
  { by: "speed", band: 20 },
  { by: "power", band: -1 },
];

function dayOf(
  turbine: string,
  day = 0,
  changes: Partial<Parameters<typeof createDayReports>[1]> = {},
): DriftReport[] {
  return createDayReports(smallReference, {
    point: place(turbine),
    fromMs: fromMs + day * dayMs,
    ...changes,
  });
}

/** Stores records of a gateway, each call what follows. */
const createSender = (record: FleetRecord, gateway = "gw-1") =>
  createLane(record, { nowMs: fromMs, gateway, lane: "drift" });

const plain = (turbine: string, day: number, changes: Partial<DriftVerdict> = {}): DriftVerdict =>
  driftVerdict({ ...keyOf(turbine, day), cause: null, ...changes });
const store = (record: FleetRecord, verdict: DriftVerdict, reference: unknown = null): Promise<boolean> =>
  record.storeVerdict({ verdict, reference, renewedMs: null });

/** Runs the suite over an engine. */
export function describeDriftRecord(open: Open): void {
  describeSummaries(open);
  describeSteps(open);
  describeLists(open);
  describeBounds(open);
}

function describeSummaries(open: Open): void {
  it("keeps of a period what all its reports together say, over slots and loads", async () => {
    const record = await open();
    const reports = dayOf("wt-1", 0, { loads: speeds });
    // Two of the same hour and load.
    const twice = [...reports, ...reports.slice(0, 2)];
    await createSender(record)(twice);
    const expected = twice.reduce<DaySummary | null>((day, report) => addToDay(day, report, dayMs), null)!;
    const summary = (await record.periodSummary(keyOf("wt-1")))!;
    expect(summary).toMatchObject({ fromMs, periodMs: dayMs });
    expect(summary.features).toHaveLength(4);
    for (const [index, { sketch, cells }] of summary.features.entries()) {
      const wanted = expected.features[index]!;
      expect(sketch.counts).toEqual(wanted.sketch.counts);
      expect(sketch.mean).toBeCloseTo(wanted.sketch.mean, 12);
      expect(cells).toHaveLength(48);
      for (const cell of wanted.cells) {
        const same = cells.find(({ slot, load }) => slot === cell.slot && load?.band === cell.load?.band)!;
        expect(same).toMatchObject({ load: cell.load, count: cell.count });
        expect(same.mean).toBeCloseTo(cell.mean, 12);
        expect(same.sumSquares).toBeCloseTo(cell.sumSquares, 10);
      }
    }
  });

  it("knows a load that nobody measured, and columns without a value", async () => {
    const record = await open();
    const [first] = dayOf("wt-1");
    const none = { mean: Number.NaN, sumSquares: Number.NaN, min: Number.NaN, max: Number.NaN };
    const sketches = first!.sketches.map((sketch, index) =>
      index === 2 ? { ...sketch, ...none, counts: sketch.counts.map(() => 0), invalid: 6 } : sketch,
    );
    await createSender(record)([{ ...first!, sketches }]);
    const { features } = (await record.periodSummary(keyOf("wt-1")))!;
    expect(features.map(({ cells }) => cells.map(({ slot, load }) => [slot, load]))).toEqual([
      [[0, null]],
      [[0, null]],
      [],
      [[0, null]],
    ]);
    expect(features[2]!.sketch).toMatchObject({ invalid: 6, mean: 0 });
    expect(await record.periodSummary(keyOf("wt-9"))).toBeNull();
  });

  it.each([
    ["other bins than so far", "drift-bins", { counts: [6] }],
    ["moments that are none", "shape-invalid", { mean: Number.NaN }],
    ["a mean that its values cannot have", "shape-invalid", { mean: 1e9 }],
    ["counts that are none", "shape-invalid", { counts: new Array<number>(16).fill(-1) }],
    ["a column beyond all that are kept", "drift-bounds", { feature: driftBounds.columns }],
    ["more bins than are kept", "drift-bounds", { counts: new Array<number>(65).fill(0) }],
    ["counts too large to add", "shape-invalid", { counts: new Array<number>(16).fill(2 ** 52) }],
  ])("sets a report aside of %s, and leaves the period as it was", async (_, reason, changes) => {
    const record = await open();
    const send = createSender(record);
    const [first, second] = dayOf("wt-1");
    await send([first!]);
    const before = await record.periodSummary(keyOf("wt-1"));
    const sketches = second!.sketches.map((sketch, index) =>
      index === 3 ? { ...sketch, ...changes } : sketch,
    );
    const { records, watermark } = await send([{ ...second!, sketches }]);
    expect(records).toMatchObject([{ ok: false, error: { reason } }]);
    expect(watermark).toBe(2);
    expect(await record.periodSummary(keyOf("wt-1"))).toEqual(before);
    expect((await record.quarantine(9)).items).toMatchObject([{ reason, messages: 1 }]);
  });

  it("sets a report of ten years aside", async () => {
    const record = await open();
    const [first] = dayOf("wt-1");
    const { records } = await createSender(record)([{ ...first!, fromMs: fromMs - 3_650 * dayMs }]);
    expect(records).toMatchObject([{ ok: false, error: { reason: "shape-invalid" } }]);
    expect(await record.driftBacklog()).toEqual({ openPeriods: 0, lateReports: 0 });
  });
}

function describeSteps(open: Open): void {
  it("says what is due in the order of time, of a point and model one period at once", async () => {
    const record = await open();
    const send = createSender(record);
    await send([
      ...dayOf("wt-2", 1),
      ...dayOf("wt-2", 0),
      ...dayOf("wt-1", 0),
      ...dayOf("wt-1", 2, { hours: [0, 1] }),
    ]);
    const due = async (nowMs: number) =>
      (await record.duePeriods({ ...long, nowMs })).map((period) => [
        period.turbine,
        (period.fromMs - fromMs) / dayMs,
      ]);
    expect(await due(fromMs + dayMs - 1)).toEqual([]);
    expect(await due(fromMs + dayMs)).toEqual([
      ["wt-2", 0],
      ["wt-1", 0],
    ]);
    const [first] = await record.duePeriods({ ...long, nowMs: fromMs + dayMs, limit: 1 });
    expect(first).toEqual({
      ...keyOf("wt-2"),
      modelName: "bearing-vibration",
      modelVersion: "1.0.0",
      renewedMs: null,
      previousDigest: null,
    });
    expect(await store(record, plain("wt-2", 0), { any: "thing" })).toBe(true);
    // That another point has gone on says nothing of this one: its device may lag behind.
    expect(await due(fromMs + 2 * dayMs)).toEqual([["wt-1", 0]]);
    await send(dayOf("wt-2", 2, { hours: [0, 1] }));
    expect(await due(fromMs + 2 * dayMs)).toEqual([
      ["wt-1", 0],
      ["wt-2", 1],
    ]);
  });

  it("takes a verdict once, forgets the moments with it, and shows what comes later with its day", async () => {
    const record = await open();
    const send = createSender(record);
    await send(dayOf("wt-1", 0, { hours: [0, 20] }));
    const verdict = plain("wt-1", 0);
    expect(await store(record, verdict, { day: 1 })).toBe(true);
    expect(await store(record, { ...verdict, level: "stable" }, { day: 2 })).toBe(false);
    expect(await store(record, plain("wt-9", 0))).toBe(false);
    expect((await record.driftVerdicts({ day: "2023-11-15", limit: 9 })).verdicts).toEqual([verdict]);
    const reference = await record.driftReference(verdict);
    expect(reference).toEqual({
      reference: { day: 1 },
      periodMs: dayMs,
      untilMs: fromMs + dayMs,
      renewedMs: null,
    });
    expect(await record.periodSummary(verdict)).toBeNull();
    await send(dayOf("wt-1", 0, { hours: [20, 24] }));
    expect(await record.duePeriods({ ...long, nowMs: fromMs + 9 * dayMs })).toEqual([]);
    expect(await record.driftOfDay({ day: "2023-11-15" })).toMatchObject([{ reports: 24 }]);
    expect(await record.driftBacklog()).toEqual({ openPeriods: 0, lateReports: 4 });
  });

  it("keeps a reference where a verdict brings none, and names the model of before", async () => {
    const record = await open();
    const send = createSender(record);
    await send([...dayOf("wt-1", 0), ...dayOf("wt-1", 1), ...dayOf("wt-1", 2, { digest: "e" })]);
    await store(record, plain("wt-1", 0), { learnt: true });
    await store(record, plain("wt-1", 1));
    expect(await record.driftReference(keyOf("wt-1"))).toMatchObject({
      reference: { learnt: true },
      untilMs: fromMs + dayMs,
    });
    const [next] = await record.duePeriods({ ...long, nowMs: fromMs + 4 * dayMs });
    expect(next).toMatchObject({ modelDigest: "e", modelVersion: "1.1.0", previousDigest: "d" });
  });

  it("counts the points that are awaited, and publishes a period as a whole", async () => {
    const record = await open();
    const send = createSender(record);
    for (const turbine of ["wt-1", "wt-2"]) await send([...dayOf(turbine, 0), ...dayOf(turbine, 1)]);
    const [first, second] = [keyOf("wt-1", 0), keyOf("wt-1", 1)];
    expect(await record.unpublishedPeriods(9)).toEqual([]);
    await store(record, plain("wt-1", 0), {});
    expect(await record.periodProgress(first)).toEqual({ awaited: 0, open: 1 });
    await store(record, plain("wt-2", 0), {});
    await store(record, plain("wt-1", 1), {});
    expect(await record.periodProgress(second)).toEqual({ awaited: 1, open: 1 });
    const later = { fromMs: fromMs + 30 * dayMs, toMs: fromMs + 31 * dayMs };
    expect(await record.periodProgress(later)).toEqual({ awaited: 0, open: 0 });
    const range = ({ fromMs, toMs }: PeriodKey) => ({ fromMs, toMs });
    expect(await record.unpublishedPeriods(9)).toEqual([range(first), range(second)]);
    expect(await record.driftFleet()).toEqual({
      points: [place("wt-1"), place("wt-2")],
      modelsSince: { d: fromMs },
    });
    const page = await record.periodVerdicts({ ...range(first), limit: 1 });
    expect(page.verdicts.map(({ turbine }) => turbine)).toEqual(["wt-1"]);
    const rest = await record.periodVerdicts({ ...range(first), limit: 1, after: page.next! });
    expect([rest.verdicts[0]!.turbine, rest.next]).toEqual(["wt-2", null]);

    const cause = { kind: "site", title: "winter", evidenceFor: [], evidenceAgainst: [] } as const;
    const state = {
      ...place("wt-1"),
      modelDigest: "d",
      level: "drift",
      sinceMs: fromMs,
      fromMs,
      stablePeriods: 0,
    } as const;
    const event = { kind: "event", timeMs: fromMs, name: "drift.drift", subject: "s", detail: "d" } as const;
    const step = {
      period: range(first),
      nowMs: fromMs,
      verdicts: [{ ...plain("wt-1", 0), cause }],
      states: [state],
    };
    // A part of it, and the period still waits.
    await record.publishPeriod({ ...step, states: [], events: [], hasMore: true });
    expect(await record.unpublishedPeriods(9)).toEqual([range(first), range(second)]);
    expect((await record.periodVerdicts({ ...range(first), limit: 1 })).verdicts[0]).toMatchObject({ cause });
    await record.publishPeriod({ ...step, events: [event] });
    expect(await record.unpublishedPeriods(9)).toEqual([range(second)]);
    expect(await record.driftStates([place("wt-1"), place("wt-2")])).toEqual([state]);
    expect((await record.periodVerdicts({ ...range(first), limit: 1 })).verdicts[0]).toMatchObject({ cause });
    expect((await record.events({ limit: 9, offset: 0 })).items).toMatchObject([
      { name: "drift.drift", gateway: "(collector)" },
    ]);
    // A text that cannot be kept: nothing of it is.
    const broken = { ...event, detail: "\u0000" };
    const again = { ...step, period: range(second), states: [{ ...state, level: "stable" as const }] };
    await expect(record.publishPeriod({ ...again, events: [event, broken] })).rejects.toThrow();
    expect(await record.unpublishedPeriods(9)).toEqual([range(second)]);
    expect(await record.driftStates([place("wt-1")])).toEqual([state]);
    expect((await record.events({ limit: 9, offset: 0 })).total).toBe(1);
  });

  it("removes verdicts and sketches when their own time has come", async () => {
    const record = await open();
    await createSender(record)([...dayOf("wt-1", 0), ...dayOf("wt-1", 1), ...dayOf("wt-1", 2)]);
    await store(record, plain("wt-1", 0), {});
    await store(record, plain("wt-1", 1), {});
    const never = { predictions: 0, drift: 0, verdicts: 0, events: 0, updates: 0 };
    expect(await record.prune({ ...never, drift: fromMs + 2 * dayMs })).toBe(2);
    expect(await record.driftReference(keyOf("wt-1"))).not.toBeNull();
    expect((await record.driftFleet()).modelsSince).toEqual({ d: fromMs });
    // The last day, and the reference, which ended before it; the model goes with the last of it.
    expect(await record.prune({ ...never, drift: fromMs + 3 * dayMs })).toBe(2);
    expect(await record.driftFleet()).toEqual({ points: [], modelsSince: {} });
    expect(await record.driftReference(keyOf("wt-1"))).toBeNull();
    expect(await record.periodSummary(keyOf("wt-1", 2))).toBeNull();
    expect(await record.newestVerdictDay(fromMs + 9 * dayMs)).toBe("2023-11-16");
    expect(await record.prune({ ...never, verdicts: fromMs + dayMs + 1 })).toBe(1);
    expect((await record.driftVerdicts({ day: "2023-11-15", limit: 9 })).verdicts).toEqual([]);
    expect((await record.driftVerdicts({ day: "2023-11-16", limit: 9 })).verdicts).toHaveLength(1);
  });
}

function describeLists(open: Open): void {
  it("lists verdicts of a day by site, turbine and level, in parts, and levels by point and day", async () => {
    const record = await open();
    const send = createSender(record);
    const levels = {
      "wt-1": ["stable", "drift"],
      "wt-2": ["warning", "paused"],
      "wt-3": ["learning"],
    } as const;
    for (const [turbine, ofDays] of Object.entries(levels)) {
      for (const [day, level] of ofDays.entries()) {
        await send(dayOf(turbine, day, { hours: [0, 1] }));
        await store(record, plain(turbine, day, { level }));
      }
    }
    // Two models on one day: the worse level is that of the point.
    await send(dayOf("wt-2", 1, { hours: [0, 1], digest: "e" }));
    await store(record, plain("wt-2", 1, { level: "warning", modelDigest: "e" }));
    const list = async (query: object) => {
      const { verdicts, next } = await record.driftVerdicts({ day: "2023-11-16", limit: 9, ...query });
      return [verdicts.map(({ turbine, modelDigest }) => `${turbine} ${modelDigest}`), next];
    };
    expect(await list({})).toEqual([["wt-1 d", "wt-2 d", "wt-2 e"], null]);
    expect(await list({ level: "warning" })).toEqual([["wt-2 e"], null]);
    expect(await list({ turbine: "wt-1", site: "north-sea" })).toEqual([["wt-1 d"], null]);
    expect(await list({ site: "elsewhere" })).toEqual([[], null]);
    const [first, next] = await list({ limit: 2 });
    expect(first).toEqual(["wt-1 d", "wt-2 d"]);
    expect(await list({ limit: 2, after: next })).toEqual([["wt-2 e"], null]);
    expect(await list({ day: "2023-12-01" })).toEqual([[], null]);
    expect(await record.newestVerdictDay(fromMs + 9 * dayMs)).toBe("2023-11-16");
    expect(await record.newestVerdictDay(fromMs + 1)).toBe("2023-11-15");
    expect(await record.newestVerdictDay(fromMs - 1)).toBeNull();
    expect(await record.driftDays({ from: "2023-11-01", to: "2023-11-16" })).toEqual({
      days: ["2023-11-15", "2023-11-16"],
      points: [
        { ...place("wt-1"), levels: ["stable", "drift"] },
        { ...place("wt-2"), levels: ["warning", "warning"] },
        { ...place("wt-3"), levels: ["learning", null] },
      ],
      next: null,
    });
    const both = { from: "2023-11-15", to: "2023-11-16" };
    const firstPart = await record.driftDays({ ...both, limit: 2 });
    expect(firstPart.points.map(({ turbine }) => turbine)).toEqual(["wt-1", "wt-2"]);
    expect(await record.driftDays({ ...both, limit: 2, after: firstPart.next ?? "" })).toEqual({
      days: ["2023-11-15", "2023-11-16"],
      points: [{ ...place("wt-3"), levels: ["learning", null] }],
      next: null,
    });
    const ofOne = await record.driftDays({ ...both, turbine: "wt-2", limit: 1 });
    expect([ofOne.points.map(({ turbine }) => turbine), ofOne.next]).toEqual([["wt-2"], null]);
    // A part tells of known points; those without a verdict in the range are not shown.
    expect(await record.driftDays({ from: "2023-11-16", to: "2023-11-16", limit: 3 })).toMatchObject({
      points: [{ turbine: "wt-1" }, { turbine: "wt-2" }],
      next: null,
    });
    expect((await record.driftDays({ from: "2023-11-16", to: "2023-11-16" })).points).toHaveLength(2);
    const chosen = { from: "2023-11-01", to: "2023-11-16", site: "north-sea", turbine: "wt-2" };
    expect((await record.driftDays(chosen)).points).toEqual([
      { ...place("wt-2"), levels: ["warning", "warning"] },
    ]);
    expect((await record.driftDays({ ...chosen, site: "elsewhere" })).points).toEqual([]);
    const ofTurbine = async (changes: object) => {
      const range = { site: "north-sea", turbine: "wt-2", from: "2023-11-01", to: "2023-11-16", limit: 9 };
      const verdicts = await record.turbineVerdicts({ ...range, ...changes });
      return verdicts.map((each) => `${(each.fromMs - fromMs) / dayMs} ${each.modelDigest} ${each.level}`);
    };
    expect(await ofTurbine({})).toEqual(["0 d warning", "1 d paused", "1 e warning"]);
    expect(await ofTurbine({ limit: 2 })).toEqual(["1 d paused", "1 e warning"]);
    expect(await ofTurbine({ to: "2023-11-15" })).toEqual(["0 d warning"]);
    expect(await ofTurbine({ site: "elsewhere" })).toEqual([]);
    expect(await record.newestVerdictDay(fromMs + 9 * dayMs, { turbine: "wt-3" })).toBe("2023-11-15");
    expect(await record.newestVerdictDay(fromMs + 9 * dayMs, { site: "elsewhere" })).toBeNull();
    expect(await record.driftDays({ from: "2023-11-16", to: "2023-11-15" })).toEqual({
      days: [],
      points: [],
      next: null,
    });
    expect(
      (await record.driftDays({ from: "2023-11-15", to: "2023-11-16", site: "elsewhere" })).points,
    ).toEqual([]);
  });

  it("lists the sketches of a day in parts", async () => {
    const record = await open();
    const send = createSender(record);
    for (const turbine of ["wt-1", "wt-2", "wt-3"]) await send(dayOf(turbine, 0, { hours: [0, 2] }));
    const first = await record.driftOfDay({ day: "2023-11-15", limit: 2 });
    expect(first.map(({ turbine, reports }) => [turbine, reports])).toEqual([
      ["wt-1", 2],
      ["wt-2", 2],
    ]);
    const rest = await record.driftOfDay({ day: "2023-11-15", limit: 2, after: driftCursor(first[1]!) });
    expect(rest.map(({ turbine }) => turbine)).toEqual(["wt-3"]);
  });
}

function describeBounds(open: Open): void {
  it("gives one gateway room for so many points of a period, and its neighbours theirs", async () => {
    const record = await open();
    const [report] = dayOf("wt-1", 0, { hours: [0, 1] });
    const flood = Array.from({ length: driftBounds.pointsPerPeriod + 3 }, (_, index) => ({
      ...report!,
      sketches: report!.sketches.slice(0, 1),
      // A turbine has room for fewer.
      turbine: `wt-${1 + (index % 16)}`,
      component: `c-${index}`,
    }));
    const { records } = await createSender(record)(flood);
    const refused = records.filter((each) => !each.ok);
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({
      error: { reason: "drift-bounds", detail: expect.stringContaining("gw-1") },
    });
    // What is there already is still taken.
    expect(await createSender(record, "gw-2")([report!])).toMatchObject({ records: [{ ok: true }] });
    const [again] = dayOf("wt-1", 0, { hours: [1, 2] });
    const known = { ...again!, component: "c-0", sketches: again!.sketches.slice(0, 1) };
    const { records: more } = await createSender(record, "gw-3")([known]);
    expect(more).toMatchObject([{ ok: true }]);
  });

  it("gives a slot room for so many loads", async () => {
    const record = await open();
    const loads = Array.from({ length: driftBounds.loadsPerSlot + 1 }, (_, band) => ({
      by: "speed" as const,
      band,
    }));
    const { records } = await createSender(record)(dayOf("wt-1", 0, { loads, hours: [0, 1] }));
    expect(records.map((each) => (each.ok ? "" : each.error.reason))).toEqual([
      ...loads.slice(1).map(() => ""),
      "drift-bounds",
    ]);
    const { features } = (await record.periodSummary(keyOf("wt-1")))!;
    expect(features[0]!.cells).toHaveLength(driftBounds.loadsPerSlot);
  });
}
