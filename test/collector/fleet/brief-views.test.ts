import { expect, test } from "vitest";
import { loadMachines, loadTurbines } from "../../../src/collector/fleet/load-turbines.ts";
import { sortTurbines } from "../../../src/collector/fleet/select-list.ts";
import { createSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { turbineState } from "../fleet-records.ts";

const t = 1_700_000_000_000;

test("a list knows of a turbine all that it is searched, sorted and counted by, as its own page does", async () => {
  const record = createSqliteRecord(openSqlite(":memory:"));
  const since = new Date(t - 5).toISOString();
  const named = { component: "gearbox", failureMode: "ball", time: since, probability: 0.5 };
  const conditions = [
    { component: "gearbox", health: "critical", reason: "ball", sinceMs: t - 9 },
    { component: "generator", health: "no-data", reason: "no data", sinceMs: t - 7 },
  ] as const;
  const alarm = { ...named, state: "unacknowledged", since, severity: "critical" } as const;
  const states = [
    turbineState("wt-1", t, "d", {
      components: conditions,
      health: "alarm",
      alarms: [alarm],
      lastScores: [
        { ...named, risk: 0.2 },
        { ...named, failureMode: "inner-race", risk: 0.7 },
        { ...named, component: "generator", risk: 0.9 },
      ],
    }),
    turbineState("wt-2", t, "d", {
      components: conditions.slice(1),
      lastScores: [{ ...named, component: "generator", risk: 0.9 }],
    }),
    // An older gateway says nothing of components.
    turbineState("wt-3", t, "d", { lastScores: [{ ...named, risk: 0.3 }] }),
  ];
  const turbines = states.map((state, index) => ({ state, seenMs: t - index * 150_000 }));
  await record.storeStates({ nowMs: t, turbines, gateways: [], setAside: [] });
  const fleet = {
    record,
    models: new Map(),
    clock: { nowMs: () => t },
    silentAfterMs: 160_000,
    warningShare: 0.01,
    brokerLostMs: () => null,
  };
  const { turbines: brief } = await loadMachines(fleet);
  const whole = await loadTurbines(fleet, brief);
  const known = ({ state, components, ...view }: (typeof brief)[number]): unknown => ({
    ...view,
    model: state?.model,
    components: components.map(({ risks, baseline: _, ...condition }) => ({
      ...condition,
      highest: risks[0],
    })),
  });
  expect(brief.map(known)).toEqual(whole.map(known));
  for (const sort of ["urgency", "risk", "seen"] as const) {
    const names = (of: typeof brief): readonly string[] =>
      sortTurbines(of, sort).map(({ turbine }) => turbine);
    expect(names(brief)).toEqual(names(whole));
  }
});
