/** Certificates that a broker or a client of it does not take, made with openssl and shown to real ones: what is told, and what to do. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { issueCertificate } from "../../../../src/cli/fleet/issue-certificate.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import type { MqttTls } from "../../../../src/core/platform/mqtt/broker-socket.ts";
import { createEmbeddedBroker } from "../../../../src/core/platform/mqtt/embedded-broker.ts";
import { createIntakeClient } from "../../../../src/core/platform/mqtt/intake-client.ts";
import { createMqttClient, type MqttClientOptions } from "../../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { findFreePort } from "../../../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../../../support/mosquitto.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";

const openssl = "/usr/bin/openssl";
const backoff = { firstMs: 20, maxMs: 50 };
const dayMs = 86_400_000;

let folder: string;
beforeEach(() => {
  folder = createTemporaryFolder();
});

const pathOf = (name: string): string => join(folder, `${name}.pem`);
const textOf = (name: string): string => readFileSync(pathOf(name), "utf8");
const run = (line: string): void => void execFileSync(openssl, line.split(" "), { stdio: "ignore" });

const newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/** Writes `name.pem` and `name-key.pem`, signed by `by` or by itself. */
function make(name: string, extensions: readonly string[], by?: string): void {
  const added = extensions.map((extension) => ` -addext ${extension}`).join("");
  const signer = by === undefined ? "" : ` -CA ${pathOf(by)} -CAkey ${pathOf(`${by}-key`)}`;
  const out = `-keyout ${pathOf(`${name}-key`)} -out ${pathOf(name)}`;
  run(`req -x509 ${newKey} -days 2 -subj /CN=${name} ${out}${added}${signer}`);
}

/** Above the broker's certificate is that of `issuing`, above that the root. */
function makeChain(...constraints: readonly string[]): void {
  make("root", []);
  make("issuing", ["basicConstraints=critical,CA:TRUE", ...constraints], "root");
  make("server", ["basicConstraints=critical,CA:FALSE", "subjectAltName=DNS:localhost"], "issuing");
}

async function serve(cert: string): Promise<string> {
  const broker = await createEmbeddedBroker({ host: "localhost", tls: { cert, key: textOf("server-key") } });
  onTestFinished(() => broker.close());
  return `mqtts://localhost:${broker.port}`;
}

/** What a client says that does not get in: what, and what to do. */
async function tell(url: string, tls: MqttTls, open: (options: MqttClientOptions) => MqttClient) {
  const told: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (_message: string, fields?: object) => {
      const { detail, hint } = fields as { readonly detail: string; readonly hint: string };
      told.push(`${detail}\n${hint}`);
    },
  };
  const client = open({ url, clientId: "gw-1", tls, backoff, logger });
  onTestFinished(() => client.close());
  await until(() => told.length > 0, "a refusal");
  return told[0];
}

const openIntake = (options: MqttClientOptions): MqttClient =>
  createIntakeClient({
    ...options,
    maxPacketBytes: 65_536,
    sessionExpirySeconds: 60,
    receiveMaximum: 10,
    onMessage: () => {},
    onLoss: () => {},
    logger: options.logger ?? silentLogger,
  });

describe.skipIf(!existsSync(openssl))("a broker's certificate (with openssl)", () => {
  test("whose issuing authority the broker does not send, though the root is trusted", async () => {
    makeChain();
    const url = await serve(textOf("server"));
    expect(await tell(url, { ca: textOf("root") }, createMqttClient)).toMatch(
      /not trusted here, and it sends no other \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)\n.*Is the root named there, let the broker send the certificates between/,
    );
  });

  test("of which the issuing authority alone is trusted, without the root", async () => {
    makeChain();
    const url = await serve(`${textOf("server")}${textOf("issuing")}`);
    expect(await tell(url, { ca: textOf("issuing") }, createMqttClient)).toMatch(
      /that one's authority is not \(UNABLE_TO_GET_ISSUER_CERT\)\nName the root above it under mqtt\.caFile as well/,
    );
  });

  test("with a name that its authority may not sign", async () => {
    makeChain("nameConstraints=critical,permitted;DNS:example.com");
    const url = await serve(`${textOf("server")}${textOf("issuing")}`);
    expect(await tell(url, { ca: textOf("root") }, createMqttClient)).toMatch(
      /^its certificate is not good \(permitted subtree violation\)\nIssue the broker's certificate anew/,
    );
  });

  test("of this client that is signed with SHA-1 is refused in OpenSSL's own words", () => {
    make("root", []);
    make("old", [], "root");
    const signer = `-CA ${pathOf("root")} -CAkey ${pathOf("root-key")}`;
    run(`req -x509 -sha1 -days 2 -subj /CN=old ${signer} -key ${pathOf("old-key")} -out ${pathOf("old")}`);
    const tls = { cert: textOf("old"), key: textOf("old-key") };
    expect(() => createMqttClient({ url: "mqtts://127.0.0.1:1", clientId: "c", tls })).toThrowError(
      expect.objectContaining({
        code: "KEY",
        message: expect.stringContaining("cannot be used: ca md too weak"),
        hint: expect.stringContaining("SHA-256"),
      }),
    );
  });
});

describe.skipIf(!hasMosquitto || !existsSync(openssl))("this client's certificate (with mosquitto)", () => {
  const authority = {
    ...issueCertificate({ name: "ca", use: "authority", fromMs: Date.now() - 90 * dayMs, days: 900 }),
    name: "ca",
  };

  /** Of a broker that takes certificates of the authority alone. */
  async function start(...extra: readonly string[]): Promise<string> {
    const server = issueCertificate(
      { name: "localhost", use: "server", fromMs: Date.now(), days: 9 },
      authority,
    );
    const files = { ca: authority.certPem, "ca-key": authority.keyPem, "server-key": server.keyPem };
    for (const [name, pem] of Object.entries({ ...files, server: server.certPem }))
      writeFileSync(pathOf(name), pem);
    const broker = await startMosquitto(await findFreePort(), [
      "user root",
      `cafile ${pathOf("ca")}`,
      `certfile ${pathOf("server")}`,
      `keyfile ${pathOf("server-key")}`,
      "require_certificate true",
      ...extra,
    ]);
    onTestFinished(() => broker.close());
    return `mqtts://localhost:${broker.port}`;
  }

  function issue(fromMs: number, days: number): MqttTls & { readonly cert: string } {
    const issued = issueCertificate({ name: "gw-1", use: "client", fromMs, days }, authority);
    return { ca: authority.certPem, cert: issued.certPem, key: issued.keyPem };
  }

  test.each([
    ["client", createMqttClient],
    ["intake", openIntake],
  ] as const)(
    "that has expired is named, with its day, and that to renew it helps (%s)",
    async (_kind, open) => {
      const url = await start();
      expect(await tell(url, issue(Date.now() - 20 * dayMs, 10), open)).toMatch(
        /does not take this client's certificate \(CN=gw-1, good until \d{4}-\d\d-\d\d; ERR_SSL_\w+\)\nThis client's certificate has expired on \d{4}-\d\d-\d\d: issue another under the same name/,
      );
    },
  );

  test.each([
    ["and has not expired", 0],
    ["and has expired", -20],
  ])("that is revoked %s is not to be signed anew", async (_how, fromDays) => {
    const tls = issue(Date.now() + fromDays * dayMs, 9);
    writeFileSync(pathOf("revoked"), tls.cert);
    writeFileSync(join(folder, "index.txt"), "");
    writeFileSync(
      join(folder, "ca.conf"),
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${folder}/index.txt\ndefault_md=sha256\ndefault_crl_days=9\n`,
    );
    writeFileSync(pathOf("ca"), authority.certPem);
    writeFileSync(pathOf("ca-key"), authority.keyPem);
    const ca = `ca -config ${join(folder, "ca.conf")} -cert ${pathOf("ca")} -keyfile ${pathOf("ca-key")}`;
    run(`${ca} -revoke ${pathOf("revoked")}`);
    run(`${ca} -gencrl -out ${pathOf("crl")}`);
    const url = await start(`crlfile ${pathOf("crl")}`);
    expect(await tell(url, tls, createMqttClient)).toMatch(
      /its authority has revoked this client's certificate \(CN=gw-1, .*\)\nA revoked id gets no certificate any more: enrol/,
    );
  });
});
