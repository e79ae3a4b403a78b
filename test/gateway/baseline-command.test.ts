import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { baselineCommand } from "../../src/cli/commands/baseline.ts";
import {
  type BaselineList,
  baselineListSchema,
  type RenewalReply,
  renewalReplySchema,
} from "../../src/core/contract/baseline-report.ts";
import { gatewayAccessSchema } from "../../src/core/contract/device/device-capture.ts";
import { driftPerformanceReplySchema } from "../../src/core/contract/drift-performance-schema.ts";
import { bearingLevelSpec } from "../../src/core/features/bearing-level-spec.ts";
import { outputOf } from "../support/output-of.ts";
import { until } from "../support/until.ts";
import {
  createInstallation,
  type Installation,
  names,
  startDevice,
  type TestGateway,
} from "./installation.ts";
import { readKeptText } from "./kept-text.ts";
import { listen } from "./subscriber.ts";
import { createTurbine, type TestFault } from "./turbines.ts";

const baseline = {
  levels: bearingLevelSpec,
  reference: bearingLevelSpec.list.map(() => ({ locationDb: -20, scaleDb: 3 })),
  minWindows: 32,
};
/** Half a minute of the turbine's time. */
const commissioning = { minWindows: 32, minHours: 0.008 };

interface Site {
  readonly installation: Installation;
  /** Runs `aurora baseline …` on it. */
  run(...args: string[]): Promise<string>;
  show(...args: string[]): Promise<BaselineList>;
  renew(reason: string, ...place: string[]): Promise<RenewalReply>;
  /** Starts its gateway. */
  start(): Promise<TestGateway>;
  /** No more samples come. */
  silence(): Promise<void>;
}

async function createSite(
  bundle: { readonly baseline?: typeof baseline } = { baseline },
  fault: TestFault | null = null,
): Promise<Site> {
  const installation = await createInstallation();
  await installation.putBundle({ version: "1.1.0", ...bundle });
  const turbine = createTurbine(41, fault);
  const device = await startDevice("WT01", turbine.source, 40);
  const config = join(installation.folder, "gateway.yaml");
  const gateway = { id: names.gateway, site: names.site, stateDir: join(installation.folder, "gateway") };
  writeFileSync(config, JSON.stringify({ gateway, turbines: [{ id: "WT01" }] }));
  const run: Site["run"] = (...args) =>
    outputOf(() => baselineCommand().parseAsync([...args, "--config", config], { from: "user" }));
  return {
    installation,
    run,
    show: async (...args) => baselineListSchema().parse(JSON.parse(await run("show", ...args, "--json"))),
    renew: async (reason, turbineId = "WT01", component = names.component) => {
      const said = await run("renew", turbineId, component, "--reason", reason, "--json");
      return renewalReplySchema().parse(JSON.parse(said));
    },
    start: () =>
      installation.startGateway([{ id: "WT01", bearing: turbine.bearing, connect: device.address }], {
        commissioning,
      }),
    silence: () => device.close(),
  };
}

test("a gateway does not start with fewer windows to learn than its installed bundle asks for", async () => {
  const site = await createSite();
  const bearing = createTurbine(41, null).bearing;
  const start = site.installation.startGateway([{ id: "WT01", bearing, connect: "mqtt" }], {
    commissioning: { ...commissioning, minWindows: 31 },
  });
  await expect(start).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("commissioning.minWindows is 31"),
    hint: "write commissioning: {minWindows: 32} or more",
  });
});

describe("aurora baseline", () => {
  test("shows a point from its first windows to its own reference, lets it go by order, remembers why, and goes on where the model is published again", async () => {
    const site = await createSite();
    const collector = await site.installation.startCollector();
    const first = await site.start();
    const stateOf = async () => (await site.show("WT01")).points[0]!;
    expect(await stateOf()).toMatchObject({
      turbine: "WT01",
      component: names.component,
      model: { name: "bearing-test", version: "1.1.0" },
      renewed: null,
    });
    await until(async () => (await stateOf()).state === "own-reference", "an own reference", 60_000);
    await until(async () => (await stateOf()).severityDb !== null, "a severity");
    const { learning, reference } = await stateOf();
    expect([learning, reference!.version, reference!.hasScores]).toEqual([null, 1, true]);
    expect(await site.run("show")).toContain(`WT01 ${names.component}: own reference\n`);

    expect(readKeptText(site.installation, "WT01")).toBeNull();
    const reply = await site.renew("  bearing replaced, greased ");
    // What had gathered against it does not come back with a restart.
    expect(readKeptText(site.installation, "WT01")).not.toBeNull();
    expect(reply).toMatchObject({ letGo: 1, activeAlarms: [], isStored: true, point: { state: "learning" } });
    expect(reply.point.learning).toEqual({
      windows: 0,
      ofWindows: 32,
      neededWindows: 96,
      hours: 0,
      ofHours: 0.008,
      since: null,
    });
    expect(reply.point.renewed).toMatchObject({ count: 1, reason: "bearing replaced, greased" });
    expect(Math.abs(Date.parse(reply.point.renewed!.at) - Date.now())).toBeLessThan(60_000);
    const events = async () => (await collector.record.events({ limit: 100, offset: 0 })).items;
    await until(
      async () => (await events()).some(({ name }) => name === "baseline-renewed"),
      "the event at the collector",
    );
    const event = (await events()).find(({ name }) => name === "baseline-renewed")!;
    expect(event.subject).toBe(`WT01/${names.component}`);
    const { by } = reply.point.renewed!;
    expect(event.detail).toBe(`by ${by}: bearing replaced, greased (version 1 is let go)`);

    await first.close();
    const second = await site.start();
    expect((await stateOf()).renewed).toEqual(reply.point.renewed);
    await until(async () => (await stateOf()).state === "own-reference", "a second reference", 60_000);
    expect((await stateOf()).reference!.version).toBe(2);
    await second.close();
    // The same student under another version.
    await site.installation.putBundle({ version: "1.2.0", baseline });
    await site.start();
    const named = { state: "own-reference", model: { version: "1.2.0" }, reference: { version: 2 } };
    expect(await stateOf()).toMatchObject(named);
    await until(async () => (await stateOf()).severityDb !== null, "a severity");
    expect(await stateOf()).toMatchObject(named);
    await site.silence();
    expect((await site.renew("again")).point.renewed).toMatchObject({ count: 2, reason: "again" });
    expect(await site.run("renew", "WT01", names.component, "--reason", "once more")).toContain(
      "It had none in use yet: what it had learnt so far is let go.\n",
    );
  }, 180_000);

  test("ends the alarm of a machine that was found healthy, and takes it for what it is, also after a restart", async () => {
    const site = await createSite({ baseline }, { kind: "outer-race", onsetS: 5 });
    const collector = await site.installation.startCollector();
    const subscriber = await listen(site.installation);
    const first = await site.start();
    await until(() => subscriber.alerts.length > 0, "an alert", 30_000);
    const place = ["WT01", names.component] as const;
    const said = await site.run("renew", ...place, "--found-healthy", "--reason", "raceways clean");
    expect(said).toContain(
      "It was found healthy: however it looks from now on is learnt, and what rises clearly above that is raised, days later than on other machines.\n" +
        "Its alarms have ended: outer-race.\n",
    );
    // At once, whether the turbine runs or not.
    await until(() => subscriber.alerts.length > 1, "an end of it", 2_000);
    expect(subscriber.alerts.map(({ type, data }) => [type, data.failureMode, data.state])).toEqual([
      ["io.aurora.alert.raised.v1", "outer-race", "unacknowledged"],
      ["io.aurora.alert.cleared.v1", "outer-race", "returned-unacknowledged"],
    ]);
    const outcomesOf = async () => {
      const reply = await fetch(`${collector.url}/api/v1/drift/performance`);
      return driftPerformanceReplySchema().parse(await reply.json()).models;
    };
    await until(async () => (await outcomesOf()).length > 0, "what was found, at the collector", 30_000);
    expect(await outcomesOf()).toMatchObject([{ verdict: { outcomes: 1, errors: 1, faults: 0 } }]);
    const stateOf = async () => (await site.show("WT01")).points[0]!;
    await until(async () => (await stateOf()).state === "own-reference", "an own reference", 60_000);
    expect((await stateOf()).reference!.suspicions).toEqual([
      expect.stringMatching(/^found healthy, though half of the windows look like /),
    ]);
    expect(await site.run("show")).toMatch(
      / {2}renewed {4}once, last \S+ by .+: found healthy, raceways clean\n/,
    );
    await first.close();
    await site.start();
    await until(async () => (await stateOf()).severityDb !== null, "a severity", 30_000);
    expect(await stateOf()).toMatchObject({ state: "own-reference", renewed: { foundHealthy: true } });
    expect(subscriber.alerts).toHaveLength(2);
  }, 180_000);

  test("refuses a point that there is not, an empty and an over-long reason, and changes nothing", async () => {
    const site = await createSite();
    await site.start();
    const usage = (message: string) => expect.objectContaining({ code: "USAGE", message });
    const unknown = "this gateway has no measuring point WT07";
    await expect(site.show("WT07")).rejects.toMatchObject({
      code: "USAGE",
      message: unknown,
      hint: `There is only WT01 ${names.component}.`,
    });
    await expect(site.renew("r", "WT07", "gearbox")).rejects.toMatchObject({
      code: "USAGE",
      message: "this gateway has no measuring point WT07 gearbox",
      hint: `There is only WT01 ${names.component}.`,
    });
    for (const place of ["..", "a/b", "%2e"]) {
      await expect(site.renew("r", place)).rejects.toMatchObject({ code: "USAGE" });
    }
    await expect(site.renew(" ")).rejects.toEqual(usage("not a renewal: reason: it is empty"));
    await expect(site.renew("x".repeat(401))).rejects.toEqual(
      usage("not a renewal: reason: it has more than 400 characters"),
    );
    await expect(site.renew("a\u001b[2J")).rejects.toEqual(
      usage("not a renewal: reason: it is not one line of text"),
    );
    expect((await site.show()).points).toMatchObject([{ renewed: null }]);
  });

  test("is for whoever may read the state folder, of a gateway that runs", async () => {
    const site = await createSite();
    const gateway = await site.start();
    const path = join(site.installation.folder, "gateway", "access.json");
    const { url, token } = gatewayAccessSchema().parse(JSON.parse(readFileSync(path, "utf8")));
    const renewPath = `${url}/baselines/WT01/${names.component}/renew`;
    const good = JSON.stringify({ reason: "r", by: "b" });
    const post = (body: string, word: string, to = renewPath): Promise<Response> =>
      fetch(to, { method: "POST", body, headers: { authorization: `Bearer ${word}` } });
    expect((await fetch(`${url}/baselines`)).status).toBe(403);
    expect((await post(good, "x".repeat(token.length))).status).toBe(403);
    for (const body of [
      "",
      "{",
      "[]",
      '{"reason":"r"}',
      '{"reason":"","by":"b"}',
      `${good}${" ".repeat(5000)}`,
    ]) {
      expect([body.slice(0, 20), (await post(body, token)).status]).toEqual([body.slice(0, 20), 400]);
    }
    expect((await post(good, token, `${url}/baselines/WT01/renew`)).status).toBe(400);
    expect((await site.show()).points).toMatchObject([{ renewed: null }]);
    await gateway.close();
    await expect(site.show()).rejects.toMatchObject({
      code: "GATEWAY",
      hint: expect.stringContaining("aurora gateway"),
    });
    writeFileSync(path, "{}");
    await expect(site.show()).rejects.toMatchObject({
      code: "GATEWAY",
      message: `${path} is not what a running gateway writes`,
    });
    rmSync(path, { force: true });
    await expect(site.renew("r")).rejects.toMatchObject({
      code: "GATEWAY",
      message: `no gateway runs with this configuration, or its state folder's disk is full or read-only: there is no ${path}`,
      hint: expect.stringContaining("aurora gateway --config FILE"),
    });
  });

  test("says of a model without baselines that there is nothing to renew", async () => {
    const site = await createSite({});
    await site.start();
    expect((await site.show()).points).toMatchObject([{ state: "none", learning: null, reference: null }]);
    await expect(site.renew("r")).rejects.toMatchObject({
      code: "USAGE",
      message: `WT01 ${names.component} has no baseline to renew`,
    });
  });
});
