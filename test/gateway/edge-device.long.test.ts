import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseNpy } from "../../scripts/parse-npy.ts";
import { gatewayAccessSchema, type RecordingAbout } from "../../src/core/contract/device/device-capture.ts";
import { bearingLevelSpec } from "../../src/core/features/bearing-level-spec.ts";
import { until } from "../support/until.ts";
import { capture, score } from "./capture-command.ts";
import {
  createInstallation,
  deviceOf,
  type Installation,
  offersOf,
  startDevice,
  statusWhen,
  updatesFrom,
} from "./installation.ts";
import { listen } from "./subscriber.ts";
import { createTurbine } from "./turbines.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => 3 * index + 1);

function writeKey(installation: Installation): string {
  const file = join(installation.folder, "mcu.key");
  writeFileSync(file, Buffer.from(key).toString("hex"), { mode: 0o600 });
  return file;
}

/** The first recording that is kept of the device. */
async function firstRecording(
  installation: Installation,
): Promise<{ readonly samples: number; readonly about: RecordingAbout }> {
  const dir = join(installation.folder, "gateway", "recordings", deviceOf("WT01"));
  const find = (): string | undefined =>
    existsSync(dir) ? readdirSync(dir).find((name) => name.endsWith(".npy")) : undefined;
  await until(() => find() !== undefined, "a recording", 30_000);
  const path = join(dir, find()!);
  const about: RecordingAbout = JSON.parse(readFileSync(path.replace(/npy$/, "json"), "utf8"));
  return { samples: parseNpy(readFileSync(path), path).data.length, about };
}

/** A gateway, and a device that has the model of the bundle in `dir` from the first: without a key it is given no other one. */
async function startWithModelOf(
  installation: Installation,
  dir: string,
): ReturnType<Installation["startGateway"]> {
  const { source, bearing } = createTurbine(31, null);
  const firstImage = Uint8Array.from(readFileSync(join(dir, "model.mcu.bin")));
  const { address } = await startDevice("WT01", source, 20, { key, firstImage, slotFile: null });
  return await installation.startGateway([{ id: "WT01", bearing, connect: address, mode: "edge" }]);
}

describe("a device that infers itself", () => {
  test("gets the gateway's model, raises an alert by it, and follows when the collector ships another", async () => {
    const installation = await createInstallation();
    const collector = await installation.startCollector();
    const subscriber = await listen(installation);
    const keyFile = writeKey(installation);
    const slotFile = join(installation.folder, "slot.bin");
    const turbine = createTurbine(32, { kind: "outer-race", onsetS: 10 });
    // No faster: what a busy machine cannot follow queues up, and the newest model's decision waits behind it.
    const device = await startDevice("WT01", turbine.source, 20, { key, firstImage: null, slotFile });
    const gateway = await installation.startGateway(
      [{ id: "WT01", bearing: turbine.bearing, connect: device.address, mode: "edge", keyFile }],
      { updates: updatesFrom(installation, collector) },
    );
    await until(() => device.modelVersion === "1.0.0", "a model on the device");
    await until(() => subscriber.alerts.length > 0, "an alert", 30_000);
    const [alert] = subscriber.alerts;
    expect(alert!.data).toMatchObject({
      turbine: "WT01",
      failureMode: "outer-race",
      inferredOn: "device",
      model: { name: "bearing-test", version: "1.0.0" },
    });
    // Raw samples to it, from then on: a device holds none of the past.
    const recording = await firstRecording(installation);
    expect(recording).toMatchObject({ samples: 24_000, about: { alert: alert!.id, channel: "accel-de" } });
    expect(Date.parse(recording.about.from)).toBeGreaterThanOrEqual(Date.parse(alert!.data.window.to) - 1);
    // Explained from what the device says its student was given.
    const { explanation, score } = alert!.data;
    const sum = explanation.groups.reduce((total, { share }) => total + share, explanation.baseValue);
    expect(Math.abs(sum - score)).toBeLessThan(1e-9);
    expect(explanation.groups.toSorted((one, other) => other.share - one.share)[0]?.name).toBe("outer race");

    await installation.putBundle({ version: "1.1.0" }, offersOf(installation));
    await until(() => device.modelVersion === "1.1.0", "the new model on the device", 30_000);
    // Its hello named no model yet.
    await statusWhen(gateway, ({ devices }) => devices[0]!.model === "1.1.0" && devices[0]!.windows > 0);
    await until(
      () => subscriber.states.get("WT01")?.model?.version === "1.1.0",
      "a decision of the new model",
      30_000,
    );
    const { edgeScores: before } = await statusWhen(
      gateway,
      ({ devicePushes }) => devicePushes.confirmed === 2,
    );
    // Scores are compared a moment after they came: those that had come by then are, whatever has come since.
    const status = await statusWhen(gateway, ({ edgeScores }) => edgeScores.agreed >= before.received);
    expect(status.edgeScores).toMatchObject({ mismatched: 0, unknownModel: 0 });
    expect(status.windows.quarantined).toBe(0);
    // The device writes its slot beside its work.
    const versionInSlot = (): string => readFileSync(slotFile).subarray(48, 53).toString();
    await until(() => versionInSlot() === "1.1.0", "the new model in the slot");
  });

  test("has a reference of its own, of its scores alone", async () => {
    const installation = await createInstallation();
    const reference = bearingLevelSpec.list.map(() => ({ locationDb: -20, scaleDb: 3 }));
    await installation.putBundle({
      version: "1.0.1",
      baseline: { levels: bearingLevelSpec, reference, minWindows: 32 },
    });
    await installation.startCollector();
    const subscriber = await listen(installation);
    const keyFile = writeKey(installation);
    const turbine = createTurbine(31, null, 600);
    const device = await startDevice("WT01", turbine.source, 60, { key, firstImage: null, slotFile: null });
    await installation.startGateway([
      { id: "WT01", bearing: turbine.bearing, connect: device.address, mode: "edge", keyFile },
    ]);
    const baseline = () => subscriber.states.get("WT01")?.baselines?.[0];
    await until(() => baseline()?.state === "ready", "a reference", 30_000);
    expect(baseline()).toMatchObject({ component: "generator-bearing", isProvisional: true, version: 1 });
    expect(subscriber.states.get("WT01")).toMatchObject({ health: "ok" });
    expect(subscriber.alerts).toEqual([]);
  });

  test("in mode both is compared with the gateway, which decides", async () => {
    const installation = await createInstallation();
    const turbine = createTurbine(31, null, 60);
    const device = await startDevice("WT01", turbine.source, 60, { key, firstImage: null, slotFile: null });
    const gateway = await installation.startGateway([
      {
        id: "WT01",
        bearing: turbine.bearing,
        connect: device.address,
        mode: "both",
        keyFile: writeKey(installation),
      },
    ]);
    await device.ended;
    const status = await statusWhen(
      gateway,
      ({ windows, edgeScores }) => windows.processed > 20 && edgeScores.agreed > 10,
    );
    expect(status.edgeScores.mismatched).toBe(0);
  });

  test("with a model that its gateway does not know is not believed", async () => {
    const installation = await createInstallation();
    const dir = await installation.putBundle({ version: "0.9.0" }, join(installation.folder, "old"));
    const gateway = await startWithModelOf(installation, dir);
    const status = await statusWhen(
      gateway,
      ({ edgeScores, devices }) => edgeScores.unknownModel >= 3 && devices[0]?.health != null,
    );
    expect(status.devices[0]!.health).toMatchObject({ droppedSamples: 0, badFrames: 0 });
    expect((await (await fetch(`${gateway.httpUrl}/metrics`)).text()).split("\n")).toContain(
      "aurora_device_dropped_samples 0",
    );
    expect(status.windows).toMatchObject({ processed: 0 });
    expect(status.windows.byReason["unknown-model"]).toBeGreaterThanOrEqual(3);
    expect(status.devices[0]).toMatchObject({ model: "0.9.0" });
  });

  test("with the model before its gateway's is believed, whenever the gateway has started", async () => {
    const installation = await createInstallation();
    const dir = await installation.putBundle();
    await installation.putBundle({ version: "1.1.0" });
    const gateway = await startWithModelOf(installation, dir);
    const status = await statusWhen(gateway, ({ windows }) => windows.processed >= 3);
    expect(status).toMatchObject({
      models: [{ version: "1.1.0" }],
      edgeScores: { mismatched: 0, unknownModel: 0 },
    });
    await gateway.close();
  });

  test("with another key keeps its model, and the gateway says so", async () => {
    const installation = await createInstallation();
    const turbine = createTurbine(31, null);
    const device = await startDevice("WT01", turbine.source, 20, {
      key: new Uint8Array(32),
      firstImage: null,
      slotFile: null,
    });
    const gateway = await installation.startGateway([
      {
        id: "WT01",
        bearing: turbine.bearing,
        connect: device.address,
        mode: "edge",
        keyFile: writeKey(installation),
      },
    ]);
    await statusWhen(gateway, ({ devicePushes }) => devicePushes.refused === 1);
    expect(device.modelVersion).toBe("");
  });
});

describe("raw samples on request", () => {
  test("samples of a device that infers come into a file that aurora score reads, and its scores go on", async () => {
    const installation = await createInstallation();
    const turbine = createTurbine(33, null);
    const device = await startDevice("WT01", turbine.source, 20, { key, firstImage: null, slotFile: null });
    const gateway = await installation.startGateway([
      {
        id: "WT01",
        bearing: turbine.bearing,
        connect: device.address,
        mode: "edge",
        keyFile: writeKey(installation),
      },
    ]);
    await statusWhen(gateway, ({ devicePushes }) => devicePushes.confirmed === 1);
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
    await expect(
      capture(installation, out, "--seconds", "1", "--channel", "elsewhere"),
    ).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining('no channel "elsewhere"'),
    });
  });

  test("only who may read the state folder may ask, in a bounded request", async () => {
    const installation = await createInstallation();
    const gateway = await installation.startGateway([
      { id: "WT01", bearing: createTurbine(31, null).bearing, connect: "tcp://127.0.0.1:1" },
    ]);
    const file = join(installation.folder, "gateway", "access.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { url, token } = gatewayAccessSchema().parse(JSON.parse(readFileSync(file, "utf8")));
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
});
