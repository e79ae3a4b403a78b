import { expect, test } from "vitest";
import { checkModels } from "../../../src/cli/doctor/check-models.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

function configure(engine: string, scadaBundle: string) {
  return gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north", stateDir: createTemporaryFolder() },
    devices: [{ id: "mcu-1", connect: "mqtt" }],
    turbines: [{ id: "WT01", scadaBundle }],
    bundles: { dir: "models", trustedKeys: ["models/release.pub"], engine },
  });
}

test.each([
  { engine: "auto", bundle: "turbine-scada", text: "ONNX Runtime (8352 multiply-adds a window)" },
  {
    engine: "auto",
    bundle: "bearing-vibration",
    text: "plain integers, no native engine is needed (1116 multiply-adds a window, up to 2048 are cheaper so)",
  },
  {
    engine: "integer",
    bundle: "turbine-scada",
    text: "plain integers, no native engine is needed (bundles.engine: integer)",
  },
  { engine: "onnx", bundle: "bearing-vibration", text: "ONNX Runtime (1116 multiply-adds a window)" },
])("of $engine the doctor says which engine serves $bundle, and why", async ({ engine, bundle, text }) => {
  const config = configure(engine, bundle);
  const results = await checkModels({ config, runtimeVersion: "0.1.0", isRunning: false });
  expect(results).toMatchObject([
    { verdict: "good", name: `model ${bundle}` },
    { verdict: "good", name: `engine of ${bundle}`, text },
    { name: "processor" },
    { name: "memory" },
  ]);
});
