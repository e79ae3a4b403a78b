import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gatewayAccessSchema, type RecordingAbout } from "../../src/contract/device-capture.ts";
import { parseNpy } from "../../src/dataset/npy.ts";
import { until } from "../support/until.ts";
import { capture, score } from "./capture-command.ts";
import {
  createInstallation,
  deviceOf,
  type Installation,
  listen,
  startDevice,
  statusWhen,
  type TestGateway,
} from "./installation.ts";
import { createTurbine } from "./turbines.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => index);

async function startEdge(
  installation: Installation,
  fault: Parameters<typeof createTurbine>[1] = null,
): Promise<TestGateway> {
  const turbine = createTurbine(33, fault);
  const device = await startDevice("WT01", turbine.source, 20, { key, firstImage: null, slotFile: null });
  const keyFile = join(installation.folder, "mcu.key");
  writeFileSync(keyFile, Buffer.from(key).toString("hex"), { mode: 0o600 });
  const gateway = await installation.startGateway([
    { id: "WT01", bearing: turbine.bearing, connect: device.address, mode: "edge", keyFile },
  ]);
  await statusWhen(gateway, ({ devicePushes }) => devicePushes.confirmed === 1);
  return gateway;
}

test("samples of a device that infers come into a file that aurora score reads, and its scores go on", async () => {
  const installation = await createInstallation();
  const gateway = await startEdge(installation);
  const out = join(installation.folder, "wt01.npy");
  const said = JSON.parse(await capture(installation, out, "--seconds", "4", "--json")) as unknown;
  expect(said).toMatchObject({ samples: 48_000, gaps: 0, about: { rateHz: 12_000, channel: "accel-de" } });
  expect(parseNpy(readFileSync(out), out).shape).toEqual([48_000]);
  // The same number again: the device must not take it for the request before.
  const text = await capture(installation, out, "--seconds", "4");
  expect(text).toContain("48000 samples (4.00 s at 12000 Hz)");
  const { windows, faultProbability } = await score(installation, out);
  expect(windows).toBeGreaterThan(1);
  expect(faultProbability).toBeLessThan(0.5);
  const { edgeScores: before } = await gateway.status();
  const after = await statusWhen(gateway, ({ edgeScores }) => edgeScores.agreed > before.agreed + 1);
  expect(after.edgeScores.mismatched).toBe(0);
  await expect(capture(installation, out, "--seconds", "1", "--channel", "elsewhere")).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining('no channel "elsewhere"'),
  });
}, 60_000);

test("only who may read the state folder may ask, in a bounded request", async () => {
  const installation = await createInstallation();
  const gateway = await installation.startGateway([
    { id: "WT01", bearing: createTurbine(31, null).bearing, connect: "tcp://127.0.0.1:1" },
  ]);
  const file = join(installation.folder, "gateway", "access.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { url, token } = gatewayAccessSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  expect(url).toBe(gateway.httpUrl);
  const ask = async (
    body: string,
    authorization = `Bearer ${token}`,
    path = `/devices/${deviceOf("WT01")}/capture`,
  ): Promise<[number, string]> => {
    const response = await fetch(url + path, { method: "POST", headers: { authorization }, body });
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
  };
  const good = '{"seconds":1}';
  for (const wrong of ["", "Bearer", `Bearer ${"A".repeat(token.length)}`, `Bearer ${token}A`, token])
    expect(await ask(good, wrong)).toEqual([403, "GATEWAY"]);
  expect(await ask(good)).toEqual([503, "DEVICE_UNREACHABLE"]);
  expect(await ask(good, undefined, "/devices/nobody/capture")).toEqual([400, "USAGE"]);
  for (const bad of [
    "",
    "null",
    "[]",
    '{"seconds":-1}',
    '{"seconds":41}',
    '{"seconds":1,"x":1}',
    " ".repeat(9_000),
  ])
    expect(await ask(bad)).toEqual([400, "USAGE"]);
  await gateway.close();
  expect(readdirSync(join(installation.folder, "gateway"))).not.toContain("access.json");
});

test("an alert that a device's scores raise gets raw samples of its own, kept with the recordings", async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  const subscriber = await listen(installation);
  await startEdge(installation, { kind: "outer-race", onsetS: 20 });
  await until(() => subscriber.alerts.length > 0, "an alert", 30_000);
  const dir = join(installation.folder, "gateway", "recordings", deviceOf("WT01"));
  const listRecordings = (): string[] => {
    try {
      return readdirSync(dir).filter((name) => name.endsWith(".npy"));
    } catch {
      return [];
    }
  };
  await until(() => listRecordings().length > 0, "a recording", 30_000);
  const [name] = listRecordings();
  const about = JSON.parse(readFileSync(join(dir, name!.replace(/npy$/, "json")), "utf8")) as RecordingAbout;
  expect(about).toMatchObject({ alert: subscriber.alerts[0]!.id, channel: "accel-de", rateHz: 12_000 });
  expect(parseNpy(readFileSync(join(dir, name!)), name!).shape).toEqual([24_000]);
  // It begins after the window that raised the alert: a device holds none of the past.
  expect(Date.parse(about.from)).toBeGreaterThanOrEqual(Date.parse(subscriber.alerts[0]!.data.window.to) - 1);
}, 60_000);
