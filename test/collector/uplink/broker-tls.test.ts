import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { dirname, join } from "node:path";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";
import { createLogger, type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { auroraHere } from "../../cli/aurora.ts";
import { findFreePort } from "../../support/free-port.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { startCollector } from "../../support/whole-collector.ts";

const openssl = "/usr/bin/openssl";

interface Made {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

async function make(...args: readonly string[]): Promise<Made> {
  const { code, stdout, stderr } = await auroraHere("keys", ...args, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Made;
}

let server: Made;
let gateway: Made;
let unlisted: Made;
let foreign: Made;
beforeEach(async () => {
  const dir = join(createTemporaryFolder(), "tls");
  await make("authority", dir);
  server = await make("server", dir, "127.0.0.1");
  gateway = await make("client", dir, "gw-1");
  unlisted = await make("client", dir, "gw-9");
  const other = join(createTemporaryFolder(), "other");
  await make("authority", other);
  foreign = await make("client", other, "gw-1");
});

/** A collector whose own broker is TLS; with `caFile` clients need certificates. */
async function start(embedded: object, logger: Logger = silentLogger) {
  const folder = createTemporaryFolder();
  const passwordFile = join(folder, "gw-2.password");
  writeFileSync(passwordFile, "secret");
  const { certFile, keyFile } = server;
  const config = collectorConfigSchema().parse({
    collector: { stateDir: join(folder, "state"), httpPort: 0 },
    mqtt: {
      embedded: {
        port: await findFreePort(),
        certFile,
        keyFile,
        gateways: [{ id: "gw-2", site: "north", passwordFile }],
        ...embedded,
      },
    },
  });
  const collector = await startCollector(config, { logger, fileScanMs: 20 });
  onTestFinished(() => collector.close());
  return { collector, url: collector.mqttUrl };
}

const read = (made: Made): IClientOptions => ({
  ca: readFileSync(server.caFile),
  cert: readFileSync(made.certFile),
  key: readFileSync(made.keyFile),
});
const trust = (): IClientOptions => ({ ca: readFileSync(server.caFile) });

/** Connects once; the client, or why not. */
function connect(url: string, options: IClientOptions): Promise<MqttClient | string> {
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    ...options,
  });
  onTestFinished(() => void client.end(true));
  return new Promise((resolve) => {
    client.once("connect", () => resolve(client));
    client.once("error", (error) => resolve(error.message));
    client.once("close", () => resolve("closed"));
  });
}

const isIn = (found: MqttClient | string): boolean => typeof found !== "string";

test("a client's certificate says who it is, and only what it may is taken", async () => {
  const { collector, url } = await start({
    caFile: server.caFile,
    gateways: [{ id: "gw-1", site: "north" }],
  });
  expect(url).toMatch(/^mqtts:\/\/127\.0\.0\.1:\d+$/);
  // The page's own client is in as well, over the port of this process.
  await until(async () => (await fetch(`${collector.url}/-/ready`)).ok, "it is ready");
  const client = await connect(url, read(gateway));
  if (typeof client === "string") throw new Error(client);
  const status = { gateway: "gw-1", online: true, version: "0.1.0" };
  await client.publishAsync("aurora/v1/gateway/gw-1/status", JSON.stringify(status), {
    retain: true,
    qos: 1,
  });
  const listed = async (): Promise<unknown> =>
    ((await (await fetch(`${collector.url}/api/v1/gateways`)).json()) as { items: { gateway: string }[] })
      .items;
  await until(async () => JSON.stringify(await listed()).includes("gw-1"), "its status is recorded");
  const cut = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.publish("aurora/v1/gateway/gw-9/status", "{}", { qos: 1 });
  await cut;

  expect(isIn(await connect(url, { ...read(gateway), username: "gw-1" }))).toBe(true);
  for (const refused of [
    trust(),
    { ...trust(), username: "gw-1", password: "secret" },
    read(foreign),
    read(unlisted),
    { ...read(unlisted), username: "gw-1" },
    { ...read(gateway), username: "$collector" },
    read(server),
  ]) {
    expect(isIn(await connect(url, refused))).toBe(false);
  }
  expect(isIn(await connect(url.replace("mqtts", "mqtt"), {}))).toBe(false);
});

test("with an authority of clients and a password both are needed, and the log and a figure say who lacked what", async () => {
  const passwordFile = join(createTemporaryFolder(), "gw-1.password");
  writeFileSync(passwordFile, "secret\n");
  const lines: string[] = [];
  const logger = createLogger({ format: "json", write: (line) => void lines.push(line) });
  const gateways = [{ id: "gw-1", passwordFile }];
  const { collector, url } = await start({ caFile: server.caFile, gateways }, logger);
  expect(isIn(await connect(url, { ...read(gateway), username: "gw-1", password: "secret" }))).toBe(true);
  const refused: [IClientOptions, RegExp, string | null][] = [
    [read(gateway), /it gave no password/, "gw-1"],
    [
      { ...read(gateway), username: "gw-1", password: "hunter2" },
      /its password is not the enrolled one/,
      "gw-1",
    ],
    [{ ...trust(), username: "gw-1", password: "secret" }, /showed no certificate, and caFile asks/, null],
    [read(foreign), /not of the authority in caFile/, null],
    [read(unlisted), /no gateway or device of this name is enrolled/, "gw-9"],
    [{ ...read(unlisted), username: "gw-1" }, /its certificate is of "gw-9"/, "gw-1"],
    [read(server), /its certificate was not issued for a client/, null],
  ];
  const told = (): Record<string, unknown>[] =>
    lines.map((line) => JSON.parse(line)).filter(({ message }) => message === "a login was refused");
  for (const [options, reason, user] of refused) {
    expect(isIn(await connect(url, options))).toBe(false);
    // At once, and who does it again at once is only counted.
    await until(() => told().length > 0 && reason.test(String(told().at(-1)?.reason)), String(reason));
    expect(told().at(-1)).toMatchObject({ user, address: "127.0.0.1", level: "warn" });
    expect(isIn(await connect(url, options))).toBe(false);
  }
  expect(told()).toHaveLength(refused.length);
  expect(lines.join("")).not.toMatch(/secret|hunter2/);
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  const count = (user: string): RegExp =>
    new RegExp(`^aurora_broker_refused_logins_total\\{user="${user}"\\} (\\d+)$`, "m");
  expect(["gw-1", "none", "unknown"].map((user) => count(user).exec(metrics)?.[1])).toEqual(["6", "6", "2"]);
});

test.skipIf(!existsSync(openssl)).each(["/O=Wind", "/CN=gw-1/CN=gw-2"])(
  "a client whose certificate is of %s, which names nobody, is told as such",
  async (subject) => {
    const folder = createTemporaryFolder();
    const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const signer = `-CA ${server.caFile} -CAkey ${join(dirname(dirname(server.caFile)), "ca.key")}`;
    const newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    const line = `req -x509 ${newKey} -days 1 -subj ${subject} -addext extendedKeyUsage=clientAuth ${signer} -keyout ${keyFile} -out ${certFile}`;
    execFileSync(openssl, line.split(" "), { stdio: "ignore" });
    const lines: string[] = [];
    const logger = createLogger({ format: "json", write: (line) => void lines.push(line) });
    const { url } = await start({ caFile: server.caFile, gateways: [{ id: "gw-1" }] }, logger);
    expect(isIn(await connect(url, read({ ...gateway, certFile, keyFile })))).toBe(false);
    await until(() => lines.join("").includes("its certificate has no single common name"), "told");
  },
);

test("certificate, key and authority that are renewed on disk serve who connects next; halves are named, and change nothing", async () => {
  const lines: string[] = [];
  const logger = createLogger({ format: "json", write: (line) => void lines.push(line) });
  const { url } = await start({ caFile: server.caFile, gateways: [{ id: "gw-1" }] }, logger);
  const next = join(createTemporaryFolder(), "next");
  await make("authority", next);
  const renewed = await make("server", next, "127.0.0.1");
  const client = await make("client", next, "gw-1");
  const login = (ca: string): IClientOptions => ({ ...read(client), ca });
  const [oldRoot, newRoot] = [readFileSync(server.caFile, "utf8"), readFileSync(renewed.caFile, "utf8")];
  expect(isIn(await connect(url, login(oldRoot)))).toBe(false);

  writeFileSync(server.caFile, `${oldRoot}${newRoot}`);
  await until(async () => isIn(await connect(url, login(oldRoot))), "the authority that was added");
  copyFileSync(renewed.keyFile, server.keyFile);
  const isTold = (): string[] => lines.filter((line) => line.includes("does not belong to the certificate"));
  await until(() => isTold().length > 0, "the halves are told");
  expect(isTold()[0]).toMatch(/mqtt\.embedded\.keyFile: .*; the broker keeps what it has/);
  expect(isIn(await connect(url, login(oldRoot)))).toBe(true);
  copyFileSync(renewed.certFile, server.certFile);
  await until(async () => isIn(await connect(url, login(newRoot))), "the new certificate");
  expect(isTold()).toHaveLength(1);
  writeFileSync(server.caFile, newRoot);
  await until(async () => !isIn(await connect(url, { ...read(gateway), ca: newRoot })), "the old one is out");
});

test("authorities that are emptied or damaged on disk are told, and those of before stay", async () => {
  const lines: string[] = [];
  const logger = createLogger({ format: "json", write: (line) => void lines.push(line) });
  const embedded = { caFile: server.caFile, gateways: [{ id: "gw-1", site: "north" }] };
  const { url } = await start(embedded, logger);
  const login = read(gateway);
  const root = readFileSync(server.caFile, "utf8");
  for (const [text, words] of [
    ["", /ca\.pem is empty; the broker keeps what it has/],
    [root.slice(0, 200), /mqtt\.embedded\.caFile: certificate 1 of 1 .* is damaged/],
    ["once upon a time", /mqtt\.embedded\.caFile: the file holds no certificate; the broker keeps/],
  ] as const) {
    writeFileSync(server.caFile, text);
    await until(() => lines.some((line) => words.test(line)), String(words));
    expect(isIn(await connect(url, login))).toBe(true);
  }
  expect(lines.join("")).not.toContain("was read again");
  writeFileSync(server.caFile, "");
  await expect(start(embedded)).rejects.toMatchObject({ message: `${server.caFile} is empty` });
});

test("without an authority of clients a password is asked for, over TLS alone", async () => {
  const { url } = await start({ anonymousRead: true });
  expect(isIn(await connect(url, { ...trust(), username: "gw-2", password: "secret" }))).toBe(true);
  expect(isIn(await connect(url, trust()))).toBe(true);
  expect(isIn(await connect(url, { ...trust(), username: "gw-2", password: "wrong" }))).toBe(false);
  expect(isIn(await connect(url, { username: "gw-2", password: "secret" }))).toBe(false);
  expect(isIn(await connect(url.replace("mqtts", "mqtt"), { username: "gw-2", password: "secret" }))).toBe(
    false,
  );
});

test("keys that are none, or one without the other, are named before anything starts", async () => {
  const check = (embedded: object): string => {
    const parsed = collectorConfigSchema().safeParse({ mqtt: { embedded } });
    return parsed.success ? "good" : parsed.error.issues.map(({ path }) => path.join(".")).join(" ");
  };
  expect(check({ certFile: "a.pem" })).toBe("mqtt.embedded.keyFile");
  expect(check({ caFile: "ca.pem" })).toBe("mqtt.embedded.certFile");
  expect(check({ gateways: [{ id: "gw-1" }] })).toBe("mqtt.embedded.gateways.0.passwordFile");
  await expect(start({ certFile: server.keyFile })).rejects.toMatchObject({
    code: "MQTT",
    message: expect.stringContaining("certificate or key"),
  });
});

test("connections that never shake hands, however many, keep nobody out, nor take the place of those that did", async () => {
  const broker = await createEmbeddedBroker({
    tls: { cert: readFileSync(server.certFile), key: readFileSync(server.keyFile) },
    maxConnections: 4,
    authenticate: () => true,
  });
  onTestFinished(() => broker.close());
  const options = { ca: readFileSync(server.caFile), username: "gw-1", password: "x", reconnectPeriod: 0 };
  const first = await mqtt.connectAsync(`mqtts://127.0.0.1:${broker.port}`, options);
  onTestFinished(() => first.endAsync(true));
  const silent: Socket[] = [];
  onTestFinished(() => {
    for (const socket of silent) socket.destroy();
  });
  for (let index = 0; index < 24; index++) {
    const socket = createConnection(broker.port, "127.0.0.1").on("error", () => {});
    silent.push(socket);
    await once(socket, "connect");
  }
  const second = await mqtt.connectAsync(`mqtts://127.0.0.1:${broker.port}`, options);
  await second.endAsync(true);
  expect(first.connected).toBe(true);
});
