import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createKeyPair } from "../../../src/core/bundle/keys.ts";
import { createBundle, writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { type ConfigFinding, formatKeyPath } from "../../../src/core/contract/config/config-finding.ts";
import type { GatewayProfile } from "../../../src/core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { startConfigured } from "../../../src/core/platform/daemon/installed-config.ts";
import { nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { findGatewayFault, readGatewayFile } from "../../../src/core/serving/gateway-file.ts";
import { warnOfGateway } from "../../../src/core/serving/gateway-warnings.ts";
import { openSlots } from "../../../src/core/serving/slots.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { newKey, sampleContents } from "../bundle/sample-bundle.ts";

const bearing = { bpfo: 3.0775, bpfi: 4.9225, bsf: 4.0634, ftf: 0.3847 };

function read(
  {
    engine = "auto",
    profile,
    workers,
  }: { readonly engine?: string; readonly profile?: string; readonly workers?: number },
  said?: GatewayProfile,
) {
  const configPath = join(createTemporaryFolder(), "gateway.yaml");
  const config = {
    gateway: {
      id: "gw-1",
      site: "north",
      ...(profile === undefined ? {} : { profile }),
      ...(workers === undefined ? {} : { workers }),
    },
    devices: [{ id: "mcu-1", connect: "tcp://127.0.0.1:7001" }],
    turbines: [
      { id: "WT1", points: [{ component: "generator-bearing", device: "mcu-1", channel: "x", bearing }] },
    ],
    bundles: { engine },
  };
  writeFileSync(configPath, JSON.stringify(config));
  const source = { configPath, installationDir: packageRoot(), environment: {}, runtimeVersion: "0.1.0" };
  return readGatewayFile(said === undefined ? source : { ...source, profile: said }).config;
}

test("the small profile serves with plain integers, whoever asks for it; the option is the strongest word", () => {
  expect(read({})).toMatchObject({ gateway: { profile: "standard" }, bundles: { engine: "auto" } });
  expect(read({ profile: "small" })).toMatchObject({ bundles: { engine: "integer" } });
  expect(read({}, "small")).toMatchObject({
    gateway: { profile: "small" },
    bundles: { engine: "integer" },
  });
  expect(Object.keys(read({}, "small"))).toEqual(Object.keys(read({})));
  expect(read({ profile: "small" }, "standard")).toMatchObject({
    gateway: { profile: "standard" },
    bundles: { engine: "auto" },
  });
});

test("workers in the small profile are refused where they stand, and none there is no mistake", () => {
  expect(() => read({ profile: "small", workers: 2 })).toThrow(
    /gateway\.yaml:1:\d+: gateway\.workers: .*the small profile has no workers/s,
  );
  expect(read({ profile: "small", workers: 0 })).toMatchObject({ gateway: { workers: 0 } });
  expect(read({})).toMatchObject({ gateway: { workers: null } });
});

test("a native engine in the small profile, and a profile that there is not, are refused where they stand", () => {
  expect(() => read({ engine: "onnx" }, "small")).toThrow(
    /gateway\.yaml:1:\d+: bundles\.engine: .*onnx is a native engine, and the small profile loads none/s,
  );
  expect(read({ engine: "onnx" })).toMatchObject({ bundles: { engine: "onnx" } });
  expect(() => read({ profile: "tiny" })).toThrow(/gateway\.profile/);
});

test("what is no configuration of a gateway is refused as it is without a profile", () => {
  const configPath = join(createTemporaryFolder(), "gateway.yaml");
  const source = { configPath, installationDir: packageRoot(), environment: {}, runtimeVersion: "0.1.0" };
  for (const text of ["[]", "7", "gateway: [1]\n", "gateway: x\n", "turbines: []\n"]) {
    writeFileSync(configPath, text);
    expect(() => readGatewayFile({ ...source, profile: "small" })).toThrow(/gateway\.yaml/);
  }
});

test("a repair of a day that is still to come is warned of, by a clock that has been set", () => {
  const nowMs = Date.UTC(2026, 4, 1, 12);
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north" },
    turbines: [
      {
        id: "WT1",
        scadaBundle: "turbine-scada",
        repairs: ["2026-04-30", "2026-05-02", "2062-04-30"].map((date) => ({ component: "gearbox", date })),
      },
    ],
  });
  const paths = (atMs: number) =>
    warnOfGateway(config, { hasPassword: false, nowMs: atMs })
      .filter(({ problem }) => problem.includes("still to come"))
      .map(({ path }) => formatKeyPath(path));
  expect(paths(nowMs)).toEqual(["turbines[0].repairs[2].date"]);
  expect(paths(0)).toEqual([]);
});

test("a key of OPC UA servers that nothing reads any more is warned of, and keeps no gateway from starting", () => {
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north" },
    opcua: [
      {
        url: "opc.tcp://plc:4840",
        security: "none",
        time: "source",
        turbines: [
          { turbine: "WT1", channels: [{ name: "shaft-speed", unit: "rpm", node: "nsu=urn:plc;s=Speed" }] },
        ],
      },
    ],
    turbines: [{ id: "WT1" }],
  });
  const told = warnOfGateway(config, { hasPassword: false, nowMs: 0 });
  expect(told.map(({ path }) => formatKeyPath(path))).toEqual(
    expect.arrayContaining(["opcua[0].security", "opcua[0].time"]),
  );
});

test("a logbook that no SCADA value reads is warned of", () => {
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north" },
    turbines: [{ id: "WT1", repairs: [{ component: "gearbox", date: "2026-04-30" }] }],
  });
  const told = warnOfGateway(config, { hasPassword: false, nowMs: 0 });
  expect(told.map(({ path, write }) => [formatKeyPath(path), write])).toContainEqual([
    "turbines[0].repairs",
    expect.stringContaining("aurora baseline renew"),
  ]);
});

test("a bundle that no trusted key has signed is found, once and where the keys stand; one that is installed serves in place of an update that would be refused", async () => {
  const folder = createTemporaryFolder();
  const [shipper, updater] = [newKey(), newKey()];
  const [shipped, updates, other] = [shipper, updater, newKey()].map(({ publicKey }) => publicKey.pem) as [
    string,
    string,
    string,
  ];
  const bundlesDir = join(folder, "bundles");
  const stateDir = join(folder, "state");
  await writeBundle(join(bundlesDir, "bearing-sample", "1.0.0"), sampleContents(), shipper);
  const slots = openSlots(join(stateDir, "updates", "bearing-sample"), nodeFileSystem);
  const update = createBundle(sampleContents({ version: "1.1.0" }), updater);
  await slots.stage("a", update);
  await slots.activate("a", update.digest);
  const points = ["x", "y"].map((channel) => {
    return { component: `bearing-${channel}`, device: "mcu-1", channel, bundle: "bearing-sample", bearing };
  });
  const check = async (...pems: readonly string[]) => {
    const trustedKeys = pems.map((_, at) => join(folder, `${at}.pub`));
    pems.forEach((pem, at) => void writeFileSync(trustedKeys[at]!, pem));
    const configPath = join(folder, "gateway.yaml");
    const config = {
      gateway: { id: "gw-1", site: "north", stateDir },
      devices: [{ id: "mcu-1", connect: "mqtt" }],
      turbines: [{ id: "WT1", points }],
      bundles: { dir: bundlesDir, trustedKeys },
    };
    writeFileSync(configPath, JSON.stringify(config));
    const environment = {};
    const file = readGatewayFile({
      configPath,
      installationDir: folder,
      environment,
      runtimeVersion: "0.1.0",
    });
    const say = ({ path, problem }: ConfigFinding) => `${formatKeyPath(path)}: ${problem}`;
    return (await file.check()).map(say);
  };
  const unsigned = "0 trusted keys have signed, 1 needed";
  for (const keys of [[shipped, updates], [updates], [shipped]]) expect(await check(...keys)).toEqual([]);
  expect(await check(other)).toEqual([
    `bundles.trustedKeys: ${bundlesDir}/bearing-sample/1.0.0/manifest.dsse.json: ${unsigned}`,
  ]);
  for (const wrong of [createKeyPair().privateKeyPem, generateRsaKey()])
    expect(await check(wrong)).toEqual(["bundles.trustedKeys[0]: the file holds no ed25519 public key"]);
});

test("what would keep another start from a configuration is said: a file half written, or one that names what is not there", async () => {
  const folder = createTemporaryFolder();
  const configPath = join(folder, "gateway.yaml");
  let survived: readonly ConfigFinding[] = [];
  const faultOf = (text: string): Promise<string | null> => {
    writeFileSync(configPath, text);
    const source = { configPath, installationDir: folder, environment: {}, runtimeVersion: "0.1.0" };
    return findGatewayFault(source, survived);
  };

  expect(await faultOf('{"gateway": {"id": "gw-1",')).toContain("gateway.yaml");
  const config = {
    gateway: { id: "gw-1", site: "north" },
    mqtt: { username: "gw-1", passwordFile: join(folder, "gone") },
    devices: [{ id: "mcu-1", connect: "mqtt" }],
    turbines: [{ id: "WT1", points: [{ component: "bearing", device: "mcu-1", channel: "x", bearing }] }],
  };
  expect(await faultOf(JSON.stringify(config))).toContain("mqtt.passwordFile");

  // A start that went on in spite of it is followed by one that does, and not where another mistake came to it.
  const options = { configPath, installationDir: folder, environment: {}, runtimeVersion: "0.1.0" };
  await startConfigured(readGatewayFile(options), {
    logger: silentLogger,
    start: async (findings) => {
      survived = findings;
    },
  });
  expect(survived.length).toBeGreaterThan(0);
  expect(await faultOf(JSON.stringify(config))).toBeNull();
  const fault = await faultOf(
    JSON.stringify({ ...config, mqtt: { ...config.mqtt, caFile: join(folder, "no-ca.pem") } }),
  );
  expect(fault).toContain("mqtt.caFile");
  expect(fault).not.toContain("mqtt.passwordFile");
});

function generateRsaKey(): string {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
  return publicKey.export({ type: "spki", format: "pem" }).toString();
}
