import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { devicePushCommand } from "../../../src/cli/commands/device-push.ts";
import { type DeviceSimulator, startDeviceSimulator } from "../../../src/cli/device/device-simulator.ts";
import { listDevices, renderDeviceList } from "../../../src/cli/device/list-devices.ts";
import { pushToDevice } from "../../../src/cli/device/push-to-device.ts";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { readBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { bundleFileNames } from "../../../src/core/contract/bundle/manifest.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { decodeStudent } from "../../../src/core/inference/onnx-codec.ts";
import { type DeviceImage, readDeviceImage } from "../../../src/core/serving/device-image.ts";
import { createTurbine } from "../../gateway/turbines.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createTestBundle } from "../../support/test-bundle.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => index);

async function createImage(version: string): Promise<DeviceImage> {
  const dir = join(createTemporaryFolder(), version);
  await writeBundle(dir, createTestBundle({ version }), parsePrivateKey(createKeyPair().privateKeyPem));
  const { manifest, files } = await readBundle(dir);
  return (await readDeviceImage(dir, manifest, decodeStudent(files.get(bundleFileNames.model)!)))!;
}

async function startDevice(): Promise<DeviceSimulator> {
  const device = await startDeviceSimulator({
    deviceId: "mcu-1",
    outlet: { kind: "tcp", host: "127.0.0.1", port: 0 },
    source: createTurbine(1, null).source,
    edge: { key, firstImage: null, slotFile: null },
  });
  onTestFinished(() => device.close());
  return device;
}

test("a device gets a model by hand, keeps a newer one, and says what it runs", async () => {
  const device = await startDevice();
  const push = (image: DeviceImage, withKey = key) =>
    pushToDevice({
      address: device.address,
      baudRate: 115_200,
      image,
      key: withKey,
      runtimeVersion: "0.1.0",
    });
  const newer = await createImage("1.1.0");
  expect(await push(newer)).toMatchObject({
    outcome: "confirmed",
    deviceId: "mcu-1",
    from: null,
    version: "1.1.0",
    mismatches: 0,
  });
  expect(device.modelVersion).toBe("1.1.0");
  expect(await push(newer)).toMatchObject({ outcome: "already-runs", from: "1.1.0", sentBytes: 0 });
  const older = await push(await createImage("1.0.0"));
  expect(older.outcome).toBe("refused");
  expect(older.reason).toMatch(/security counter/);
  const stranger = await push(await createImage("1.2.0"), new Uint8Array(32));
  expect(stranger.reason).toMatch(/MAC is wrong/);
  expect(device.modelVersion).toBe("1.1.0");
});

test("a device without a model part says so at once, instead of being asked for half a minute", async () => {
  const device = await startDeviceSimulator({
    deviceId: "mcu-1",
    outlet: { kind: "tcp", host: "127.0.0.1", port: 0 },
    source: createTurbine(1, null).source,
  });
  onTestFinished(() => device.close());
  const report = await pushToDevice({
    address: device.address,
    baudRate: 115_200,
    image: await createImage("1.1.0"),
    key,
    runtimeVersion: "0.1.0",
  });
  expect(report).toMatchObject({
    outcome: "refused",
    reason: expect.stringMatching(/^it takes no model \(this device cannot infer\): .*no key.*--key FILE/),
    sentBytes: 0,
  });
});

test("a bundle that no trusted key has signed is not pushed, whatever its digests say", async () => {
  const folder = createTemporaryFolder();
  const dir = join(folder, "bundle");
  await writeBundle(dir, createTestBundle({}), parsePrivateKey(createKeyPair().privateKeyPem));
  const keyFile = join(folder, "mcu.key");
  writeFileSync(keyFile, Buffer.from(key).toString("hex"));
  const args = [dir, "--device", "tcp://127.0.0.1:1", "--key", keyFile];
  await expect(devicePushCommand().parseAsync(args, { from: "user" })).rejects.toMatchObject({
    code: "BUNDLE_SIGNATURE",
  });
});

test("an address that only a gateway reaches is refused with the reason", async () => {
  const image = await createImage("1.0.0");
  const options = { baudRate: 115_200, image, key, runtimeVersion: "0.1.0" };
  await expect(pushToDevice({ ...options, address: "mqtt:mcu-1" })).rejects.toMatchObject({ code: "USAGE" });
  await expect(pushToDevice({ ...options, address: "somewhere" })).rejects.toMatchObject({ code: "USAGE" });
});

test("devices of a gateway that does not run are listed from its configuration", async () => {
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gateway-1", site: "north", httpPort: 2 },
    mqtt: { url: "mqtt://127.0.0.1:1" },
    devices: [{ id: "mcu-1", connect: "tcp://10.0.0.7:4001", mode: "edge" }],
    turbines: [{ id: "WT01" }],
    bundles: { dir: "models", trustedKeys: ["release.pub"] },
  });
  const list = await listDevices(config);
  expect(list.gateway).toMatchObject({ running: false });
  expect(list.devices).toMatchObject([{ id: "mcu-1", mode: "edge", hasKey: false, state: null }]);
  const text = renderDeviceList(list);
  const health = { droppedSamples: 64, badFrames: 1 };
  const [known] = list.devices;
  const link = { badFrames: 9 };
  expect(renderDeviceList({ ...list, devices: [{ ...known!, health, link }] })).toMatch(
    /model none, dropped 64 samples and 0 windows, heard 1 damaged frames of the gateway, the gateway heard 9 damaged frames of it, no key/,
  );
  expect(text).toMatch(/No gateway answers at http:\/\/127\.0\.0\.1:2\./);
  expect(text).toMatch(/mcu-1 {2}tcp:\/\/10\.0\.0\.7:4001 {2}state unknown, mode edge, model none, no key/);
});

test("a gateway whose port the system chose, and that does not run, is said to be missing", async () => {
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gateway-1", site: "north", httpPort: 0, stateDir: createTemporaryFolder() },
    mqtt: { url: "mqtt://127.0.0.1:1" },
    turbines: [{ id: "WT01" }],
  });
  const list = await listDevices(config);
  expect(list.gateway).toMatchObject({ running: false, missing: { isNone: true } });
  expect(renderDeviceList(list)).toMatch(
    /no gateway runs with this configuration, or .*disk is full or read-only: there is no .*\nStart it with/,
  );
});

test("what another gateway at the same address says of its devices is not taken for this one's", async () => {
  const live = { id: "mcu-1", state: "streaming", firmware: null, model: null, push: null, health: null };
  const server = createServer(
    (_, reply) => void reply.end(JSON.stringify({ gateway: "gw-2", devices: [live] })),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port: httpPort } = server.address() as { port: number };
  const list = (id: string) =>
    listDevices(
      gatewayConfigSchema().parse({
        gateway: { id, site: "north", httpPort },
        mqtt: { url: "mqtt://127.0.0.1:1" },
        devices: [{ id: "mcu-1", connect: "mqtt" }],
        turbines: [{ id: "WT01" }],
      }),
    );
  expect((await list("gw-2")).devices).toMatchObject([{ state: "streaming" }]);
  const others = await list("gw-1");
  expect(others.devices).toMatchObject([{ state: null }]);
  expect(renderDeviceList(others)).toMatch(
    /Another gateway, gw-2, answers at .*\. Configured devices:\n.*state unknown/,
  );
});
