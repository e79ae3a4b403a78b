import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatKeyPath } from "../../../src/core/contract/config/config-finding.ts";
import type { GatewayProfile } from "../../../src/core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { readGatewayFile } from "../../../src/core/serving/gateway-file.ts";
import { warnOfGateway } from "../../../src/core/serving/gateway-warnings.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

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
  const source = { configPath, installationDir: packageRoot(), environment: {} };
  return readGatewayFile(said === undefined ? source : { ...source, profile: said }).config;
}

test("the small profile serves with plain integers, whoever asks for it; the option is the strongest word", () => {
  expect(read({})).toMatchObject({ gateway: { profile: "standard" }, bundles: { engine: "auto" } });
  expect(read({ profile: "small" })).toMatchObject({ bundles: { engine: "integer" } });
  expect(read({}, "small")).toMatchObject({
    gateway: { profile: "small" },
    bundles: { engine: "integer" },
  });
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
  const source = { configPath, installationDir: packageRoot(), environment: {} };
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
