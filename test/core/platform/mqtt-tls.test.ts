import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

const openssl = "/usr/bin/openssl";

/** A self-signed certificate for localhost. */
function createCertificate(folder: string): { cert: string; key: string } {
  const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  execFileSync(
    openssl,
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "1",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1",
      "-keyout",
      paths.key,
      "-out",
      paths.cert,
    ],
    { stdio: "ignore" },
  );
  return { cert: readFileSync(paths.cert, "utf8"), key: readFileSync(paths.key, "utf8") };
}

describe.skipIf(!existsSync(openssl))("MQTT over TLS (with openssl)", () => {
  test("a client connects to a broker whose authority it trusts, and to no other", async () => {
    const { cert, key } = createCertificate(createTemporaryFolder());
    const broker = await createEmbeddedBroker({
      tls: { cert, key },
      authenticate: () => true,
      authorisePublish: () => true,
    });
    onTestFinished(() => broker.close());
    const url = `mqtts://127.0.0.1:${broker.port}`;
    const backoff = { firstMs: 20, maxMs: 50 };
    const trusting = createMqttClient({ url, clientId: "trusting", tls: { ca: cert }, backoff });
    onTestFinished(() => trusting.close());
    await until(() => trusting.connected, "connected");
    await trusting.publish("t", "x", { qos: 1, retain: false });
    const details: string[] = [];
    const careful = createMqttClient({
      url,
      clientId: "careful",
      backoff,
      logger: {
        debug: () => {},
        info: () => {},
        error: () => {},
        child: () => expect.fail("no child"),
        warn: (_message, fields) => void details.push(String(fields?.detail)),
      },
    });
    onTestFinished(() => careful.close());
    await until(() => details.length > 0, "refusal");
    expect(details[0]).toMatch(/self-signed/);
    expect(careful.connected).toBe(false);
  });

  test("the broker's name is sent with the handshake, for a router in front of many; an address is not", async () => {
    const { cert, key } = createCertificate(createTemporaryFolder());
    const asked: (string | false)[] = [];
    const server = createServer({ cert, key }, (socket) => {
      socket.on("error", () => {});
      asked.push(socket.servername ?? false);
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    for (const [host, name] of [
      ["localhost", "localhost"],
      ["127.0.0.1", false],
    ] as const) {
      asked.length = 0;
      const client = createMqttClient({ url: `mqtts://${host}:${port}`, clientId: "c", tls: { ca: cert } });
      await until(() => asked.length > 0, "a handshake");
      await client.close();
      expect(asked[0]).toBe(name);
    }
  });

  test("a certificate that is invalid is an error of keys, at once", () => {
    expect(() =>
      createMqttClient({ url: "mqtts://127.0.0.1:1", clientId: "c", tls: { cert: "x", key: "y" } }),
    ).toThrowError(expect.toSatisfy((error: unknown) => hasErrorCode(error, "KEY")));
  });
});

test.each(["", "http://host", "host:1883", "mqtt://"])(
  "%s is no broker's address, and it is said how one looks",
  (url) => {
    expect(() => createMqttClient({ url, clientId: "c" })).toThrowError(
      expect.toSatisfy((error: unknown) => hasErrorCode(error, "CONFIG_INVALID") && error.hint !== undefined),
    );
  },
);
