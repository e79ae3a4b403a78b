import { join } from "node:path";
import { expect, test } from "vitest";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { checkCommissioning, checkMinWindows } from "../../../src/core/serving/check-commissioning.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const models = join(packageRoot(), "models");

function configOf(commissioning: object, bundle = "bearing-vibration") {
  const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
  return gatewayConfigSchema.parse({
    gateway: { id: "gw", site: "north" },
    devices: [{ id: "mcu", connect: "mqtt" }],
    turbines: [{ id: "WT01", points: [{ component: "b", bundle, device: "mcu", channel: "a", bearing }] }],
    commissioning,
  });
}

test("fewer windows than the shipped bundle's baseline rests on are refused, with what to write instead", async () => {
  await expect(checkCommissioning(configOf({ minWindows: 63 }), models)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/^commissioning\.minWindows is 63, and .* rests on 64 windows at least$/),
    hint: "write commissioning: {minWindows: 64} or more",
  });
  await checkCommissioning(configOf({ minWindows: 64 }), models);
});

test("a bundle that knows no baselines asks for none, and one that is not there cannot be asked", async () => {
  checkMinWindows({ minWindows: 16 }, { name: "m", version: "1.0.0" });
  await expect(
    checkCommissioning(configOf({ minWindows: 64 }), createTemporaryFolder()),
  ).rejects.toMatchObject({
    code: "DATA_MISSING",
  });
});

test("the default suits the shipped bundle", async () => {
  await checkCommissioning(configOf({}), models);
});
