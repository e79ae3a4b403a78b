import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../../support/scratch-postgres.ts";
import { until } from "../../../support/until.ts";
import { openAt, query } from "../postgres-place.ts";

const dayMs = 86_400_000;
const fromMs = 1_699_920_000_000;
const day = "2023-11-14";
const [points, days] = [2_000, 20];

const countReads = `SELECT seq_tup_read + (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes
    WHERE relname = 'drift_verdict') AS rows FROM pg_stat_user_tables WHERE relname = 'drift_verdict'`;

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off", "autovacuum=off"]);
  });
  afterAll(() => server?.close());

  it("reads of verdicts little more than it answers, however many there are of other points and days", async () => {
    const url = await server.createDatabase();
    await (await openAt(url)).close();
    await query(
      url,
      `INSERT INTO point (site, turbine, component)
       SELECT 's', to_char(i, 'wt-FM0000'), 'gearbox' FROM generate_series(1, ${points}) AS i
       UNION ALL SELECT 's', 'wt-new', 'gearbox'`,
    );
    await query(
      url,
      `INSERT INTO drift_verdict SELECT id, 'm', from_ms, from_ms + ${dayMs}, CASE WHEN id % 500 = 7 THEN 'drift' ELSE 'stable' END,
         json_build_object('site', site, 'turbine', turbine, 'component', component, 'modelDigest', 'm')
       FROM point, generate_series(${fromMs - (days - 1) * dayMs}, ${fromMs}, ${dayMs}) AS from_ms WHERE turbine <> 'wt-new'`,
    );
    await query(url, "VACUUM ANALYZE");
    const [before] = await query(url, countReads);
    const record = await openAt(url);
    const nowMs = fromMs + 2 * dayMs;
    expect(await record.newestVerdictDay(nowMs, { site: "s", turbine: "wt-new" })).toBeNull();
    expect(await record.newestVerdictDay(nowMs, { turbine: "wt-0003" })).toBe(day);
    expect(await record.newestVerdictDay(nowMs, { site: "s" })).toBe(day);
    const shown = await record.driftDays({ from: "2023-11-01", to: day, site: "s", turbine: "wt-0003" });
    expect(shown).toMatchObject({ points: [{ levels: Array.from({ length: 14 }, () => "stable") }] });
    const page = await record.driftVerdicts({ day, limit: 10 });
    expect(page.verdicts.map(({ turbine }) => turbine).at(-1)).toBe("wt-0010");
    const next = await record.driftVerdicts({ day, limit: 10, after: page.next! });
    expect(next.verdicts[0]).toMatchObject({ turbine: "wt-0011" });
    const drifted = await record.driftVerdicts({ day, level: "drift", limit: 10 });
    expect(drifted.verdicts.map(({ turbine }) => turbine)).toEqual([
      "wt-0007",
      "wt-0507",
      "wt-1007",
      "wt-1507",
    ]);
    const period = { fromMs, toMs: fromMs + dayMs, limit: 10, after: page.next! };
    expect((await record.periodVerdicts(period)).verdicts).toHaveLength(10);
    // The server counts them when a connection ends, at the latest.
    await record.close();
    await until(async () => (await query(url, countReads))[0]!.rows !== before!.rows, "reads are counted");
    const [after] = await query(url, countReads);
    // One that read all of a day would read more.
    expect(Number(after!.rows) - Number(before!.rows)).toBeLessThan(points);
  });

  it("says of a list that it does not count to its end", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    await query(
      url,
      `INSERT INTO model_update (gateway, time_ms, received_ms, believed_ms, model_name, from_version, to_version, step, detail)
       SELECT 'gw', i, i, i, 'm', '1', '2', 's', '' FROM generate_series(1, 100001) AS i`,
    );
    const part = { limit: 1, offset: 100_000 };
    expect(await record.updates(part)).toMatchObject({
      total: 100_000,
      totalIsAtLeast: true,
      items: [{ timeMs: 1 }],
    });
    await query(url, "DELETE FROM model_update WHERE time_ms = 1");
    expect(await record.updates(part)).toEqual({ total: 100_000, items: [] });
  });
});
