import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findFreePort } from "../../support/free-port.ts";
import { startGatewayProcess } from "../../support/gateway-process.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { auroraHere, startAurora } from "../aurora.ts";

const scoreOf = (process: string): string => readFileSync(`/proc/${process}/oom_score_adj`, "utf8").trim();
const isLinux = process.platform === "linux";
const scoreBefore = isLinux ? scoreOf("self") : "";

test("doctor says of a wrong file where and what, and looks no further", async () => {
  const path = join(createTemporaryFolder(), "gateway.yaml");
  writeFileSync(
    path,
    "gateway: {id: gw-1, site: north}\nmqtt: {url: mqtt://broker}\nturbines: [{id: WT01}]\n",
  );
  const { code, stdout } = await auroraHere("doctor", "--config", path);
  expect(code).toBe(1);
  expect(stdout).toContain(
    `× configuration: ${path}:2:13: mqtt.url: the address has no port\n    write mqtt://broker:1883`,
  );
  expect(stdout).toMatch(/\n1 good, 0 warnings, 1 wrong, 1 not checked\n$/);
  const missing = await auroraHere("doctor", "--config", `${path}x`);
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("cannot read")]);
  expect((await auroraHere("doctor", "--cfg")).code).toBe(2);
});

test("doctor --json is one object, with every check of a gateway that does not run", async () => {
  const folder = createTemporaryFolder();
  const path = join(folder, "gateway.yaml");
  const [httpPort, mqttPort] = [await findFreePort(), await findFreePort()];
  writeFileSync(
    path,
    `gateway: {id: gw-1, site: north, stateDir: ${folder}/state, httpPort: ${httpPort}}
mqtt: {url: "mqtt://127.0.0.1:${mqttPort}"}
turbines: [{id: WT01}]
`,
  );
  const { code, stdout } = await auroraHere("doctor", "--config", path, "--json");
  const { ok, results } = JSON.parse(stdout);
  expect([code, ok]).toEqual([1, false]);
  const told = results.map(({ verdict, name }: Record<string, string>) => `${verdict} ${name}`);
  expect(told).toEqual([
    "good configuration",
    "warning configuration",
    "good clock",
    "good gateway's port",
    "good state folder",
    "good disk space",
    expect.stringMatching(/disk wear$/),
    "good SQLite",
    "skipped serial library",
    "skipped models",
    "bad broker",
    "skipped collector",
    "skipped devices",
    "skipped gateway",
  ]);
});

test("doctor goes by the profile that the gateway runs with, or by --profile where none runs", async () => {
  const folder = createTemporaryFolder();
  const path = join(folder, "gateway.yaml");
  const mqttPort = await findFreePort();
  const write = (profile: string): void =>
    writeFileSync(
      path,
      `gateway: {id: gw-1, site: north, stateDir: ${folder}/state, httpPort: 0, profile: ${profile}}
mqtt: {url: "mqtt://127.0.0.1:${mqttPort}"}
devices: [{id: mcu-1, connect: mqtt}]
turbines:
  - id: WT01
    points:
      - {component: b, device: mcu-1, channel: a, bearing: {bpfo: 3.58, bpfi: 5.41, bsf: 4.71, ftf: 0.398}}
`,
    );
  const engine = async (...more: readonly string[]): Promise<string> => {
    const { stdout } = await auroraHere("doctor", "--config", path, ...more);
    return /^. engine of bearing-vibration: (.*)$/m.exec(stdout)?.[1] ?? stdout;
  };
  const small = "plain integers, no native engine is needed (the small profile)";
  write("standard");
  expect(await engine("--profile", "small")).toBe(small);
  write("small");
  const gateway = await startGatewayProcess(path);
  onTestFinished(() => gateway.kill());
  write("standard, workers: 2");
  expect(await engine()).toBe(small);
  write("standard");
  expect(await engine("--profile", "standard")).toBe(small);
  await gateway.stop();
  expect(await engine()).toContain("are cheaper so");
});

test.skipIf(!isLinux)(
  "doctor is ended before the gateway that it looks at where memory runs short, and nothing beside it is",
  async () => {
    // A broker that says nothing keeps it at work.
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const path = join(createTemporaryFolder(), "gateway.yaml");
    writeFileSync(
      path,
      `gateway: {id: gw-1, site: north, stateDir: ${path}.state, httpPort: 0}
mqtt: {url: "mqtt://127.0.0.1:${(silent.address() as AddressInfo).port}"}
turbines: [{id: WT01}]
`,
    );
    const doctor = startAurora(["doctor", "--config", path]);
    await until(() => sockets.length > 0, "doctor at the broker");
    expect(scoreOf(String(doctor.child.pid))).toBe("1000");
    await auroraHere("doctor", "--config", `${path}x`);
    expect(scoreOf("self")).toBe(scoreBefore);
  },
);
