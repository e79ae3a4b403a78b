/** What is wrong with the way to a broker over TLS is told in words, with what to do; each against a real listener. */
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { checkBroker } from "../../../src/cli/doctor/check-broker.ts";
import { type CertificateRequest, issueCertificate } from "../../../src/cli/fleet/issue-certificate.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const dayMs = 86_400_000;
type Named = ReturnType<typeof issueCertificate> & { readonly name: string };

function issue(request: Pick<CertificateRequest, "name" | "use">, authority?: Named, fromDays = -2): Named {
  const when = { fromMs: Date.now() + fromDays * dayMs, days: 60 };
  return { ...issueCertificate({ ...request, ...when }, authority), name: request.name };
}

let authority: Named;
let foreign: Named;
beforeAll(() => {
  authority = issue({ name: "ca", use: "authority" });
  foreign = issue({ name: "other", use: "authority" });
});

function write(pem: string): string {
  const path = join(createTemporaryFolder(), "a.pem");
  writeFileSync(path, pem);
  return path;
}

/** The worst line of doctor on a broker with this certificate. */
async function look(server: Named, mqtt: object = {}, ca?: string): Promise<string> {
  const broker = await createEmbeddedBroker({
    tls: { cert: server.certPem, key: server.keyPem, ca },
    authenticate: () => true,
  });
  onTestFinished(() => broker.close());
  const caFile = write(authority.certPem);
  return tell({ url: `mqtts://127.0.0.1:${broker.port}`, caFile, ...mqtt });
}

async function tell(mqtt: object): Promise<string> {
  const found = (await check(mqtt)).find(({ verdict }) => verdict === "bad");
  return found === undefined ? "good" : `${found.name}: ${found.text}\n${found.advice}`;
}

async function check(mqtt: object) {
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north" },
    turbines: [{ id: "WT01" }],
    mqtt,
  });
  const { results, client } = await checkBroker(config, undefined);
  await client?.close();
  return results;
}

test("the broker's certificate: its authority, its name, its dates, its use", async () => {
  const server = { name: "127.0.0.1", use: "server" } as const;
  const good = issue(server, authority);
  expect(await look(good)).toBe("good");
  expect(await look(good, { caFile: null })).toMatch(
    /signed by an authority that is not trusted here, and it sends no other \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)\n.*mqtt\.caFile/,
  );
  expect(await look(issue(server))).toMatch(/self-signed[\s\S]*copied from the broker itself/);
  expect(await look(issue({ ...server, name: "broker.example" }, authority))).toMatch(
    /its certificate is for broker\.example, not for 127\.0\.0\.1 .*\n.*aurora keys server DIR 127\.0\.0\.1/,
  );
  expect(await look(issue(server, authority, -100))).toMatch(
    /has expired, by this machine's clock .*\nRenew/,
  );
  expect(await look(issue(server, authority, 10))).toMatch(/not valid yet, by this machine's clock .*\nSet/);
  expect(await look(issue({ ...server, use: "client" }, authority))).toMatch(/not issued for a server/);
});

test("the end of the broker's certificate is told in its last month, of a short life in its last quarter", async () => {
  const hours = async (lifeHours: number, leftHours: number): Promise<string> => {
    const fromMs = Date.now() - (lifeHours - leftHours - 24) * 3_600_000;
    const days = lifeHours / 24 - 1;
    const { certPem, keyPem } = issueCertificate(
      { name: "127.0.0.1", use: "server", fromMs, days },
      authority,
    );
    const broker = await createEmbeddedBroker({
      tls: { cert: certPem, key: keyPem },
      authenticate: () => true,
    });
    onTestFinished(() => broker.close());
    const results = await check({
      url: `mqtts://127.0.0.1:${broker.port}`,
      caFile: write(authority.certPem),
    });
    return results.find(({ name }) => name === "broker's certificate")?.text ?? "good";
  };
  expect(await hours(8_760, 28 * 24)).toBe("expires in 28 d");
  expect(await hours(90 * 24, 28 * 24)).toBe("good");
  expect(await hours(24, 8)).toBe("good");
  expect(await hours(24, 5.5)).toMatch(/^expires in 5 h \d+ min$/);
});

test("this gateway's certificate: none, of another authority, of other dates", async () => {
  const server = issue({ name: "127.0.0.1", use: "server" }, authority);
  const show = ({ certPem, keyPem }: Named): Promise<string> =>
    look(server, { certFile: write(certPem), keyFile: write(keyPem) }, authority.certPem);
  const request = { name: "gw-1", use: "client" } as const;
  expect(await look(server, {}, authority.certPem)).toMatch(
    /asks for a client certificate .*\nName .*mqtt\.certFile/,
  );
  const [good, other, expired, early] = await Promise.all([
    show(issue(request, authority)),
    show(issue(request, foreign)),
    show(issue(request, authority, -100)),
    show(issue(request, authority, 10)),
  ]);
  expect(good).toBe("good");
  expect(other).toMatch(/the connection was closed\nThe broker may not take this client's certificate/);
  expect(expired).toMatch(/This client's certificate has expired on .*: issue another under the same name/);
  expect(early).toMatch(/holds from .* on: is this machine's clock behind\?/);
});

test("a web server that is waiting for the end of a line, which no login has", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      if (chunk.includes("\n")) socket.end("HTTP/1.0 200 OK\r\n\r\n");
    });
  });
  onTestFinished(() => void server.close());
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
  expect(await tell({ url: `mqtt://127.0.0.1:${port}` })).toMatch(
    /^broker's login: as nobody: a web server answers on this port, .*\nWrite the broker's port/,
  );
});

test("a port without TLS behind mqtts, and one with TLS behind mqtt", async () => {
  const listen = (answer: string | null): Promise<number> => {
    const server: Server = createServer((socket) => {
      socket.on("error", () => {});
      if (answer !== null) socket.end(answer);
      // As mosquitto does with what is no CONNECT.
      else socket.once("data", () => socket.resetAndDestroy());
    });
    onTestFinished(() => void server.close());
    return new Promise((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
  };
  const noTls = /no TLS is spoken on this port.*\nWrite mqtt:\/\/ without caFile/;
  expect(await tell({ url: `mqtts://127.0.0.1:${await listen("SSH-2.0-x\r\n")}` })).toMatch(noTls);
  expect(await tell({ url: `mqtts://127.0.0.1:${await listen("")}` })).toMatch(noTls);
  expect(await tell({ url: `mqtts://127.0.0.1:${await listen(null)}` })).toMatch(noTls);
  const server = issue({ name: "127.0.0.1", use: "server" }, authority);
  const broker = await createEmbeddedBroker({ tls: { cert: server.certPem, key: server.keyPem } });
  onTestFinished(() => broker.close());
  expect(await tell({ url: `mqtt://127.0.0.1:${broker.port}` })).toMatch(/TLS port\? Then write mqtts/);
});
