/** `aurora doctor` as a process, beside a real broker with TLS, a real collector and a real gateway with a device. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { aurora, startAurora } from "../cli/aurora.ts";
import { findFreePort } from "../support/free-port.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

interface Verdicts {
  readonly code: number | null;
  readonly ok: boolean;
  of(name: string): string;
}

async function examine(config: string): Promise<Verdicts> {
  const { code, stdout, stderr } = await aurora("doctor", "--config", config, "--json");
  expect(stderr).toBe("");
  const { ok, results } = JSON.parse(stdout) as {
    ok: boolean;
    results: { name: string; verdict: string; text: string }[];
  };
  const of = (name: string): string => {
    const found = results.find((result) => result.name === name);
    return found === undefined ? "not there" : `${found.verdict}: ${found.text}`;
  };
  return { code, ok, of };
}

test.skipIf(!hasMosquitto)(
  "doctor of an enrolled site: stopped, running, with another's certificate and without its collector",
  async () => {
    const folder = createTemporaryFolder();
    const enrolment = join(folder, "enrolment");
    for (const gateway of ["gw-1", "gw-2"]) {
      const enrolled = await aurora(
        "fleet",
        "enrol",
        gateway,
        "--site",
        "north",
        "--tls",
        "127.0.0.1",
        "--dir",
        enrolment,
      );
      expect(enrolled.code).toBe(0);
    }
    const port = await findFreePort();
    // The example as it was written, but for its places.
    const lines = readFileSync(join(enrolment, "broker", "mosquitto.conf"), "utf8")
      .replaceAll("/etc/mosquitto", join(enrolment, "broker"))
      .split("\n")
      .filter((line) => !line.startsWith("listener"));
    const broker = await startMosquitto(port, ["user root", ...lines]);
    onTestFinished(() => broker.close());
    const devicePort = await findFreePort();
    const url = `mqtts://127.0.0.1:${port}`;
    const tls = (dir: string): string =>
      `caFile: ${dir}/ca.pem, certFile: ${dir}/cert.pem, keyFile: ${dir}/key.pem`;
    const write = (name: string, text: string): string => {
      mkdirSync(join(folder, name), { recursive: true });
      const path = join(folder, name, "config.yaml");
      writeFileSync(path, text);
      return path;
    };
    const httpPort = await findFreePort();
    const gatewayFile = (name: string, login: string): string =>
      write(
        name,
        `gateway: {id: gw-1, site: north, stateDir: ${folder}/state, httpPort: ${httpPort}}
mqtt: {url: "${url}", ${tls(`${enrolment}/gateways/${login}`)}}
uplink: {ackKeyFile: ${enrolment}/gateways/gw-1/ack.key}
devices: [{id: mcu-1, connect: "tcp://127.0.0.1:${devicePort}"}]
turbines:
  - id: WT01
    points:
      - component: generator-bearing
        device: mcu-1
        channel: accel-de
        bearing: {bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.3983}
`,
      );
    const file = gatewayFile("gateway", "gw-1");

    const alone = await examine(file);
    expect([alone.code, alone.ok]).toEqual([1, false]);
    expect(alone.of("collector")).toMatch(/^bad: no collector stored/);

    const collectorFile = write(
      "collector",
      `collector: {stateDir: ${folder}/fleet, httpPort: 0}
mqtt: {url: "${url}", ${tls(`${enrolment}/collector`)}, enrolmentKeyFile: ${enrolment}/enrolment.key, enrolledFile: ${enrolment}/enrolled.json}
`,
    );
    const collector = await startGatewayProcess(collectorFile, "collector");
    onTestFinished(() => collector.stop());
    const connect = `tcp://127.0.0.1:${devicePort}`;
    startAurora(["device", "sim", "--id", "mcu-1", "--fault", "none", "--connect", connect]);
    let verdicts = alone;
    const good = async (): Promise<boolean> => {
      verdicts = await examine(file);
      return verdicts.ok;
    };
    await until(good, "all is good while the gateway stands still", 60_000);

    const gateway = await startGatewayProcess(file);
    onTestFinished(() => gateway.stop());
    await until(good, "all is good while the gateway runs", 60_000);
    const running = verdicts;
    expect(running.code).toBe(0);
    expect(running.of("broker, TLS")).toMatch(/^good: .* answers with a certificate that is trusted$/);
    expect(running.of("broker's login")).toBe("good: as the client certificate, MQTT 5");
    expect(running.of("broker's access list")).toMatch(/^good/);
    expect(running.of("collector")).toMatch(/^good: a test record was stored within \d+ ms$/);
    expect(running.of("model bearing-vibration")).toMatch(/^good: .*signed; .* agree to the bit/);
    expect(running.of("device mcu-1")).toMatch(/^good: spoke .* ago$/);
    expect(running.of("line of mcu-1")).toMatch(/^skipped/);

    const foreign = await examine(gatewayFile("foreign", "gw-2"));
    expect(foreign.code).toBe(1);
    expect(foreign.of("collector")).toMatch(/^bad: this login may not read|^bad: the broker does not take/);
  },
);
