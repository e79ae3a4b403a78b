/** What a client does of a broker that does not let it in, and of a port on which no broker listens, each against a real listener; and what is no login. */
import { createPrivateKey, pbkdf2Sync } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { createServer as createWebServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { issueCertificate } from "../../../../src/cli/fleet/issue-certificate.ts";
import type { AuroraError } from "../../../../src/core/contract/aurora-error.ts";
import { type Logger, silentLogger } from "../../../../src/core/platform/logger.ts";
import { createLoginKeeper, readBrokerLogin } from "../../../../src/core/platform/mqtt/broker-login.ts";
import { createEmbeddedBroker } from "../../../../src/core/platform/mqtt/embedded-broker.ts";
import { createIntakeClient } from "../../../../src/core/platform/mqtt/intake-client.ts";
import { createMqttClient } from "../../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { findFreePort } from "../../../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../../../support/mosquitto.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";

const noLogin = { username: null, passwordFile: null, caFile: null, certFile: null, keyFile: null };
const backoff = { firstMs: 20, maxMs: 50 };

/** Keeps what is warned of: `detail; hint`. */
function listenTo(): { readonly warned: string[]; readonly logger: Logger } {
  const warned: string[] = [];
  const warn: Logger["warn"] = (_message, fields) =>
    void warned.push(`${String(fields?.detail)}; ${String(fields?.hint)}`);
  return { warned, logger: { ...silentLogger, warn } };
}

/** Both kinds of clients, with the same credentials. */
async function connectBoth(port: number, { passwordFile }: { readonly passwordFile: string | null }) {
  const login = await readBrokerLogin({
    ...noLogin,
    username: passwordFile === null ? null : "gw",
    passwordFile,
  });
  const url = `mqtt://127.0.0.1:${port}`;
  const one = listenTo();
  const other = listenTo();
  const client = createMqttClient({ url, clientId: "one", ...login, backoff, answerTimeoutMs: 300, ...one });
  const intake = createIntakeClient({
    url,
    clientId: "other",
    ...login,
    backoff,
    maxPacketBytes: 65_536,
    sessionExpirySeconds: 60,
    receiveMaximum: 10,
    onMessage: () => {},
    onLoss: () => {},
    logger: other.logger,
  });
  onTestFinished(async () => void (await Promise.all([client.close(), intake.close()])));
  const all: readonly (readonly [MqttClient, string[]])[] = [
    [client, one.warned],
    [intake, other.warned],
  ];
  return all;
}

async function listen(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

function answer(bytes: string | Uint8Array): Server {
  return createServer((socket: Socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write(bytes));
  });
}

describe("a port on which no broker listens is told by name, with what to do", () => {
  const web = createWebServer().on("clientError", (_error, socket) =>
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  );
  test.each([
    ["a web server", web, /^a web server answers on this port.*; Write the broker's port/],
    ["a shell", answer("SSH-2.0-OpenSSH_9.2\r\n"), /^what answers on this port is no broker.*; Is this the/],
    ["a TLS alert", answer(Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70)), /^TLS is spoken.*; Write mqtts:\/\//],
  ])("%s", async (_who, server, words) => {
    const clients = await connectBoth(await listen(server), { passwordFile: null });
    for (const [client, warned] of clients) {
      await until(() => warned.length > 0, "words");
      expect(warned[0]).toMatch(words);
      expect(client.connected).toBe(false);
    }
  });

  test("one that hangs up, and one that is silent", async () => {
    const hangsUp = await listen(createServer((socket) => void socket.on("error", () => {}).end()));
    const silent = await listen(createServer((socket) => void socket.on("error", () => {})));
    const [[, first], [, second]] = [
      (await connectBoth(hangsUp, { passwordFile: null }))[0]!,
      (await connectBoth(silent, { passwordFile: null }))[0]!,
    ];
    await until(() => first.length > 0 && second.length > 0, "words");
    expect(first[0]).toMatch(/; Is this the broker's TLS port\? .* a broker of MQTT listens there/);
    // mosquitto says no more than this where its max_connections are taken.
    expect(first[0]).toContain("takes no more clients");
    expect(second[0]).toMatch(/^it does not answer a login; Is this the broker's TLS port\?/);
  });
});

test.skipIf(!hasMosquitto)(
  "a password that is put right lets both kinds of clients in without a restart",
  async () => {
    const folder = createTemporaryFolder();
    const passwordFile = join(folder, "password");
    const accounts = join(folder, "accounts");
    // As `mosquitto_passwd -b` writes "right" for the user gw.
    const salt = Buffer.alloc(12, 7);
    const hash = pbkdf2Sync("right", salt, 101, 64, "sha512");
    writeFileSync(accounts, `gw:$7$101$${salt.toString("base64")}$${hash.toString("base64")}\n`, {
      mode: 0o644,
    });
    const broker = await startMosquitto(await findFreePort(), [
      "user root",
      "allow_anonymous false",
      `password_file ${accounts}`,
    ]);
    onTestFinished(() => broker.close());
    writeFileSync(passwordFile, "wrong\n");
    const clients = await connectBoth(broker.port, { passwordFile });
    for (const [, warned] of clients) {
      await until(() => warned.length > 0, "a refusal");
      expect(warned[0]).toMatch(
        /does not take this user name or password .*; Compare mqtt\.username.*aurora-collector.*its id.*ID\/DEVICE/,
      );
    }
    writeFileSync(passwordFile, "right\n");
    for (const [client] of clients) await until(() => client.connected, "connected");
  },
);

test("a broker that was away and then refuses has both said, each once", async () => {
  const port = await findFreePort();
  const { warned, logger } = listenTo();
  const client = createMqttClient({ url: `mqtt://127.0.0.1:${port}`, clientId: "c", backoff, logger });
  onTestFinished(() => client.close());
  await until(() => warned.length > 0, "away");
  let asked = 0;
  const broker = await createEmbeddedBroker({
    port,
    authenticate: () => {
      asked += 1;
      return false;
    },
  });
  onTestFinished(() => broker.close());
  await until(() => asked > 5, "refused often");
  expect(warned.filter((words) => /no broker listens/.test(words))).toHaveLength(1);
  expect(warned.filter((words) => /does not take this user name/.test(words))).toHaveLength(1);
});

test("halves of two pairs of certificate and key are not tried, nor what is gone or sealed: each is told once, and the login of before stays", async () => {
  const folder = createTemporaryFolder();
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const authority = {
    ...issueCertificate({ name: "ca", use: "authority", fromMs: Date.now(), days: 9 }),
    name: "ca",
  };
  const issue = () => issueCertificate({ name: "gw", use: "client", fromMs: Date.now(), days: 5 }, authority);
  const [before, after] = [issue(), issue()];
  writeFileSync(certFile, before.certPem);
  writeFileSync(keyFile, before.keyPem);
  const told: string[] = [];
  const warn: Logger["warn"] = (message, fields) => void told.push(`${message} ${JSON.stringify(fields)}`);
  const login = await readBrokerLogin({ ...noLogin, certFile, keyFile });
  const keeper = createLoginKeeper({ ...login, logger: { ...silentLogger, warn } });
  const nothing = (): void => {};
  const lose = (): void => {
    const events = keeper.watch({ onConnect: nothing, onMessage: nothing, onLoss: nothing });
    // Of a connection that was there as well.
    events.onConnect();
    events.onLoss({ reason: "closed", detail: "" });
  };
  const isTold = async (words: RegExp): Promise<void> => {
    await until(() => {
      lose();
      return told.some((line) => words.test(line));
    }, String(words));
    expect(keeper.login().tls?.cert).toBe(before.certPem);
  };
  const halves =
    /^mqtt\.keyFile: the key does not belong to .* certFile; what was read before is tried again/;
  writeFileSync(certFile, after.certPem);
  await isTold(halves);
  renameSync(keyFile, join(folder, "away"));
  await isTold(/^cannot read file .*key\.pem/);
  const cipher = { cipher: "aes-256-cbc", passphrase: "secret" };
  const sealed = createPrivateKey(after.keyPem).export({ type: "pkcs8", format: "pem", ...cipher });
  writeFileSync(keyFile, sealed);
  await isTold(/^mqtt\.keyFile: the file holds no private key; .*without a pass phrase/);
  writeFileSync(keyFile, after.keyPem);
  await until(() => {
    lose();
    return keeper.login().tls?.cert === after.certPem;
  }, "the new pair");
  expect(told.filter((line) => halves.test(line))).toHaveLength(1);
});

test.each([
  [{ certFile: "c" }, "mqtt.certFile is there without mqtt.keyFile"],
  [{ keyFile: "k" }, "mqtt.keyFile is there without mqtt.certFile"],
  [{ caFile: "/no/such/ca.pem" }, "/no/such/ca.pem"],
])("a login of %j is a clear error", async (part, message) => {
  await expect(readBrokerLogin({ ...noLogin, ...part })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(message),
  });
});

test.each([
  ["empty", "", /ca\.pem is empty/],
  ["cut off", undefined, /^mqtt\.caFile: certificate 1 of 1 .* is damaged or cut off.*copy it once more/],
  ["of no certificate", "once upon a time\n", /^mqtt\.caFile: the file holds no certificate/],
])("authorities that are %s by now are told, and not tried", async (_how, text, words) => {
  const caFile = join(createTemporaryFolder(), "ca.pem");
  const { certPem } = issueCertificate({ name: "ca", use: "authority", fromMs: Date.now(), days: 9 });
  writeFileSync(caFile, certPem);
  const login = await readBrokerLogin({ ...noLogin, caFile });
  writeFileSync(caFile, text ?? certPem.slice(0, 200));
  const error: AuroraError = await login.renewLogin!().then(
    () => undefined as never,
    (found) => found,
  );
  expect(`${error.message}; ${error.hint}`).toMatch(words);
});

test("a login with an empty file of authorities is a clear error: TLS would take it for all that Node knows", async () => {
  const caFile = join(createTemporaryFolder(), "ca.pem");
  writeFileSync(caFile, "");
  await expect(readBrokerLogin({ ...noLogin, caFile })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `${caFile} is empty`,
  });
});

test("a password file's last line break is no part of the password", async () => {
  const passwordFile = join(createTemporaryFolder(), "password");
  writeFileSync(passwordFile, "secret\n");
  const config = { ...noLogin, username: "u", passwordFile };
  expect(await readBrokerLogin(config)).toMatchObject({ username: "u", password: "secret" });
  expect(await readBrokerLogin(config, "other")).toMatchObject({ username: "u", password: "other" });
});
