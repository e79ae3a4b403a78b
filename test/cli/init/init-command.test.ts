import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startDeviceSimulator } from "../../../src/cli/device/device-simulator.ts";
import type { FoundPage } from "../../../src/cli/doctor/find-gateway.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { readGatewayFile } from "../../../src/core/serving/gateway-file.ts";
import { startGateway } from "../../../src/gateway/compose.ts";
import { createTurbine } from "../../gateway/turbines.ts";
import { compiledCommand } from "../../support/compiled.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { auroraHere } from "../aurora.ts";

const said = ["--gateway", "gw-1", "--site", "north", "--connect", "mqtt", "--bearing", "6205-2RS"];

test("what init writes is good, and a gateway that is started with it decides windows of a device", async () => {
  const folder = createTemporaryFolder();
  const file = join(folder, "etc", "gateway.yaml");
  const broker = await createEmbeddedBroker({
    authenticate: () => true,
    authorisePublish: () => true,
    authoriseSubscribe: () => true,
  });
  onTestFinished(() => broker.close());
  const { source } = createTurbine(1, null);
  const device = await startDeviceSimulator({
    deviceId: "mcu-1",
    outlet: { kind: "tcp", host: "127.0.0.1", port: 0 },
    source,
    speed: Number.POSITIVE_INFINITY,
  });
  onTestFinished(() => device.close());
  const flags = [
    "--gateway",
    "gw-1",
    "--site",
    "north",
    "--connect",
    device.address,
    "--bearing",
    "6205-2RS",
  ];
  // A service is started in another folder than whoever calls this.
  const stateDir = relative(process.cwd(), join(folder, "state"));
  const own = ["--broker", `mqtt://127.0.0.1:${broker.port}`, "--state-dir", stateDir];
  const written = await auroraHere("init", file, ...flags, ...own, "--http-port", "0", "--yes");
  expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining(`${file}: written.`) });
  expect(readdirSync(join(folder, "etc"))).toEqual(["gateway.yaml"]);
  expect((await auroraHere("config", "validate", file)).stdout).toBe(`${file}: good\n`);

  const { config } = readGatewayFile({
    configPath: file,
    installationDir: packageRoot(),
    environment: {},
    runtimeVersion: "0.1.0",
  });
  expect(config.gateway.stateDir).toBe(join(folder, "state"));
  const gateway = await startGateway({
    config,
    logger: silentLogger,
    environment: {},
    runtimeVersion: "0.1.0",
  });
  onTestFinished(() => gateway.close());
  const isGood = async (): Promise<boolean> => {
    const page = JSON.parse(await (await fetch(`${gateway.httpUrl}/status`)).text()) as FoundPage;
    return page.windows.processed > 0 && page.mqtt.connected && typeof page.devices[0]?.silentMs === "number";
  };
  await until(isGood, "a window is decided");
});

test("init writes over nothing without --force, and nothing at all where something is wrong", async () => {
  const folder = createTemporaryFolder();
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, "mine");
  const refused = await auroraHere("init", file, ...said, "--yes");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("is there already")]);
  expect(readFileSync(file, "utf8")).toBe("mine");
  expect((await auroraHere("init", file, ...said, "--yes", "--force")).code).toBe(0);
  expect(readFileSync(file, "utf8")).toContain(
    "bearing: { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7134, ftf: 0.3983 }",
  );

  // A service's file, behind the link of a package.
  chmodSync(file, 0o600);
  const link = join(folder, "link.yaml");
  symlinkSync(file, link);
  expect((await auroraHere("init", link, ...said, "--turbine", "WT7", "--yes", "--force")).code).toBe(0);
  expect([lstatSync(link).isSymbolicLink(), statSync(file).mode & 0o777]).toEqual([true, 0o600]);
  expect(readFileSync(file, "utf8")).toContain("WT7");

  expect(await auroraHere("init", "", ...said, "--yes")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("the argument file is empty"),
  });
  const other = join(folder, "other.yaml");
  const told = await auroraHere("init", other, "--yes", "--broker", "mqtt://me:hidden-word@b:1883");
  expect(told.stderr).toMatch(/--broker mqtt:\/\/me:\[redacted\]@b:1883: there is a password in the address/);
  expect(told.stderr).not.toContain("hidden-word");
  const missing = await auroraHere("init", other, "--yes", "--connect", "usb0", "--broker", "mqtt://b");
  expect(missing.code).toBe(2);
  for (const line of [
    /--site is missing/,
    /--bearing is missing/,
    /--connect usb0: /,
    /write mqtt:\/\/b:1883/,
  ]) {
    expect(missing.stderr).toMatch(line);
  }
  const noFile = await auroraHere("init", other, ...said, "--yes", "--password-file", "no-password");
  expect([noFile.code, noFile.stderr]).toEqual([
    1,
    expect.stringContaining(
      `mqtt.passwordFile: there is no such file (it says "${join(process.cwd(), "no-password")}")`,
    ),
  ]);
  expect(existsSync(other)).toBe(false);
});

test("init says of what it wrote what is allowed and probably not meant", async () => {
  const file = join(createTemporaryFolder(), "gateway.yaml");
  const { code, stderr } = await auroraHere("init", file, ...said, "--shaft-rpm", "30", "--yes");
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/^warning: .*:\d+:\d+: .*shaftRpm: below 300 rpm/),
  ]);
});

test("answers that come by a pipe are taken a line each, all of them or none", () => {
  const file = join(createTemporaryFolder(), "gateway.yaml");
  const pipe = (input: string, ...args: string[]) =>
    spawnSync(process.execPath, [compiledCommand(), "init", file, ...args], { input, encoding: "utf8" });
  // Gateway, site, turbine and component by default, device, where, channel by default, bearing.
  const wrong = pipe("gw-7\nno site!\n\n\nmcu-2\nmqtt\n\n6205\n");
  expect([wrong.status, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(/--site no site!: letters.*\n--bearing/),
  ]);
  const many = pipe("gw-7\nnorth\n\n\n\n\n\n\n\n\nmore\n", "--connect", "mqtt");
  expect([many.status, many.stderr]).toEqual([
    2,
    expect.stringMatching(/11 lines came on stdin for 8 questions \(gateway, site, .*broker\)/),
  ]);
  expect(existsSync(file)).toBe(false);
  const done = pipe("gw-7\r\nnorth\r\n\r\n\r\nmcu-2\r\n\r\n6205-2RS", "--connect", "mqtt");
  expect([done.status, done.stderr]).toEqual([0, ""]);
  const text = readFileSync(file, "utf8");
  for (const part of ["gw-7", "north", "WT01", "mcu-2", "3.5848"]) expect(text).toContain(part);
});

test("words that YAML would read otherwise stay words", async () => {
  const file = join(createTemporaryFolder(), "gateway.yaml");
  const ids = ["--gateway", "007", "--site", "no", "--turbine", "1e3", "--device", "on", "--channel", "#b:"];
  const { code } = await auroraHere("init", file, ...said.slice(4), ...ids, "--yes");
  expect(code).toBe(0);
  const { stdout } = await auroraHere("config", "validate", file, "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    gateway: { id: "007", site: "no" },
    devices: [{ id: "on" }],
    turbines: [{ id: "1e3", points: [{ device: "on", channel: "#b:" }] }],
  });
});

test("a configuration that is made is readable by the service's user, whatever the umask", () => {
  const file = join(createTemporaryFolder(), "gateway.yaml");
  const words = [process.execPath, compiledCommand(), "init", file, ...said, "--yes"];
  const { status, stdout } = spawnSync("sh", ["-c", 'umask 077; exec "$@"', "sh", ...words], {
    encoding: "utf8",
  });
  expect({ status, stdout }).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("aurora doctor --config"),
  });
  expect(statSync(file).mode & 0o777).toBe(0o644);
});
