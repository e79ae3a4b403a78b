import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../support/until.ts";
import {
  createInstallation,
  type Installation,
  listen,
  offersOf,
  startDevice,
  statusWhen,
  updatesFrom,
} from "./installation.ts";
import { createTurbine } from "./turbines.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => 3 * index + 1);

function writeKey(installation: Installation): string {
  const file = join(installation.folder, "mcu.key");
  writeFileSync(file, Buffer.from(key).toString("hex"), { mode: 0o600 });
  return file;
}

describe("a device that infers itself", () => {
  test("gets the gateway's model, raises an alert by it, and follows when the collector ships another", async () => {
    const installation = await createInstallation();
    const collector = await installation.startCollector();
    const subscriber = await listen(installation);
    const keyFile = writeKey(installation);
    const slotFile = join(installation.folder, "slot.bin");
    const turbine = createTurbine(32, { kind: "outer-race", onsetS: 20 });
    const device = await startDevice("WT01", turbine.source, 40, { key, firstImage: null, slotFile });
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
    // Explained from what the device says its student was given.
    const { explanation, score } = alert!.data;
    const sum = explanation.groups.reduce((total, { share }) => total + share, explanation.baseValue);
    expect(Math.abs(sum - score)).toBeLessThan(1e-9);
    expect(explanation.groups.toSorted((one, other) => other.share - one.share)[0]?.name).toBe("outer race");

    await installation.putBundle({ version: "1.1.0" }, offersOf(installation));
    await until(() => device.modelVersion === "1.1.0", "the new model on the device", 30_000);
    await until(
      () => subscriber.states.get("WT01")?.model?.version === "1.1.0",
      "a decision of the new model",
    );
    const { edgeScores: before } = await statusWhen(
      gateway,
      ({ devicePushes }) => devicePushes.confirmed === 2,
    );
    // Scores are compared a moment after they came: those that had come by then are, whatever has come since.
    const status = await statusWhen(gateway, ({ edgeScores }) => edgeScores.agreed >= before.received);
    expect(status.edgeScores).toMatchObject({ mismatched: 0, unknownModel: 0 });
    expect(status.windows.quarantined).toBe(0);
    expect(readFileSync(slotFile).subarray(48, 53).toString()).toBe("1.1.0");
  }, 60_000);

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
    const status = await statusWhen(gateway, ({ windows }) => windows.processed > 20);
    expect(status.edgeScores.agreed).toBeGreaterThan(10);
    expect(status.edgeScores.mismatched).toBe(0);
  });

  test("with a model that its gateway does not know is not believed", async () => {
    const installation = await createInstallation();
    const dir = await installation.putBundle({ version: "0.9.0" }, join(installation.folder, "old"));
    const turbine = createTurbine(31, null);
    const device = await startDevice("WT01", turbine.source, 20, {
      key,
      firstImage: Uint8Array.from(readFileSync(join(dir, "model.mcu.bin"))),
      slotFile: null,
    });
    // No key: the gateway cannot give it another one.
    const gateway = await installation.startGateway([
      { id: "WT01", bearing: turbine.bearing, connect: device.address, mode: "edge" },
    ]);
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
