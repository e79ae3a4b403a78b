import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { FleetSource } from "../../../src/collector/fleet/fleet-source.ts";
import {
  loadDriftPage,
  loadFleetDrift,
  loadTurbineDrift,
} from "../../../src/collector/fleet/load-drift-pages.ts";
import { loadDriftVerdicts } from "../../../src/collector/fleet/load-drift-verdicts.ts";
import { openSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import type { DriftVerdict } from "../../../src/core/contract/drift-verdict.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import {
  driftVerdict,
  quietVerdict,
  verdictDayMs,
  verdictFromMs,
} from "../../core/contract/drift-verdicts.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { storeVerdicts } from "../store-verdicts.ts";

const nowMs = verdictFromMs + 1.2 * verdictDayMs;
const ask = { site: null, day: null, page: 1 };

/** The day so many days before the newest. */
function ago(days: number): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = verdictFromMs - days * verdictDayMs;
  return { fromMs, toMs: fromMs + verdictDayMs };
}

async function openFleet(
  verdicts: readonly DriftVerdict[],
  driftPeriodMs = verdictDayMs,
): Promise<FleetSource> {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const clock = { nowMs: () => nowMs };
  const record = await openSqliteRecord({ path, clock, logger: silentLogger, driftPeriodMs });
  onTestFinished(() => record.close());
  await storeVerdicts(record, verdicts, nowMs);
  return {
    record,
    models: new Map(),
    clock,
    silentAfterMs: 1,
    warningShare: 0.002,
    brokerLostMs: () => null,
  };
}

const history = [
  ...[3, 2, 1].map((days) => quietVerdict("stable", null, ago(days))),
  driftVerdict(),
  quietVerdict("learning", "day 4 of 14", { turbine: "WT08" }),
  driftVerdict({ turbine: "WT09", level: "warning", cause: null }),
  quietVerdict("stable", null, { site: "ridge", turbine: "WT01", ...ago(1) }),
];

test("before the first verdict there is no day", async () => {
  const fleet = await openFleet([]);
  const nothing = {
    day: null,
    table: { days: [], points: [] },
    warningShare: 0.002,
    moved: [],
  };
  expect(await loadFleetDrift(fleet)).toEqual(nothing);
  expect(await loadDriftPage(fleet, { ...ask, day: "2026-11-19" })).toMatchObject({ table: { days: [] } });
  expect((await loadTurbineDrift(fleet, { site: "s", turbine: "t", day: null })).day).toBeNull();
});

test("the newest day is spoken of, and what moved on it is there in full, drift first", async () => {
  const view = await loadFleetDrift(await openFleet(history));
  expect(view.day).toBe("2026-11-19");
  expect(view.table.days).toEqual(["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19"]);
  expect(view.moved.map(({ turbine, level }) => [turbine, level])).toEqual([
    ["WT07", "drift"],
    ["WT09", "warning"],
  ]);
  expect(view.moved[0]).toEqual(driftVerdict());
});

test("a site is spoken of on its own newest day, another day where it is asked for", async () => {
  const fleet = await openFleet(history);
  const ridge = await loadDriftPage(fleet, { ...ask, site: "ridge" });
  expect([ridge.day, ridge.moved, ridge.table.points.length]).toEqual(["2026-11-18", [], 1]);
  const before = await loadDriftPage(fleet, { ...ask, day: "2026-11-17" });
  expect([before.day, before.moved, before.table.days.at(-1)]).toEqual(["2026-11-17", [], "2026-11-19"]);
  expect((await loadDriftPage(fleet, { ...ask, day: "yesterday" })).day).toBe("2026-11-19");
  const long = await loadDriftPage(fleet, { ...ask, day: "2020-01-01" });
  expect([long.day, long.table.days]).toEqual(["2020-01-01", []]);
});

test("a day that has only begun to be assessed does not hide the last", async () => {
  const turbines = ["WT01", "WT02", "WT03", "WT04"];
  const before = turbines.map((turbine) => driftVerdict({ turbine, ...ago(1) }));
  const dayOf = async (assessed: number): Promise<string | null> => {
    const begun = turbines.slice(0, assessed).map((turbine) => quietVerdict("stable", null, { turbine }));
    return (await loadFleetDrift(await openFleet([...before, ...begun]))).day;
  };
  expect([await dayOf(1), await dayOf(2)]).toEqual(["2026-11-18", "2026-11-19"]);
});

test("the API and the page speak of the same day, of a turbine of its own newest", async () => {
  const turbines = ["WT01", "WT02", "WT03", "WT04"];
  const fleet = await openFleet([
    ...turbines.map((turbine) => driftVerdict({ turbine, ...ago(1) })),
    quietVerdict("stable", null, { turbine: "WT01" }),
    driftVerdict({ turbine: "WT09", ...ago(60) }),
  ]);
  const all = await loadDriftVerdicts(fleet);
  expect([all.day, all.verdicts.length]).toEqual([(await loadFleetDrift(fleet)).day, 4]);
  const dayOf = async (turbine: string) => (await loadDriftVerdicts(fleet, { turbine })).day;
  expect([await dayOf("WT01"), await dayOf("WT02")]).toEqual(["2026-11-19", "2026-11-18"]);
  // Of a gateway that has been away for two months.
  expect((await loadDriftVerdicts(fleet, { turbine: "WT09" })).verdicts).toMatchObject([{ turbine: "WT09" }]);
});

test("a turbine has its own days, with every verdict of each", async () => {
  const fleet = await openFleet(history);
  const view = await loadTurbineDrift(fleet, { site: "north-sea", turbine: "WT07", day: null });
  expect(view.day).toBe("2026-11-19");
  expect(view.table.points.map(({ turbine }) => turbine)).toEqual(["WT07"]);
  expect(view.verdicts.map((day) => day.map(({ level }) => level))).toEqual([
    ["stable"],
    ["stable"],
    ["stable"],
    ["drift"],
  ]);
  const asked = { site: "ridge", turbine: "WT01", day: "2026-11-19" };
  expect((await loadTurbineDrift(fleet, asked)).day).toBe("2026-11-19");
  expect((await loadTurbineDrift(fleet, { ...asked, day: null })).day).toBe("2026-11-18");
});

test("of periods that are shorter than a day no more are shown than of days", async () => {
  const minute = 60_000;
  const verdicts = Array.from({ length: 40 }, (_, index) => {
    const fromMs = verdictFromMs + index * minute;
    return quietVerdict("stable", null, { fromMs, toMs: fromMs + minute });
  });
  const fleet = await openFleet(verdicts, minute);
  const view = await loadFleetDrift(fleet);
  expect(view.table.days).toHaveLength(14);
  expect(view.table.points[0]!.levels).toHaveLength(14);
  expect(view.day).toBe("2026-11-19T00:39Z");
  const first = await loadDriftPage(fleet, { ...ask, day: "2026-11-19T00:03Z" });
  expect(first.table.days.at(-1)).toBe("2026-11-19T00:03Z");
});

test("a turbine's days are asked for at once, and many days give others a turn in between", async () => {
  const fleet = await openFleet(history);
  const asked: string[] = [];
  const record = new Proxy(fleet.record, {
    get: (target, name): unknown => {
      asked.push(String(name));
      return Reflect.get(target, name);
    },
  });
  const turbine = { site: "north-sea", turbine: "WT07", day: null };
  const { table, verdicts } = await loadTurbineDrift({ ...fleet, record }, turbine);
  expect(table.days).toHaveLength(4);
  expect(verdicts.map((ofDay) => ofDay.map(({ level }) => level))).toEqual([
    ["stable"],
    ["stable"],
    ["stable"],
    ["drift"],
  ]);
  expect(asked).toEqual(["newestVerdictDay", "driftDays", "turbineVerdicts"]);
  let turns = 0;
  const turn = (): void => {
    turns++;
    if (turns < 100) setImmediate(turn);
  };
  setImmediate(turn);
  await fleet.record.driftDays({ from: "2026-11-01", to: "2026-11-19" });
  expect(turns).toBeGreaterThanOrEqual(3);
});
