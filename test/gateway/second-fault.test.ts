/** A fault of another kind after a repair: an alarm of its own beside the one that the repair has left standing. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alertCommand } from "../../src/cli/commands/alert.ts";
import { baselineCommand } from "../../src/cli/commands/baseline.ts";
import { alarmListSchema } from "../../src/core/contract/alarm-report.ts";
import { bearingLevelSpec } from "../../src/core/features/bearing-level-spec.ts";
import { outputOf } from "../support/output-of.ts";
import { until } from "../support/until.ts";
import { createInstallation, names, startDevice, type TestGateway } from "./installation.ts";
import { listen } from "./subscriber.ts";
import { createTurbine, type TestFault } from "./turbines.ts";

const baseline = {
  levels: bearingLevelSpec,
  reference: bearingLevelSpec.list.map(() => ({ locationDb: -20, scaleDb: 3 })),
  minWindows: 32,
};
const place = ["WT01", names.component] as const;

test("the fault of a new bearing is raised, told, acknowledged and kept beside the alarm of the old one", async () => {
  const installation = await createInstallation();
  await installation.putBundle({ version: "1.1.0", baseline });
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const start = async (fault: TestFault): Promise<TestGateway> => {
    const turbine = createTurbine(41, fault);
    const device = await startDevice("WT01", turbine.source, 40);
    return installation.startGateway([{ id: "WT01", bearing: turbine.bearing, connect: device.address }]);
  };
  const config = join(installation.folder, "gateway.yaml");
  const own = { id: names.gateway, site: names.site, stateDir: join(installation.folder, "gateway") };
  writeFileSync(config, JSON.stringify({ gateway: own, turbines: [{ id: "WT01" }] }));
  const run = (command: typeof alertCommand, ...args: string[]): Promise<string> =>
    outputOf(() => command().parseAsync([...args, "--config", config], { from: "user" }));
  const list = async () =>
    alarmListSchema()
      .parse(JSON.parse(await run(alertCommand, "list", "--json")))
      .alarms.map(({ failureMode, state, conditionActive }) => [failureMode, state, conditionActive])
      .sort();
  const raised = () =>
    subscriber.alerts.filter(({ type }) => type.includes("raised")).map(({ data }) => data.failureMode);

  const first = await start({ kind: "outer-race", onsetS: 5 });
  await until(() => raised().length > 0, "the first alarm", 30_000);
  await run(alertCommand, "ack", ...place, "outer-race");
  await run(baselineCommand, "renew", ...place, "--found-fault", "--reason", "bearing replaced");
  await first.close();

  const second = await start({ kind: "inner-race", onsetS: 60 });
  await until(() => raised().length > 1, "the second alarm", 60_000);
  expect(raised()).toEqual(["outer-race", "inner-race"]);
  const both = [
    ["inner-race", "unacknowledged", true],
    ["outer-race", "acknowledged", true],
  ];
  expect(await list()).toEqual(both);
  const stateOf = () => subscriber.states.get("WT01")!;
  await until(() => stateOf().alarms.length === 2, "both in the state", 10_000);
  expect(stateOf().components).toMatchObject([
    {
      health: expect.stringMatching(/^(warning|critical)$/),
      reason: expect.stringMatching(/\(also (inner|outer) race\)/),
    },
  ]);
  const rows = async () => (await collector.record.alarms({ limit: 10, offset: 0 })).items;
  await until(async () => (await rows()).filter(({ active }) => active).length === 2, "both rows", 10_000);
  const page = await (await fetch(`${collector.url}/`)).text();
  expect(page).toMatch(/inner race/i);
  expect(page).toMatch(/outer race/i);
  await second.close();

  // The old one shows no more, and neither is told anew.
  const third = await start({ kind: "inner-race", onsetS: 0 });
  const heard = subscriber.history.length;
  await until(() => subscriber.history.length > heard, "a state", 20_000);
  await run(alertCommand, "ack", ...place, "inner-race");
  expect(await list()).toEqual([["inner-race", "acknowledged", true], both[1]]);
  expect(raised()).toHaveLength(2);
  await run(baselineCommand, "renew", ...place, "--found-healthy", "--reason", "raceways clean");
  expect(await list()).toEqual([]);
  await until(async () => (await rows()).every(({ active }) => !active), "the end of both rows", 10_000);
  await third.close();
}, 180_000);
