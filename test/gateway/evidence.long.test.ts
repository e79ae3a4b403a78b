import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { evidenceAboutSchema } from "../../src/core/contract/evidence.ts";
import type { RecordedEvidence } from "../../src/core/contract/evidence-list.ts";
import { sha256Hex } from "../../src/core/platform/files/sha256.ts";
import { auroraHere } from "../cli/aurora.ts";
import { until } from "../support/until.ts";
import type { RunningCollector } from "../support/whole-collector.ts";
import { createInstallation, type Installation, names, startDevice } from "./installation.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

const permitted = { allow: ["alarm"], secondsBefore: 1, secondsAfter: 0.5 };

const listed = async ({ record }: RunningCollector): Promise<readonly RecordedEvidence[]> =>
  (await record.evidence({ limit: 10, offset: 0 })).items;

/** A fault at 20 s of a turbine whose device goes on sending after the alert. */
async function startFaulty(installation: Installation, evidence: object) {
  const { bearing, source } = createTurbine(32, { kind: "outer-race", onsetS: 20 });
  const device = await startDevice("WT02", source, 40);
  const gateway = await installation.startGateway([{ id: "WT02", bearing, connect: device.address }], {
    evidence,
  });
  onTestFinished(() => device.close());
  return { device, gateway };
}

test("the samples around an alarm are a file at the collector, which the score command reads", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const { device, gateway } = await startFaulty(installation, permitted);
  await until(() => subscriber.alerts.length > 0, "an alert", 30_000);
  await until(async () => (await gateway.status()).evidence.kept === 1, "evidence", 30_000);
  await device.close();
  await until(async () => (await listed(collector)).length > 0, "evidence at the collector", 60_000);

  const [evidence] = await listed(collector);
  const [alert] = subscriber.alerts;
  expect(evidence).toMatchObject({
    kind: "alarm",
    gateway: names.gateway,
    site: names.site,
    turbine: "WT02",
    component: names.component,
    alert: alert!.id,
    model: alert!.data.model,
    said: { verdict: "alarm", failureModes: ["outer-race"], probability: alert!.data.probability },
  });
  const seconds = (evidence!.toMs - evidence!.fromMs) / 1000;
  expect(seconds).toBeGreaterThan(1.2);
  expect(seconds).toBeLessThan(1.8);
  expect(evidence!.toMs).toBeGreaterThan(Date.parse(alert!.data.window.from));

  const path = join(installation.folder, "collector", "evidence", evidence!.id.slice(0, 2), evidence!.id);
  const about = readFileSync(`${path}.json`);
  expect(sha256Hex(about)).toBe(evidence!.id);
  expect(sha256Hex(readFileSync(`${path}.npy`))).toBe(
    evidenceAboutSchema().parse(JSON.parse(about.toString())).evidence.npySha256,
  );
  // As whoever reviews it takes it.
  const taken = join(installation.folder, "taken.npy");
  const source = ["--collector", collector.url] as const;
  const got = await auroraHere("evidence", "get", evidence!.id.slice(0, 12), "--out", taken, ...source);
  expect(got).toMatchObject({ code: 0, stderr: "" });
  expect(readFileSync(taken).equals(readFileSync(`${path}.npy`))).toBe(true);
  const beside = JSON.parse(readFileSync(join(installation.folder, "taken.json"), "utf8"));
  const known = evidenceAboutSchema().parse(JSON.parse(about.toString()));
  const { speed } = known.evidence;
  const track = { file: "taken.rpm.csv", rateHz: known.rateHz / (speed?.everySamples ?? 1), unit: "rpm" };
  expect(beside).toEqual({ ...JSON.parse(about.toString()), ...(speed && { speed: track }) });
  const bundle = join(installation.folder, "models", "bearing-test", "1.0.0");
  const out = join(installation.folder, "rows.csv");
  const scored = await auroraHere("score", bundle, "--input", taken, "--out", out, "--json");
  expect(scored.stderr).toBe("");
  const { files } = JSON.parse(scored.stdout);
  expect(files[0].windows).toBeGreaterThan(0);
  expect(files[0].faultProbability).toBeGreaterThan(0.9);

  // As whoever trains on it takes it, from the collector's own folder.
  const kept = join(installation.folder, "collector", "evidence");
  const init = await auroraHere("data", "init", kept);
  expect(init).toMatchObject({ code: 0, stderr: "" });
  expect(init.stdout).toMatch(
    /1 recording of 1 machine \(outer-race\)[\s\S]*1 labels are the verdict of the model/,
  );
  const checked = await auroraHere("data", "check", join(kept, "recordings.yaml"), "--json");
  expect(JSON.parse(checked.stdout)).toMatchObject({ recordings: 1, machines: 1, unreadable: [] });

  // The same over the API, and from the turbine's page.
  const reply = await (await fetch(`${collector.url}/api/v1/evidence?turbine=WT02&limit=1`)).json();
  expect(reply).toEqual({ total: 1, limit: 1, offset: 0, items: [evidence] });
  const page = await (await fetch(`${collector.url}/turbine/${names.site}/WT02`)).text();
  const [, href] = /href="([^"]+\.npy)"/.exec(page)!;
  const file = await fetch(collector.url + href);
  expect(page).toContain(`/api/v1/evidence/${evidence!.id}.json`);
  expect(Buffer.from(await file.arrayBuffer())).toEqual(readFileSync(`${path}.npy`));
  for (const bad of [
    "../../collector.sqlite",
    `${evidence!.id}.npy%2f..`,
    `${"0".repeat(64)}.npy`,
    "x.json",
  ]) {
    expect((await fetch(`${collector.url}/api/v1/evidence/${encodeURIComponent(bad)}`)).status).toBe(404);
  }
  expect((await fetch(`${collector.url}/api/v1/evidence?limit=501`)).status).toBe(400);

  // What was stored leaves the gateway's disk.
  await until(
    async () => JSON.stringify((await gateway.status()).evidence).includes('"waiting":0'),
    "an empty folder",
  );
});

test("a gateway that stops soon after an alarm keeps the samples that have come, and sends them when it starts again", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const { device, gateway } = await startFaulty(installation, { ...permitted, secondsAfter: 10 });
  await until(() => subscriber.alerts.length > 0, "an alert", 30_000);
  await device.close();
  await gateway.close();
  const turbines = [{ id: "WT02", bearing: createTurbine(32, null).bearing, connect: device.address }];
  await installation.startGateway(turbines, { evidence: permitted });
  await until(async () => (await listed(collector)).length > 0, "evidence at the collector", 60_000);
  expect(await listed(collector)).toMatchObject([{ kind: "alarm", alert: subscriber.alerts[0]!.id }]);
});

test("without permission no raw sample is held, kept or sent", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const subscriber = await listen(installation);
  const { gateway } = await startFaulty(installation, {});
  await until(() => subscriber.alerts.length > 0, "an alert", 30_000);
  // As long as the permitted one takes to come.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(await listed(collector)).toEqual([]);
  const { uplink, evidence } = await gateway.status();
  expect(uplink).toMatchObject({ bytesByLane: { raw: 0 } });
  expect(evidence).toMatchObject({ waiting: 0, waitingBytes: 0, bufferBytes: 0, stored: 0 });
});

test("a person asks for samples and gets them, or the gateway's reason why not", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector({ evidence: { requests: true } });
  const { bearing, source } = createTurbine(32, null);
  const device = await startDevice("WT02", source, 20);
  const turbines = [{ id: "WT02", bearing, connect: device.address }];
  const ask = async (): Promise<{ readonly request: string; readonly refusal: string }> => {
    const response = await fetch(`${collector.url}/api/v1/evidence/requests`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ site: names.site, turbine: "WT02", component: names.component, seconds: 1 }),
    });
    const reply = (await response.json()) as { readonly request: string; readonly refusal: string };
    expect([response.status, reply]).toMatchObject([202, { gateway: names.gateway }]);
    return reply;
  };
  const list = async <T>(path: string): Promise<readonly T[]> => {
    const reply = (await (await fetch(collector.url + path)).json()) as { readonly items: readonly T[] };
    return reply.items;
  };
  const isReachable = async (): Promise<boolean> => {
    // Which gateway watches it is known with what that one sends first.
    const [turbine] = await list<{ readonly health: string; readonly gateway: string | null }>(
      "/api/v1/turbines",
    );
    return turbine !== undefined && turbine.gateway !== null && turbine.health !== "information-unavailable";
  };

  const strict = await installation.startGateway(turbines, {});
  await until(isReachable, "the turbine", 30_000);
  const { request: refused, refusal } = await ask();
  const reasons = (): Promise<readonly { readonly name: string; readonly detail: string }[]> => list(refusal);
  await until(async () => (await reasons()).length > 0, "the reason", 30_000);
  expect(await reasons()).toMatchObject([
    { name: "evidence-request-refused", detail: expect.stringContaining("evidence.allow") },
  ]);
  expect((await reasons())[0]!.detail).toContain(refused);
  await strict.close();
  // Who asks before would ask the one that is gone.
  await until(async () => !(await isReachable()), "its goodbye");

  await installation.startGateway(turbines, { evidence: { allow: ["request"] } });
  await until(isReachable, "the turbine again", 30_000);
  const { request } = await ask();
  await until(async () => (await listed(collector)).length > 0, "the samples", 60_000);
  expect(await listed(collector)).toMatchObject([{ kind: "request", request, turbine: "WT02", alert: null }]);
});
