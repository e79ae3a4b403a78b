/** A fleet of which one point comes late: the others are told of all the same, and nobody twice. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, type ScratchPostgres, startScratchPostgres } from "../../support/scratch-postgres.ts";
import { createDriftBench, type DriftBench, firstDayMs, hourMs, point } from "../drift-bench.ts";
import { openAt } from "../record/postgres-place.ts";

const moved = point("wt-1");
const late = point("wt-2");
const shift = { columns: [0, 1], by: 6 };

async function expectNobodyWaits(bench: DriftBench): Promise<void> {
  for (let day = 0; day < 8; day++) {
    for (const of of [moved, late]) await bench.sendDay(of, day);
    await bench.runAt(day + 1, 3);
  }
  const told = async (): Promise<string[]> =>
    (await bench.events()).map(({ name, subject }) => `${name} ${subject}`);
  expect(await told()).toEqual([]);
  await bench.sendDay(moved, 8, { shift });
  // The other was away: its day comes in pieces, and is not whole when the grace is over.
  bench.nowMs = firstDayMs + 9 * 24 * hourMs + 1.5 * hourMs;
  await bench.sendDay(late, 8, { shift, hours: [0, 12] });
  expect(await bench.runAt(9, 1.9)).toMatchObject({ periods: 0 });
  expect(await bench.runAt(9, 2.1)).toMatchObject({ verdicts: 1, periods: 1, events: 1 });
  const first = await told();
  expect(first).toEqual([expect.stringContaining("wt-1")]);
  expect(await bench.runAt(9, 2.2)).toMatchObject({ verdicts: 0, periods: 0, events: 0 });
  await bench.sendDay(late, 8, { shift, hours: [12, 24] });
  await bench.sendDay(late, 9, { hours: [0, 1] });
  expect(await bench.runAt(9, 2.3)).toMatchObject({ verdicts: 1, periods: 1, events: 1 });
  const both = await told();
  expect(both.slice(0, 1)).toEqual(first);
  expect(both.slice(1)).toEqual([expect.stringContaining("wt-2")]);
  expect((await bench.verdicts(8)).map(({ rows }) => rows)).toEqual([144, 144]);
}

it("holds back nobody's drift beyond the grace, on SQLite", async () => {
  await expectNobodyWaits(createDriftBench());
});

it("has a day read together once a grace while points of it come one by one", async () => {
  const bench = createDriftBench();
  for (const turbine of ["wt-1", "wt-2", "wt-3"]) await bench.sendDay(point(turbine), 0, { hours: [0, 12] });
  bench.nowMs = firstDayMs + 25.5 * hourMs;
  for (const turbine of ["wt-2", "wt-3"]) await bench.sendDay(point(turbine), 0, { hours: [12, 18] });
  expect(await bench.runAt(1, 2.1)).toMatchObject({ verdicts: 1, periods: 1 });
  await bench.sendDay(point("wt-2"), 1, { hours: [0, 1] });
  expect(await bench.runAt(1, 2.2)).toMatchObject({ verdicts: 1, periods: 0 });
  await bench.sendDay(point("wt-3"), 1, { hours: [0, 1] });
  expect(await bench.runAt(1, 2.3)).toMatchObject({ verdicts: 1, periods: 1 });
});

it("reads no day together before it has looked what is due after the grace, however long that took", async () => {
  const bench = createDriftBench();
  await bench.sendDay(point("wt-1"), 0);
  bench.nowMs = firstDayMs + 24 * hourMs;
  await bench.sendDay(point("wt-2"), 0);
  bench.nowMs += 1.5 * hourMs;
  await bench.sendDay(point("wt-3"), 0, { hours: [0, 12] });
  await bench.sendDay(point("wt-1"), 1, { hours: [0, 1] });
  const look = bench.record.duePeriods;
  Object.assign(bench.record, {
    duePeriods: async (query: Parameters<typeof look>[0]) => {
      const due = await look(query);
      if (due.length === 0) bench.nowMs += 0.2 * hourMs;
      return due;
    },
  });
  expect(await bench.runAt(1, 1.9)).toMatchObject({ verdicts: 1, periods: 0 });
  expect(await bench.runAt(1, 2.2)).toMatchObject({ verdicts: 1, periods: 1 });
});

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off"]);
  });
  afterAll(() => server?.close());

  it("holds back nobody's drift beyond the grace", async () => {
    await expectNobodyWaits(createDriftBench({ record: await openAt(await server.createDatabase()) }));
  });
});
