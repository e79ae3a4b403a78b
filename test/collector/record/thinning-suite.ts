/**
 * What every engine does with predictions of age: sums them up into longer rows, so that every window is counted once whatever comes
 * late, ends the process or has a wrong clock, and nothing else is touched.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { FleetRecord, StorableRecord } from "../../../src/collector/record/fleet-record.ts";
import type {
  PredictionSeries,
  PredictionThinning,
} from "../../../src/collector/record/prediction-record.ts";
import type { PredictionBatch } from "../../../src/core/contract/uplink-record.ts";
import { envelopeOf } from "../envelope-of.ts";
import { alertEvent, predictionBatch } from "../fleet-records.ts";
import type { RecordStorage } from "./fleet-record-suite.ts";

const day = 86_400_000;
const hour = 3_600_000;
const tenMinutes = 600_000;
/** A day's begin. */
const t = 19_675 * day;
const turbine = { site: "north-sea", turbine: "wt-1" };
const ever = { ...turbine, fromMs: 0, toMs: 8e15 };

interface Row {
  readonly timeMs: number;
  readonly windows: number;
  readonly mean?: number;
  readonly risk?: number | null;
  readonly component?: string;
  readonly modelVersion?: string;
}

function batchOf({ timeMs, windows, mean = 0.5, risk, component, modelVersion }: Row): PredictionBatch {
  const batch = predictionBatch("wt-1", timeMs, { rows: 1, stepMs: 1 });
  const cells = [mean, mean / 2];
  return {
    ...batch,
    component: component ?? batch.component,
    modelVersion: modelVersion ?? batch.modelVersion,
    failureModes: ["a", "b"],
    timesMs: [timeMs],
    windows: [windows],
    meanProbability: cells,
    maxProbability: cells.map((cell) => Math.min(1, cell + 0.1)),
    ...(risk === undefined ? {} : { meanRisk: [risk, null], maxRisk: [risk, null] }),
    shaftRpm: [1_000 + windows],
    isLearning: [mean > 0.9],
  };
}

let lives = 0;

/** Stores records as what follows in a life of an outbox of their own. */
export async function storeRows(
  record: FleetRecord,
  records: readonly (Row | StorableRecord)[],
  nowMs: number,
): Promise<void> {
  const sent = records.map((each) => ("kind" in each ? each : batchOf(each)));
  const envelope = envelopeOf(sent, { bootId: `life-${lives++}`, lane: "prediction" });
  const [stored] = await record.storeEnvelopes({ nowMs, envelopes: [envelope], setAside: [] });
  expect(stored!.records.filter((each) => !each.ok)).toEqual([]);
}

/** Does all steps; returns how many there were. */
export async function thinAll(record: FleetRecord, thinning: PredictionThinning): Promise<number> {
  for (let steps = 1; ; steps++) {
    if ((await record.thinPredictions(thinning)).isDone) return steps;
    if (steps > 5_000) throw new Error("thinning does not end");
  }
}

/** All windows that are counted, of all points. */
export async function countWindows(record: FleetRecord, bucketMs = 8e15): Promise<number> {
  const series = await record.predictions({ ...ever, bucketMs });
  return series.flatMap(({ windows }) => windows).reduce((sum, windows) => sum + windows, 0);
}

const read = async (record: FleetRecord, bucketMs: number): Promise<PredictionSeries> =>
  (await record.predictions({ ...ever, bucketMs }))[0]!;
const rowsOf = (fromMs: number, count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({
    timeMs: fromMs + index * 60_000 + 30_000,
    windows: 10 + (index % 7),
    mean: (index % 50) / 50,
    risk: index % 3 === 0 ? null : 0.01 * (index % 10),
  }));

/** Sums and means agree but for the last digits. */
function expectAlike(after: PredictionSeries, before: PredictionSeries): void {
  const { mean, meanRisk, shaftRpm, ...exact } = before;
  const { mean: _, meanRisk: __, shaftRpm: ___, resolutionMs: ____, ...afterExact } = after;
  const { resolutionMs: _____, ...beforeExact } = exact;
  expect(afterExact).toEqual(beforeExact);
  const flat = (series: PredictionSeries): (number | null)[] => [
    ...series.mean.flat(),
    ...series.meanRisk.flat(),
    ...series.shaftRpm,
  ];
  const expected = flat({ ...before, mean, meanRisk, shaftRpm });
  for (const [index, value] of flat(after).entries()) {
    if (expected[index] === null) expect(value).toBeNull();
    else expect(value).toBeCloseTo(expected[index]!, 9);
  }
}

/** Runs the cases over an engine, whose steps take few rows. */
export function describeThinning(
  open: (storage?: RecordStorage) => Promise<FleetRecord>,
  createStorage: () => RecordStorage,
): void {
  it("sums old predictions up into longer rows and says how long they are: windows, mean, highest, lowest, risk", async () => {
    const record = await open();
    await storeRows(record, rowsOf(t, 180), t + 3 * hour);
    await storeRows(record, rowsOf(t + 8 * day, 5), t + 8 * day);
    const [before, fine] = [await read(record, tenMinutes), await read(record, 1)];
    expect(fine.resolutionMs).toEqual(fine.timesMs.map(() => 0));
    // Its day has not ended by then.
    await thinAll(record, { receivedBeforeMs: t + day - 1, rowMs: tenMinutes });
    expect(await read(record, 1)).toEqual(fine);
    const steps = await thinAll(record, { receivedBeforeMs: t + 3 * day, rowMs: tenMinutes });
    expect(steps).toBeGreaterThan(2);
    expectAlike(await read(record, tenMinutes), before);
    const thinned = await read(record, 1);
    expect(thinned.timesMs).toHaveLength(18 + 5);
    expect(thinned.resolutionMs).toEqual(thinned.timesMs.map((_, index) => (index < 18 ? tenMinutes : 0)));
    expect(thinned.min[0]!.slice(0, 2)).toEqual([0, 0.2]);
    expect(await record.newestPredictionMs({ ...turbine, untilMs: t + day })).toBe(fine.timesMs[179]);
    // All of it again is nothing.
    expect(await thinAll(record, { receivedBeforeMs: t + 3 * day, rowMs: tenMinutes })).toBe(1);
    // Coarser with age, at once or in between.
    const hours = await read(record, hour);
    await thinAll(record, { receivedBeforeMs: t + 5 * day, rowMs: hour });
    expectAlike(await read(record, hour), hours);
    expect((await read(record, 1)).resolutionMs.slice(0, 4)).toEqual([hour, hour, hour, 0]);
    expect(await countWindows(record)).toBe(before.windows.reduce((sum, windows) => sum + windows, 0));
  });

  it("shows a long row in every range that it overlaps, and tells versions of a model apart", async () => {
    const record = await open();
    await storeRows(record, [{ timeMs: t + 5, windows: 3, modelVersion: "1.0.0" }], t);
    await storeRows(record, [{ timeMs: t + 9 * 60_000, windows: 4, modelVersion: "2.0.0" }], t);
    await thinAll(record, { receivedBeforeMs: t + 3 * day, rowMs: hour });
    const range = { fromMs: t + 6 * 60_000, toMs: t + 7 * 60_000, bucketMs: 1 };
    const [series] = await record.predictions({ ...turbine, ...range });
    expect(series).toMatchObject({ windows: [4], modelVersion: "2.0.0", resolutionMs: [hour] });
    expect((await read(record, 1)).windows).toEqual([3, 4]);
    expect(
      (await record.predictions({ ...turbine, ...range, fromMs: t + hour, toMs: t + 2 * hour }))[0],
    ).toMatchObject({
      windows: [],
    });
  });

  it("counts what arrives late for a stretch that is thinned already, before and after it is thinned itself", async () => {
    const record = await open();
    await storeRows(record, rowsOf(t, 60), t + hour);
    await thinAll(record, { receivedBeforeMs: t + 8 * day, rowMs: tenMinutes });
    const before = await countWindows(record);
    const late = { timeMs: t + 5 * 60_000, windows: 1_000, mean: 0.99, risk: 0.9 };
    await storeRows(record, [late], t + 9 * day);
    expect(await countWindows(record)).toBe(before + 1_000);
    // Young by its arrival, however old by its time.
    await thinAll(record, { receivedBeforeMs: t + 9 * day, rowMs: tenMinutes });
    expect((await read(record, 1)).timesMs).toContain(late.timeMs);
    await thinAll(record, { receivedBeforeMs: t + 20 * day, rowMs: tenMinutes });
    expect(await countWindows(record)).toBe(before + 1_000);
    const joined = await read(record, tenMinutes);
    expect(joined.timesMs).toHaveLength(6);
    expect(joined.windows[0]).toBe(1_000 + rowsOf(t, 10).reduce((sum, { windows }) => sum + windows, 0));
    expect(joined.maxRisk[0]![0]).toBe(0.9);
    expect(joined.isLearning[0]).toBe(true);
    // Each goes when the time of its own arrival is over.
    await record.prune({ predictions: t + 5 * day, drift: 0, verdicts: 0, events: 0, updates: 0 });
    expect(await countWindows(record)).toBe(1_000);
    await record.prune({ predictions: t + 10 * day, drift: 0, verdicts: 0, events: 0, updates: 0 });
    expect(await countWindows(record)).toBe(0);
  });

  it("goes by arrival: what a clock of 1970 or 2038 dates is thinned in its turn and still there", async () => {
    const record = await open();
    const years = [60_000, 2_147_483_648_000, 253_402_300_799_000];
    const rows = [...years, t].flatMap((fromMs) => rowsOf(fromMs, 20));
    await storeRows(record, rows, t);
    const before = await countWindows(record);
    await storeRows(record, rowsOf(120_000_000, 3), t + 9 * day);
    const young = (await countWindows(record)) - before;
    for (const rowMs of [tenMinutes, hour]) {
      await thinAll(record, { receivedBeforeMs: t + 9 * day, rowMs });
      expect(await countWindows(record)).toBe(before + young);
    }
    expect((await read(record, 1)).resolutionMs.filter((each) => each === 0)).toHaveLength(3);
    await record.prune({ predictions: t + 2 * day, drift: 0, verdicts: 0, events: 0, updates: 0 });
    expect(await countWindows(record)).toBe(young);
  });

  it("thins nothing but predictions", async () => {
    const record = await open();
    const event = { kind: "event", timeMs: t, name: "n", subject: "s", detail: "d" } as const;
    const gap = { kind: "gap", lane: "prediction", records: 3, fromMs: t, toMs: t + 1 } as const;
    const update = {
      kind: "update",
      timeMs: t,
      modelName: "m",
      fromVersion: "",
      toVersion: "1",
      step: "proved",
      detail: "",
    } as const;
    const alert = { kind: "alert", event: alertEvent("wt-1", "raised", t) } as const;
    await storeRows(record, [event, gap, update, alert, ...rowsOf(t, 3)], t);
    const others = async () => [
      await record.events({ limit: 9, offset: 0 }),
      await record.updates({ limit: 9, offset: 0 }),
      await record.alarms({ limit: 9, offset: 0 }),
      await record.turbines(),
    ];
    const before = await others();
    await thinAll(record, { receivedBeforeMs: t + 99 * day, rowMs: hour });
    expect(await others()).toEqual(before);
    expect((await read(record, 1)).windows).toHaveLength(1);
  });

  it("reads and thins probabilities that are as good as none", async () => {
    const storage = createStorage();
    const record = await storage.open();
    try {
      // Their mean is no double any more.
      const rows = [5e-324, 2e-320, 0].map((mean, at) => ({
        timeMs: t + at * 1_000,
        windows: mean === 0 ? 1e6 : 1,
        mean,
        component: "gearbox",
        modelVersion: "1",
      }));
      await storeRows(record, rows, t + hour);
      for (let step = 0; step < 3; step++) {
        const [series] = await record.predictions({ ...ever, bucketMs: 8e15 });
        expect([series!.windows[0], series!.mean[0]![0]]).toEqual([1_000_002, expect.closeTo(0, 12)]);
        await record.thinPredictions({ receivedBeforeMs: t + 3 * day, rowMs: hour });
      }
    } finally {
      await record.close();
    }
  });

  it("never counts a window twice and never loses one, in whatever order rows come, steps are made and it is closed", async () => {
    const rowOf = fc.record({
      /** How long before its arrival; below 0: of a clock that is ahead. */
      ageMs: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 * hour }) },
        { weight: 1, arbitrary: fc.integer({ min: -3 * day, max: 20 * day }) },
      ),
      windows: fc.integer({ min: 0, max: 1_000 }),
      mean: fc.double({ min: 0, max: 1, noNaN: true }),
      component: fc.constantFrom("gearbox", "generator"),
      modelVersion: fc.constantFrom("1", "2"),
    });
    const command = fc.record({
      rows: fc.array(rowOf, { minLength: 6, maxLength: 12 }),
      waitDays: fc.integer({ min: 0, max: 4 }),
      days: fc.integer({ min: 1, max: 3 }),
      rowMs: fc.constantFrom(tenMinutes, hour, day),
      steps: fc.integer({ min: 1, max: 4 }),
      reopens: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 2, maxLength: 6 }), async (commands) => {
        const storage = createStorage();
        let record = await storage.open();
        try {
          let nowMs = t;
          let number = 0;
          const sent = { windows: 0, weighted: 0, max: 0, min: 2 };
          for (const each of commands) {
            // No two of the same moment.
            const rows = each.rows.map((row) => ({
              ...row,
              timeMs: Math.floor((nowMs - row.ageMs) / 1_000) * 1_000 + number++,
            }));
            await storeRows(record, rows, nowMs);
            for (const { windows, mean } of rows) {
              sent.windows += windows;
              sent.weighted += windows * mean;
              sent.max = Math.max(sent.max, Math.min(1, mean + 0.1));
              sent.min = Math.min(sent.min, mean);
            }
            nowMs += each.waitDays * day;
            const thinning = { receivedBeforeMs: nowMs - each.days * day, rowMs: each.rowMs };
            for (let step = 0; step < each.steps; step++) await record.thinPredictions(thinning);
            if (each.reopens) {
              await record.close();
              record = await storage.open();
            }
            const series = await record.predictions({ ...ever, bucketMs: 8e15 });
            const total = series.reduce((sum, { windows }) => sum + windows[0]!, 0);
            expect(total).toBe(sent.windows);
            const weighted = series.reduce((sum, { windows, mean }) => sum + windows[0]! * mean[0]![0]!, 0);
            expect(weighted).toBeCloseTo(sent.weighted, 6);
            expect(Math.max(...series.map(({ max }) => max[0]![0]!))).toBe(sent.max);
            expect(Math.min(...series.map(({ min }) => min[0]![0]!))).toBeCloseTo(sent.min, 12);
          }
        } finally {
          await record.close();
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
}
