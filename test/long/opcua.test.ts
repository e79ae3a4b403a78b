import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { checkLines } from "../../src/cli/doctor/check-lines.ts";
import { greetOpcUa } from "../../src/cli/doctor/opcua-hello.ts";
import type { GatewayConfig } from "../../src/core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import type { SourceFault } from "../../src/core/contract/source-diagnosis.ts";
import type { Quarantine, Reading } from "../../src/core/contract/stream.ts";
import { systemClock, systemTimers } from "../../src/core/platform/clock.ts";
import { createLogger } from "../../src/core/platform/logger.ts";
import { loadOpcUa } from "../../src/gateway/sources/opcua-client.ts";
import { createOpcUaSource } from "../../src/gateway/sources/opcua-source.ts";
import type { ReadingSource } from "../../src/gateway/sources/reading-source.ts";
import { createInstallation } from "../gateway/installation.ts";
import { startOpenBroker } from "../gateway/open-broker.ts";
import { findFreePort } from "../support/free-port.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { createIdentity, type Identity, openssl, prepareOpcUa } from "./field-bus-parts.ts";
import { findPython, type PythonServer, startPythonServer } from "./python-server.ts";

const isPrepared = prepareOpcUa();
const python = isPrepared ? findPython("asyncua") : undefined;
const secret = "opc-ua-secret-of-this-test";
const limitMs = 20_000;

const names = {
  "T1.power": [1_234_500, "Int32"],
  "T1.speed": [0, "Double"],
  "T1.count": [2 ** 40, "UInt64"],
  "T1.text": ["1500", "String"],
  "T1.list": [[1, 2], "Double"],
};
const channels = [
  { name: "power", node: "ns=2;s=T1.power", unit: "kW", scale: 0.001 },
  { name: "shaft-speed", node: "ns=2;s=T1.speed", unit: "rpm" },
  { name: "count", node: "ns=2;s=T1.count", unit: "1", offset: 1 },
];
const plain = { security: "none", everySeconds: 1, turbines: [{ turbine: "T1", channels }] };

async function startServer(port: number, more: object = {}): Promise<PythonServer> {
  const server = startPythonServer(python!, "opcua-server.py", [JSON.stringify({ port, names, ...more })]);
  expect(await server.ask({ set: [["T1.speed", 1500, "Double", "Good", null]] })).toBe("set");
  return server;
}

interface Started {
  readonly readings: Reading[];
  readonly bad: Quarantine[];
  readonly lines: string[];
  readonly source: ReadingSource;
  last(channel: string): Reading | undefined;
}

function configure(port: number, server: object): GatewayConfig {
  return gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north" },
    turbines: [{ id: "T1" }],
    opcua: [{ url: `opc.tcp://127.0.0.1:${port}/site`, ...server }],
  });
}

async function start(port: number, server: object = plain): Promise<Started> {
  const { opcua } = configure(port, server);
  const lines: string[] = [];
  const source = createOpcUaSource({
    config: opcua[0]!,
    load: loadOpcUa,
    stateDir: createTemporaryFolder(),
    clock: systemClock,
    timers: systemTimers,
    logger: createLogger({ level: "debug", write: (line) => lines.push(line) }),
    backoff: { firstMs: 100, maxMs: 1000 },
  });
  const readings: Reading[] = [];
  const bad: Quarantine[] = [];
  await source.start({
    onReading: (reading) => readings.push(reading),
    onQuality: (quarantine) => bad.push(quarantine),
  });
  onTestFinished(() => source.close());
  return {
    readings,
    bad,
    lines,
    source,
    last: (channel) => readings.findLast((reading) => reading.channel === channel),
  };
}

/** One sentence a fault. */
function faultsOf(source: ReadingSource): readonly string[] {
  return source.describe().faults.map(({ subject, detail }) => `${subject}: ${detail}`);
}

describe.skipIf(python === undefined)("an OPC UA server of another implementation", () => {
  test("tells values as of now, however long ago they were stamped, and says which are bad", async () => {
    const port = await findFreePort();
    const server = await startServer(port);
    await server.ask({ set: [["T1.power", 1_234_500, "Int32", "Good", "2026-01-01T00:00:00"]] });
    expect(await greetOpcUa(`opc.tcp://127.0.0.1:${port}/site`, limitMs)).toEqual({ kind: "opcua" });
    const { readings, source, last } = await start(port);
    const faults = (): string => faultsOf(source).join();
    await until(() => last("power") !== undefined && last("count") !== undefined, "values", limitMs);
    expect(readings.find(({ channel }) => channel === "power")).toMatchObject({
      deviceId: "T1",
      unit: "kW",
      value: 1234.5,
    });
    expect(last("count")!.value).toBe(2 ** 40 + 1);
    // Unchanged, and its server is there: said again.
    await until(() => readings.filter(({ channel }) => channel === "power").length > 2, "it again", limitMs);
    expect(readings.every(({ timestampMs, arrivedMs }) => timestampMs === arrivedMs)).toBe(true);
    for (const status of ["BadSensorFailure", "UncertainLastUsableValue"]) {
      await server.ask({ set: [["T1.power", 7, "Int32", status, null]] });
      await until(() => faults().includes(status), status, limitMs);
    }
    expect(readings.every(({ value }) => value !== 0.007)).toBe(true);
    await server.ask({ set: [["T1.power", 2000, "Int32", "Good", null]] });
    await until(() => last("power")!.value === 2, "a good value", limitMs);
    expect(faultsOf(source)).toEqual([]);
  });

  test("that tells texts and lists where numbers are due is not believed", async () => {
    const port = await findFreePort();
    await startServer(port);
    const strange = ["text", "list"].map((name) => ({ name, node: `ns=2;s=T1.${name}`, unit: "1" }));
    const { bad, readings } = await start(port, {
      ...plain,
      turbines: [{ turbine: "T1", channels: strange }],
    });
    await until(() => bad.length >= 2, "what was set aside", limitMs);
    expect(bad.slice(0, 2).map(({ channel, reason }) => [channel, reason])).toEqual([
      ["text", "malformed"],
      ["list", "malformed"],
    ]);
    expect(readings).toEqual([]);
  });

  test("is not cut off while nothing changes, though it says less than once in a time limit", async () => {
    const port = await findFreePort();
    await startServer(port);
    const { readings, source } = await start(port, { ...plain, everySeconds: 4, timeoutSeconds: 1 });
    await until(() => readings.length >= 9, "three readings of each channel", limitMs);
    expect(source.describe()).toMatchObject({ connections: 1, faults: [] });
  });

  test("is read as it grants it, be that rarer than was asked for and than a session lasts, and few nodes a call", async () => {
    const port = await findFreePort();
    await startServer(port, { publishingMs: 25_000, nodesPerCall: 2 });
    const { last, source } = await start(port);
    await until(
      () => channels.every(({ name }) => last(name) !== undefined),
      "values of all channels",
      2 * limitMs,
    );
    expect(source.describe().connections).toBe(1);
    expect(faultsOf(source)).toEqual([
      "sampling: the server tells power (ns=2;s=T1.power) and 2 more every 25 s at most, longer than everySeconds (1)",
    ]);
  });

  test("that looks at its variables more rarely than they are read is told of", async () => {
    const port = await findFreePort();
    await startServer(port, { samplingMs: 10_000 });
    const { lines, source } = await start(port);
    await until(() => faultsOf(source).length > 0, "the fault", limitMs);
    expect(faultsOf(source)).toEqual([
      "sampling: the server tells power (ns=2;s=T1.power) and 2 more every 10 s at most, longer than everySeconds (1)",
    ]);
    expect(lines.filter((line) => line.includes("sampling"))).toHaveLength(1);
  });

  test("is read where it has no room to watch, each value of the moment at which it was read", async () => {
    const port = await findFreePort();
    const server = await startServer(port, { room: 1 });
    const { readings, source, last } = await start(port);
    await until(() => last("shaft-speed") !== undefined && last("power") !== undefined, "values", limitMs);
    await server.ask({ set: [["T1.speed", 1600, "Double", "Good", null]] });
    await until(() => last("shaft-speed")!.value === 1600, "a later one", limitMs);
    expect(new Set(readings.map(({ channel }) => channel)).size).toBe(3);
    expect(faultsOf(source)).toEqual([]);
  });

  test("whose namespaces have other numbers after a restart gives no value of another variable", async () => {
    const port = await findFreePort();
    const server = await startServer(port, { namespaces: ["urn:aurora:test", "urn:aurora:other"] });
    const both = [
      { name: "by-number", node: "ns=2;s=T1.speed", unit: "rpm" },
      { name: "by-uri", node: "nsu=urn:aurora:test;s=T1.speed", unit: "rpm" },
    ];
    const { readings, source } = await start(port, {
      ...plain,
      turbines: [{ turbine: "T1", channels: both }],
    });
    await until(() => readings.length >= 2, "readings", limitMs);
    await server.kill();
    await until(() => !source.describe().connected, "the loss", limitMs);
    const before = readings.length;
    await startServer(port, { namespaces: ["urn:aurora:other", "urn:aurora:test"] });
    await until(() => readings.length > before + 1, "readings after it", limitMs);
    expect(new Set(readings.map(({ value }) => value))).toEqual(new Set([1500]));
    expect(new Set(readings.slice(before).map(({ channel }) => channel))).toEqual(new Set(["by-uri"]));
    expect(faultsOf(source)).toEqual([
      "by-number (ns=2;s=T1.speed): namespace 2 was urn:aurora:test and is urn:aurora:other now",
    ]);
  });

  test("that no longer tells its namespaces is left for that reason, and read again when it does", async () => {
    const port = await findFreePort();
    const server = await startServer(port);
    const late = { name: "late", node: "ns=2;s=T1.late", unit: "1" };
    const { readings, source } = await start(port, {
      ...plain,
      turbines: [{ turbine: "T1", channels: [...channels, late] }],
    });
    await until(() => readings.length > 0, "a reading", limitMs);
    // Asked for when it looks for the node that is missing.
    await server.ask({ tellNamespaces: false });
    await until(() => !source.describe().connected, "the loss", 4 * limitMs);
    const reason = "connection: the server does not tell its namespaces: BadOutOfService";
    await until(() => faultsOf(source).includes(reason), "its reason", limitMs);
    const before = readings.length;
    await server.ask({ tellNamespaces: true });
    await until(() => readings.length > before, "readings after it", limitMs);
    expect(faultsOf(source)).toEqual(["late (ns=2;s=T1.late): the server refuses it: BadNodeIdUnknown"]);
  });

  test("gives the value of a node that it has later", async () => {
    const port = await findFreePort();
    const server = await startServer(port);
    const late = { name: "late", node: "ns=2;s=T1.late", unit: "1" };
    const { last, source } = await start(port, {
      ...plain,
      turbines: [{ turbine: "T1", channels: [...channels, late] }],
    });
    await until(() => faultsOf(source).length === 1, "what is missing", limitMs);
    await server.ask({ add: { "T1.late": [7, "Double"] } });
    await until(() => last("late")?.value === 7 && faultsOf(source).length === 0, "it", 4 * limitMs);
    expect(source.describe().connections).toBe(1);
  });

  test("is found again after a restart, and a node that it does not have is named", async () => {
    const port = await findFreePort();
    const server = await startServer(port);
    const strange = [...channels, { name: "missing", node: "ns=2;s=Nobody", unit: "1" }];
    const { readings, source, lines } = await start(port, {
      ...plain,
      turbines: [{ turbine: "T1", channels: strange }],
    });
    await until(() => readings.length > 0, "a reading", limitMs);
    expect(faultsOf(source)).toEqual(["missing (ns=2;s=Nobody): the server refuses it: BadNodeIdUnknown"]);
    await server.kill();
    await until(() => !source.describe().connected, "the loss", limitMs);
    const before = readings.length;
    await startServer(port);
    await until(() => readings.length > before, "readings after it", limitMs);
    expect(source.describe().connections).toBeGreaterThan(1);
    expect(lines.filter((line) => line.includes("Nobody"))).toHaveLength(1);
  });
});

describe.skipIf(python === undefined || !existsSync(openssl))("a secured OPC UA server", () => {
  let folder = "";
  let own: Identity;
  let theirs: Identity;
  let foreign: Identity;
  beforeAll(() => {
    const scratch = createScratchFolder("opcua");
    folder = scratch.path;
    own = createIdentity(folder, "gateway");
    theirs = createIdentity(folder, "server");
    foreign = createIdentity(folder, "foreign");
    writeFileSync(join(folder, "password"), `${secret}\n`, { mode: 0o600 });
    writeFileSync(join(folder, "wrong"), "another", { mode: 0o600 });
    return () => scratch.remove();
  });
  const secured = (more: object = {}) => ({
    ...plain,
    security: "sign-and-encrypt",
    certFile: own.cert,
    keyFile: own.key,
    trustFiles: [theirs.cert],
    username: "aurora",
    passwordFile: join(folder, "password"),
    ...more,
  });
  const startSecured = (port: number) =>
    startServer(port, { certificate: theirs.cert, key: theirs.key, password: secret });

  test.each([
    ["sign-and-encrypt", "Basic256Sha256"],
    ["sign", "Basic256Sha256"],
    ["sign-and-encrypt", "Aes256_Sha256_RsaPss"],
  ])("is read with %s by %s, by a user with a password", async (security, policy) => {
    const port = await findFreePort();
    await startSecured(port);
    const { last, lines, source } = await start(port, secured({ security, policy }));
    await until(
      () => last("shaft-speed")?.value === 1500 || source.describe().faults.length > 0,
      "a reading",
      limitMs,
    );
    expect(faultsOf(source)).toEqual([]);
    expect(last("shaft-speed")).toMatchObject({ value: 1500 });
    const key = readFileSync(own.key, "utf8").split("\n")[2]!;
    expect(lines.join("")).not.toContain(secret);
    expect(lines.join("")).not.toContain(key);
  });

  test("is refused where its certificate is not one of those trusted, or a password is wrong", async () => {
    const port = await findFreePort();
    await startSecured(port);
    const distrusting = await start(port, secured({ trustFiles: [foreign.cert] }));
    await until(() => distrusting.source.describe().faults.length > 0, "the refusal", limitMs);
    expect(faultsOf(distrusting.source)[0]).toMatch(
      /the certificate of the server is not trusted \(CN=server, SHA-256 ([0-9A-F]{2}:){31}/,
    );
    const wrong = await start(port, secured({ passwordFile: join(folder, "wrong") }));
    await until(() => wrong.source.describe().faults.length > 0, "the server's refusal", limitMs);
    expect(faultsOf(wrong.source)[0]).toMatch(/^connection: .*(BadUserAccessDenied|BadIdentityToken)/);
    expect(distrusting.readings.concat(wrong.readings)).toEqual([]);
    const unsecured = await start(port);
    await until(() => unsecured.source.describe().faults.length > 0, "the want of an unsecured way", limitMs);
    const sources = [distrusting, wrong, unsecured];
    expect(sources.map(({ source }) => source.describe().faults[0]!.cure)).toEqual([
      expect.stringContaining("trustFiles"),
      expect.stringContaining("username and password"),
      expect.stringContaining("another security"),
    ]);
  });

  test("of a trusted authority is read at the host that its certificate is for, and refused at another", async () => {
    const signed = createIdentity(folder, "signed", theirs);
    const port = await findFreePort();
    await startServer(port, { certificate: signed.cert, key: signed.key, password: secret });
    const named = await start(port, secured({ url: `opc.tcp://localhost:${port}/site` }));
    await until(() => named.readings.length > 0, "a reading", limitMs);
    const other = await start(port, secured());
    await until(() => other.source.describe().faults.length > 0, "the refusal", limitMs);
    expect(faultsOf(other.source)[0]).toContain("DNS:localhost, not for 127.0.0.1");
    expect(other.readings).toEqual([]);
  });

  test("is looked at by the doctor as by the gateway, in the same words", async () => {
    const port = await findFreePort();
    await startSecured(port);
    const look = async (more: object = {}) => {
      const config = configure(port, secured(more));
      return (await checkLines(config, { isRunning: false }))[0]!;
    };
    expect(await look()).toMatchObject({ verdict: "good", text: expect.stringContaining("no value") });
    for (const wrong of [{ trustFiles: [foreign.cert] }, { passwordFile: join(folder, "wrong") }]) {
      const { source } = await start(port, secured(wrong));
      await until(() => source.describe().faults.length > 0, "the refusal", limitMs);
      const [{ detail, cure }] = source.describe().faults as [SourceFault];
      const said = await look(wrong);
      expect(said).toMatchObject({ verdict: "bad", advice: cure });
      expect(said.text).toContain(detail);
    }
  });

  test("that is silent holds up neither a fault nor the end", async () => {
    const silent = createServer(() => {});
    onTestFinished(() => void silent.close());
    const port = await new Promise<number>((resolve) =>
      silent.listen(0, "127.0.0.1", () => resolve((silent.address() as AddressInfo).port)),
    );
    const { source } = await start(port, secured({ timeoutSeconds: 1 }));
    await until(() => source.describe().faults.length > 0, "the fault", limitMs);
    expect(faultsOf(source)).toEqual(["connection: the server is silent"]);
    await source.close();
  });

  test("feeds a gateway", async () => {
    const port = await findFreePort();
    await startSecured(port);
    const installation = await createInstallation();
    await startOpenBroker(installation);
    const gateway = await installation.startGateway([], {
      turbines: [{ id: "T1" }],
      opcua: [{ url: `opc.tcp://127.0.0.1:${port}/site`, ...secured() }],
    });
    const readSource = async () => {
      const { sources } = (await gateway.status()) as unknown as {
        readonly sources: readonly { readonly kind: string; readonly readings: number }[];
      };
      return sources[0]!;
    };
    await until(async () => (await readSource()).readings > 2, "readings", limitMs);
    expect(await readSource()).toMatchObject({ kind: "opcua", connected: true });
  });
});
