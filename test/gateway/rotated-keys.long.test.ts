import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { aurora } from "../cli/aurora.ts";
import { findFreePort } from "../support/free-port.ts";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { testBundleName } from "../support/test-bundle.ts";
import { until } from "../support/until.ts";
import { createInstallation, offersOf } from "./installation.ts";
import { createTurbine } from "./turbines.ts";

/** What the command says of where its files belong. */
interface Rotation {
  readonly forCollector: readonly string[];
  readonly forOffline: readonly string[];
  readonly replaced: readonly string[];
}

test("keys change offline, the collector is killed and started with them, and a gateway goes on with the root that it was given", async () => {
  const installation = await createInstallation();
  const { folder } = installation;
  const [keys, offline, rootFile] = ["keys", "offline", "given-root.json"].map((name) => join(folder, name));
  mkdirSync(offline!);
  copyFileSync(join(keys!, "root.json"), rootFile!);
  for (const name of ["root.json", "root.pub"]) copyFileSync(join(keys!, name), join(offline!, name));
  renameSync(join(keys!, "root.key"), join(offline!, "root.key"));

  const httpPort = await findFreePort();
  const collectorFile = installation.writeCollectorConfig();
  const config = JSON.parse(readFileSync(collectorFile, "utf8")) as { collector: object };
  writeFileSync(collectorFile, JSON.stringify({ ...config, collector: { ...config.collector, httpPort } }));
  let collector: GatewayProcess | null = null;
  onTestFinished(() => collector?.kill());
  const startAgain = async (): Promise<void> => {
    await collector?.kill();
    collector = await startGatewayProcess(collectorFile, "collector");
  };
  await startAgain();

  const { bearing } = createTurbine(1, null);
  const updates = { enabled: true, url: `http://127.0.0.1:${httpPort}/tuf`, rootFile, pollSeconds: 1 };
  const turbines = [{ id: "WT01", bearing, connect: "tcp://127.0.0.1:9" }];
  const gateway = await startGatewayProcess(installation.writeGatewayConfig(turbines, { updates }));
  onTestFinished(() => gateway.kill());
  const expectServed = async (version: string): Promise<void> => {
    await installation.putBundle({ version }, offersOf(installation));
    const isServed = async (): Promise<boolean> =>
      JSON.stringify((await gateway.status()).models).includes(`"version":"${version}"`);
    await until(isServed, version, 120_000);
  };
  await expectServed("1.1.0");

  let version = 1;
  for (const roles of [
    ["timestamp", "snapshot"],
    ["root", "targets"],
  ]) {
    const { code, stdout } = await aurora("keys", "rotate", offline!, "--role", ...roles, "--json");
    expect(code).toBe(0);
    const { forCollector, replaced } = JSON.parse(stdout) as Rotation;
    for (const name of forCollector) copyFileSync(join(offline!, name), join(keys!, name));
    for (const name of replaced)
      for (const dir of [keys!, offline!]) rmSync(join(dir, name), { force: true });
    await startAgain();
    await expectServed(`1.${++version}.0`);
    const kept = join(folder, "gateway", "updates", testBundleName, "tuf", "root.json");
    expect(readFileSync(kept)).toEqual(readFileSync(join(offline!, "root.json")));
  }
  expect(gateway.log()).not.toMatch(/refused/);
});
