import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { checkModels } from "../../../src/cli/doctor/check-models.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { ungatedWords } from "../../../src/core/contract/bundle/lineage.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { newKey } from "../../core/bundle/sample-bundle.ts";
import { compiledRoot } from "../../support/compiled.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createTestBundle, testBundleName } from "../../support/test-bundle.ts";

function base() {
  return {
    gateway: { id: "gw-1", site: "north", stateDir: createTemporaryFolder() },
    devices: [{ id: "mcu-1", connect: "mqtt" }],
  };
}

function configure(engine: string, scadaBundle: string) {
  return gatewayConfigSchema().parse({
    ...base(),
    turbines: [{ id: "WT01", scadaBundle }],
    bundles: { dir: "models", trustedKeys: ["models/release.pub"], engine },
  });
}

test("the doctor names bearings of which an alarm cannot say which part is damaged", async () => {
  const orders = { bpfo: 6.14, bpfi: 7.86, bsf: 7.89, ftf: 0.44 };
  const bearings = { main: orders, generator: { ...orders, bsf: 7.3 } };
  const points = Object.entries(bearings).map(([component, bearing], channel) => ({
    component: `${component}-bearing`,
    device: "mcu-1",
    channel: `vibration-${channel}`,
    bearing,
  }));
  const config = gatewayConfigSchema().parse({
    ...base(),
    turbines: [{ id: "WT01", points }],
    bundles: { dir: "models", trustedKeys: ["models/release.pub"] },
  });
  const results = await checkModels({ config, runtimeVersion: "0.1.0", isRunning: false });
  expect(results.filter(({ name }) => name.startsWith("bearing of"))).toEqual([
    {
      verdict: "warning",
      name: "bearing of WT01/main-bearing",
      text: "faults of inner race (bpfi 7.86) and rolling element (bsf 7.89) look alike: their lines are looked for in one place",
      advice: "When one is raised, look at both.",
    },
  ]);
});

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

test("the doctor goes by the limit of a container or service, but for what a running gateway has taken of it", async () => {
  const config = configure("integer", "turbine-scada");
  const memory = async (limit: number, isRunning: boolean) => {
    const spy = vi.spyOn(process, "constrainedMemory").mockReturnValue(limit);
    onTestFinished(() => spy.mockRestore());
    const results = await checkModels({ config, runtimeVersion: "0.1.0", isRunning });
    return results.find(({ name }) => name === "memory");
  };
  expect(await memory(64 << 20, false)).toMatchObject({
    verdict: "warning",
    text: expect.stringMatching(/^a limit of 64 MiB here \(container or service\), .* wanted$/),
    advice: expect.stringContaining("Raise the limit"),
  });
  expect((await memory(64 << 20, true))?.text).toMatch(/ available, 64 MiB wanted$/);
  // What is said where there is no limit.
  for (const none of [0, 2 ** 64])
    expect((await memory(none, false))?.text).toMatch(/ available, .* wanted$/);
});

test("the doctor says of a model that its gate was not asked, where it was not", async () => {
  const dir = createTemporaryFolder();
  const key = newKey();
  const keyFile = join(dir, "release.pub");
  await writeFile(keyFile, key.publicKey.pem);
  const config = gatewayConfigSchema().parse({
    ...base(),
    turbines: [{ id: "WT01", scadaBundle: testBundleName }],
    bundles: { dir, trustedKeys: [keyFile] },
  });
  const textOf = async (): Promise<string | undefined> => {
    const results = await checkModels({ config, runtimeVersion: "0.1.0", isRunning: false });
    return results.find(({ name }) => name === `model ${testBundleName}`)?.text;
  };
  await writeBundle(join(dir, testBundleName, "1.0.0"), createTestBundle(), key);
  expect(await textOf()).toMatch(/^1\.0\.0, signed; /);
  const ungated = createTestBundle({ version: "1.1.0", ungated: true });
  await writeBundle(join(dir, testBundleName, "1.1.0"), ungated, key);
  expect(await textOf()).toContain(`1.1.0, signed, but ${ungatedWords}; `);
});

test.skipIf(process.getuid?.() !== 0)(
  "a user who may not read the gateway's updates is sent to the gateway's user",
  () => {
    const config = configure("integer", "turbine-scada");
    mkdirSync(join(config.gateway.stateDir, "updates", "turbine-scada"), { recursive: true, mode: 0o700 });
    const module = join(compiledRoot(), "dist", "src", "cli", "doctor", "check-models.js");
    const setting = JSON.stringify({ config, runtimeVersion: "0.1.0", isRunning: false });
    const code = `const { checkModels } = await import(${JSON.stringify(pathToFileURL(module).href)});
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    console.log(JSON.stringify(await checkModels(${setting})));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
    expect(JSON.parse(said)).toContainEqual(
      expect.objectContaining({
        verdict: "warning",
        name: "model turbine-scada",
        text: expect.stringContaining("EACCES"),
        advice: expect.stringContaining("sudo -u aurora aurora doctor"),
      }),
    );
  },
);
