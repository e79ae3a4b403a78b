import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { issueCertificate } from "../../../../src/cli/fleet/issue-certificate.ts";
import type { ConfiguredFile } from "../../../../src/core/contract/config/configured-files.ts";
import { checkConfiguredFiles } from "../../../../src/core/platform/daemon/check-files.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const dates = { fromMs: Date.now(), days: 300 };
const issueAuthority = (name: string) => ({
  ...issueCertificate({ name, use: "authority", ...dates }),
  name,
});
const [old, authority] = [issueAuthority("old"), issueAuthority("site")];

function write(text: string): string {
  const file = join(createTemporaryFolder(), "a.pem");
  writeFileSync(file, text);
  return file;
}

async function check(files: readonly ConfiguredFile[]): Promise<readonly string[]> {
  return (await checkConfiguredFiles(files)).map(({ problem, write }) => `${problem}; ${write}`);
}

test("what is said of several authorities in one file is what TLS makes of them", async () => {
  const server = createServer(serverOptions(), (socket) => void socket.end());
  server.on("tlsClientError", () => {});
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const isTrusted = (ca: string): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port, ca }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
  const [first, second] = [old.certPem, authority.certPem];
  const joined = first.trimEnd();
  const lines = joined.split("\n").length;
  const damaged = (number: number, line: number) =>
    `certificate ${number} of 2 in this file, from line ${line} on, is damaged`;
  for (const [text, said] of [
    [second, undefined],
    [first + second, undefined],
    [`# ours\n${first}\n\n site, until 2031\n${second}`, undefined],
    [`\uFEFF${first}\uFEFF${second}`, undefined],
    [(first + second).replaceAll("\n", " \r\n"), undefined],
    [first.replaceAll(/^(?=.)/gm, "# ") + second, undefined],
    [`#${first}${second}`, undefined],
    [joined + second, `certificate 2 of 2 in this file does not begin its line, which is line ${lines}`],
    [
      `${first}ours:${second}`,
      `certificate 2 of 2 in this file does not begin its line, which is line ${lines + 1}`,
    ],
    [first + second.slice(0, 300), damaged(2, lines + 1)],
    [`${first.slice(0, 300)}\n${second}`, damaged(1, 1)],
    [first.replace(/\n./, "\n*") + second, damaged(1, 1)],
  ] as const) {
    const found = await check([{ path: ["mqtt", "caFile"], file: write(text), content: "certificate" }]);
    expect([text, await isTrusted(text)]).toEqual([text, said === undefined]);
    expect([text, found]).toEqual([text, said === undefined ? [] : [expect.stringContaining(said)]]);
  }
});

function serverOptions() {
  const { certPem, keyPem } = issueCertificate({ name: "127.0.0.1", use: "server", ...dates }, authority);
  return { cert: certPem, key: keyPem };
}

test("a key that belongs to a later certificate of its file is told from one that belongs to none", async () => {
  const client = issueCertificate({ name: "gw-1", use: "client", ...dates }, authority);
  const keyFile = write(client.keyPem);
  const of = (pem: string) =>
    check([{ path: ["mqtt", "keyFile"], file: keyFile, content: "private-key", certFile: write(pem) }]);
  expect(await of(client.certPem + authority.certPem)).toEqual([]);
  expect(await of(authority.certPem + client.certPem)).toEqual([
    expect.stringMatching(
      /belongs to certificate 2 in certFile, from line \d+ on.*; put your own certificate first/,
    ),
  ]);
  expect(await of(authority.certPem + old.certPem)).toEqual([
    expect.stringContaining("the key does not belong to the certificate in certFile"),
  ]);
});

test("what is no key of 64 hexadecimal digits is told where each such key comes from, a device's too", async () => {
  const file = { path: ["devices", 0, "keyFile"], file: write("no key"), content: "hex-key" } as const;
  const [said] = await check([file]);
  expect(said).toContain("`aurora device image --help`");
  expect(said).toContain("`aurora fleet enrol` wrote");
});
