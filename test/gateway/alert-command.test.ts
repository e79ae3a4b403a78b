/** `aurora alert`: people's steps on a gateway that runs. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alertCommand } from "../../src/cli/commands/alert.ts";
import { type AlarmReply, alarmListSchema, alarmReplySchema } from "../../src/core/contract/alarm-report.ts";
import { gatewayAccessSchema } from "../../src/core/contract/device/device-capture.ts";
import { bearingLevelSpec } from "../../src/core/features/bearing-level-spec.ts";
import { outputOf } from "../support/output-of.ts";
import { until } from "../support/until.ts";
import { createInstallation, names, startDevice } from "./installation.ts";
import { readKeptRecords } from "./kept-text.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

const baseline = {
  levels: bearingLevelSpec,
  reference: bearingLevelSpec.list.map(() => ({ locationDb: -20, scaleDb: 3 })),
  minWindows: 32,
};

test("an alarm is listed, acknowledged, shelved and taken out of service, subscribers are told, and it outlives a restart", async () => {
  const installation = await createInstallation();
  await installation.putBundle({ version: "1.1.0" });
  const turbine = createTurbine(41, { kind: "outer-race", onsetS: 5 });
  const device = await startDevice("WT01", turbine.source, 40);
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const start = () =>
    installation.startGateway([{ id: "WT01", bearing: turbine.bearing, connect: device.address }]);
  const gateway = await start();
  const config = join(installation.folder, "gateway.yaml");
  const own = { id: names.gateway, site: names.site, stateDir: join(installation.folder, "gateway") };
  writeFileSync(config, JSON.stringify({ gateway: own, turbines: [{ id: "WT01" }, { id: "WT02" }] }));
  const run = (...args: string[]): Promise<string> =>
    outputOf(() => alertCommand().parseAsync([...args, "--config", config], { from: "user" }));
  const list = async (...args: string[]) =>
    alarmListSchema().parse(JSON.parse(await run("list", ...args, "--json"))).alarms;
  const place = ["WT01", names.component, "outer-race"] as const;
  const act = async (command: string, ...args: string[]): Promise<AlarmReply> =>
    alarmReplySchema().parse(JSON.parse(await run(command, ...place, ...args, "--json")));

  expect(await run("list", "WT02")).toBe("No alarm stands, and none waits to be acknowledged.\n");
  await expect(run("list", "WT03")).rejects.toMatchObject({
    code: "USAGE",
    message: "this gateway has no turbine WT03",
    hint: "There are WT01, WT02.",
  });
  for (const other of ["ball", "../x"]) {
    await expect(run("ack", "WT01", names.component, other)).rejects.toMatchObject({
      code: "USAGE",
      message: `there is no alarm of WT01 ${names.component} ${other}`,
    });
  }
  await until(() => subscriber.alerts.length > 0, "an alert", 30_000);
  expect(await list("WT01")).toMatchObject([
    { turbine: "WT01", failureMode: "outer-race", state: "unacknowledged", conditionActive: true, by: null },
  ]);
  expect(await list("WT02")).toEqual([]);

  /** Whom a rule of Prometheus wakes by. */
  const waking = async (): Promise<number> => {
    const text = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
    const counts = text.matchAll(/^aurora_component_alarms\{turbine="WT01",component="\S+"\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const acknowledged = await act("ack");
  expect(acknowledged.alarm).toMatchObject({ state: "acknowledged", by: expect.any(String) });
  await expect(run("ack", ...place)).rejects.toMatchObject({
    code: "GATEWAY",
    message: expect.stringContaining("acknowledge is not possible while acknowledged"),
  });
  expect(await waking()).toBe(1);
  const { alarm } = await act("shelve", "--hours", "2");
  expect(await waking()).toBe(0);
  expect(alarm).toMatchObject({ state: "shelved", conditionActive: true });
  expect(Math.abs(Date.parse(alarm!.until!) - Date.now() - 7_200_000)).toBeLessThan(60_000);
  expect(await run("list")).toMatch(
    /^WT01 \S+ outer-race: (warning|critical), shelved by .+ until \S+Z, its condition holds, since \S+Z\n$/,
  );
  expect((await act("shelve", "--end")).alarm).toMatchObject({ state: "acknowledged", until: null });
  expect(await waking()).toBe(1);
  expect((await act("maintain")).alarm).toMatchObject({ state: "out-of-service" });
  expect(await waking()).toBe(0);
  await until(
    () => subscriber.alerts.some(({ data }) => data.state === "out-of-service"),
    "what subscribers are told",
    5_000,
  );
  expect(subscriber.alerts.map(({ type }) => type)).toContain("io.aurora.alert.acknowledged.v1");

  const steps = async (): Promise<string[]> => {
    const { items } = await collector.record.events({ limit: 50, offset: 0, search: place.join(" ") });
    return items.filter(({ detail }) => /^by ./.test(detail)).map(({ name }) => name);
  };
  await until(async () => (await steps()).length >= 4, "who did it, at the collector", 10_000);
  expect((await steps()).sort()).toEqual([
    "alarm.acknowledged",
    "alarm.out-of-service",
    "alarm.shelved",
    "alarm.unshelved",
  ]);

  await gateway.close();
  await start();
  expect(await list()).toMatchObject([{ state: "out-of-service" }]);
  expect((await act("maintain", "--end")).alarm).toMatchObject({ state: "acknowledged" });

  const path = join(installation.folder, "gateway", "access.json");
  const { url, token } = gatewayAccessSchema().parse(JSON.parse(readFileSync(path, "utf8")));
  const post = async (body: string, word: string, to = place.join("/")): Promise<number> => {
    const headers = { authorization: `Bearer ${word}` };
    return (await fetch(`${url}/alarms/${to}`, { method: "POST", body, headers })).status;
  };
  expect((await fetch(`${url}/alarms`)).status).toBe(403);
  const good = JSON.stringify({ action: "acknowledge", by: "b" });
  expect(await post(good, "x".repeat(token.length))).toBe(403);
  for (const body of [
    "",
    "[]",
    '{"action":"acknowledge"}',
    '{"action":"shelve","by":"b"}',
    '{"action":"shelve","by":"b","hours":169}',
    '{"action":"acknowledge","by":"b","hours":1}',
    '{"action":"suppress","by":"b"}',
    '{"action":"acknowledge","by":"a\\u001b[2J"}',
  ]) {
    expect([body, await post(body, token)]).toEqual([body, 400]);
  }
  expect(await post(good, token, "WT01/bearing")).toBe(400);
  const [known, shelved] = [subscriber.alerts.length, { action: "shelve", by: "b", hours: 0.0005 }];
  expect(await post(JSON.stringify(shelved), token)).toBe(200);
  // What was told before may arrive after `known` was counted.
  const told = (): string[] => subscriber.alerts.slice(known).map(({ data }) => data.state);
  await until(
    () => told().includes("shelved") && told().at(-1) === "acknowledged",
    "the end of the shelving",
    10_000,
  );
  expect(await list()).toMatchObject([{ state: "acknowledged" }]);
}, 120_000);

test("who acknowledged and who renewed a baseline is on the disk when the order is answered", async () => {
  const installation = await createInstallation();
  await installation.putBundle({ version: "1.1.0", baseline });
  const turbine = createTurbine(41, { kind: "outer-race", onsetS: 5 });
  const device = await startDevice("WT01", turbine.source, 40);
  await installation.startGateway([{ id: "WT01", bearing: turbine.bearing, connect: device.address }]);
  const path = join(installation.folder, "gateway", "access.json");
  const { url, token } = gatewayAccessSchema().parse(JSON.parse(readFileSync(path, "utf8")));
  const headers = { authorization: `Bearer ${token}` };
  const listed = async () =>
    alarmListSchema().parse(await (await fetch(`${url}/alarms`, { headers })).json()).alarms;
  await until(async () => (await listed()).length > 0, "an alarm", 30_000);
  const orders = [
    [`alarms/WT01/${names.component}/outer-race`, { action: "acknowledge", by: "ana" }, "alarm.acknowledged"],
    [`baselines/WT01/${names.component}/renew`, { reason: "new bearing", by: "bo" }, "baseline-renewed"],
  ] as const;
  for (const [address, order, event] of orders) {
    const posted = { method: "POST", body: JSON.stringify(order), headers };
    expect((await fetch(`${url}/${address}`, posted)).status).toBe(200);
    expect(readKeptRecords(installation)).toContain(event);
  }
}, 60_000);
