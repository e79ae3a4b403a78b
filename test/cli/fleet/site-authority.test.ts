import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";

const openssl = "/usr/bin/openssl";

async function make(...args: readonly string[]): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await auroraHere("keys", ...args, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Record<string, string>;
}

const read = (made: Record<string, string>) => {
  return {
    ca: readFileSync(made.caFile!),
    cert: readFileSync(made.certFile!),
    key: readFileSync(made.keyFile!),
  };
};

test("a site's own authority: broker and client trust each other over TLS, and nobody else", async () => {
  const dir = join(createTemporaryFolder(), "tls");
  const authority = await make("authority", dir, "--name", "site north");
  const server = await make("server", dir, "127.0.0.1");
  const client = await make("client", dir, "gw-1", "--days", "100");
  const seen: string[] = [];
  const broker = createServer({ ...read(server), requestCert: true, rejectUnauthorized: true }, (socket) => {
    seen.push(socket.getPeerCertificate().subject.CN as string);
    socket.on("error", () => {});
    socket.end("welcome");
  });
  onTestFinished(() => void broker.close());
  await new Promise<void>((resolve) => broker.listen(0, "127.0.0.1", resolve));
  const { port } = broker.address() as { port: number };
  const greet = (options: object): Promise<string> =>
    new Promise((resolve) => {
      const socket: TLSSocket = connect({ host: "127.0.0.1", port, ...options });
      let said = "";
      socket.setEncoding("utf8").on("data", (text) => {
        said += text;
      });
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
      socket.once("close", () => resolve(said));
    });
  expect(await greet(read(client))).toBe("welcome");
  expect(seen).toEqual(["gw-1"]);
  const elsewhere = join(createTemporaryFolder(), "tls");
  await make("authority", elsewhere);
  const stranger = read(await make("client", elsewhere, "gw-1"));
  expect(await greet({ ...stranger, ca: read(client).ca })).not.toBe("welcome");
  expect(await greet(stranger)).toMatch(/UNABLE_TO|SELF_SIGNED/);

  const certificate = new X509Certificate(read(client).cert);
  expect(certificate.issuer).toBe("CN=site north");
  expect(new Date(certificate.validTo).getTime() - Date.now()).toBeLessThan(101 * 86_400_000);
  for (const file of [authority.keyFile!, client.keyFile!]) expect(statSync(file).mode & 0o077).toBe(0);
  expect(readdirSync(dir).sort()).toEqual(["127.0.0.1", "ca.key", "ca.pem", "gw-1"]);
});

test("nothing is made twice, and nothing without an authority", async () => {
  const dir = createTemporaryFolder();
  const none = await auroraHere("keys", "client", dir, "gw-1");
  expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/hint: .*aurora keys authority/)]);
  await make("authority", dir);
  await make("client", dir, "gw-1");
  const before = readFileSync(join(dir, "gw-1", "cert.pem"), "utf8");
  for (const args of [
    ["authority", dir],
    ["client", dir, "gw-1"],
  ]) {
    expect(await auroraHere("keys", ...args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is there already"),
    });
  }
  expect(readFileSync(join(dir, "gw-1", "cert.pem"), "utf8")).toBe(before);
  const device = await make("client", dir, "gw-1/mcu-1");
  expect(new X509Certificate(read(device).cert).subject).toBe("CN=gw-1/mcu-1");
  expect(device.dir).toBe(join(dir, "gw-1@mcu-1"));
  for (const name of ["../gw", "ca.key", "", "a/b/c", "gw-1/..", "gw-1/", "/mcu-1"]) {
    expect((await auroraHere("keys", "client", dir, name)).code).toBe(2);
  }
  writeFileSync(join(dir, "ca.pem"), "not a certificate");
  expect((await auroraHere("keys", "client", dir, "gw-2")).stderr).toContain("is no authority's certificate");
  expect(readdirSync(dir).sort()).toEqual(["ca.key", "ca.pem", "gw-1", "gw-1@mcu-1"]);
});

test("of several authorities in ca.pem the one that the key belongs to issues; a key of none of them issues nothing", async () => {
  const [dir, former] = [createTemporaryFolder(), createTemporaryFolder()];
  await make("authority", former, "--name", "site before");
  await make("authority", dir, "--name", "site now");
  const trusted = [former, dir].map((folder) => readFileSync(join(folder, "ca.pem"), "utf8"));
  writeFileSync(join(dir, "ca.pem"), trusted.join(""));
  const client = read(await make("client", dir, "gw-1"));
  const certificate = new X509Certificate(client.cert);
  expect(certificate.issuer).toBe("CN=site now");
  expect(certificate.verify(new X509Certificate(trusted[1]!).publicKey)).toBe(true);
  expect(client.ca.toString()).toBe(trusted.join(""));
  for (const [pem, key] of [
    [trusted[1]!, readFileSync(join(former, "ca.key"))],
    [trusted.join(""), client.key],
  ] as const) {
    writeFileSync(join(dir, "ca.pem"), pem);
    writeFileSync(join(dir, "ca.key"), key);
    for (const args of [
      ["client", dir, "gw-2"],
      ["server", dir, "mqtt.example.com"],
    ]) {
      const { code, stderr } = await auroraHere("keys", ...args);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/ca\.key is not the key of (the|an) authority in .*ca\.pem/),
      ]);
    }
  }
  rmSync(join(dir, "ca.key"));
  expect((await auroraHere("keys", "client", dir, "gw-2")).stderr).toMatch(/ca\.key.*\nhint: Bring it back/);
  expect(readdirSync(dir).sort()).toEqual(["ca.pem", "gw-1"]);
});

test("an authority whose making was broken off between its two files is begun anew, or goes on", async () => {
  const dir = createTemporaryFolder();
  const [caFile, keyFile] = [join(dir, "ca.pem"), join(dir, "ca.key")];
  const breakOff = (): void => renameSync(keyFile, join(dir, ".ca.key.new"));
  await make("authority", dir);
  breakOff();
  rmSync(caFile);
  await make("authority", dir);
  breakOff();
  await make("client", dir, "gw-1");
  expect(readdirSync(dir).sort()).toEqual(["ca.key", "ca.pem", "gw-1"]);
  expect(statSync(keyFile).mode & 0o077).toBe(0);
  rmSync(caFile);
  const { code, stderr } = await auroraHere("keys", "authority", dir);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/ca\.key is there already[\s\S]*bring its ca\.pem/),
  ]);
});

test("a key that cannot be read has words of its own", async () => {
  const dir = createTemporaryFolder();
  const keyFile = join(dir, "ca.key");
  await make("authority", dir);
  const pem = readFileSync(keyFile, "utf8");
  const cipher = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" } as const;
  for (const other of [createPrivateKey(pem).export(cipher), "not a key", pem.slice(0, 80)]) {
    writeFileSync(keyFile, other);
    expect((await auroraHere("keys", "client", dir, "gw-1")).stderr).toMatch(
      /ca\.key is no unencrypted private key\nhint: Bring back/,
    );
  }
});

test.skipIf(!existsSync(openssl))(
  "of two certificates of the authority's key the one that holds longest counts, and a name of more than a CN is told (with openssl)",
  async () => {
    const dir = createTemporaryFolder();
    const caFile = join(dir, "ca.pem");
    await make("authority", dir, "--days", "10", "--name", "site");
    const before = readFileSync(caFile, "utf8");
    selfSign(join(dir, "ca.key"), caFile, ["-subj", "/CN=site", "-days", "400"]);
    const renewed = readFileSync(caFile, "utf8");
    for (const [index, trusted] of [before + renewed, renewed + before].entries()) {
      writeFileSync(caFile, trusted);
      const made = await make("client", dir, `gw-${index}`, "--days", "300");
      expect(Date.parse(new X509Certificate(read(made).cert).validTo) - Date.now()).toBeGreaterThan(
        299 * 86_400_000,
      );
    }
    selfSign(join(dir, "ca.key"), caFile, ["-subj", "/O=Wind/CN=site", "-days", "500"]);
    expect((await auroraHere("keys", "client", dir, "gw-2")).stderr).toContain(
      "is called O=Wind, CN=site: only",
    );
  },
);

function selfSign(keyFile: string, certFile: string, more: readonly string[]): void {
  execFileSync(openssl, ["req", "-x509", "-key", keyFile, "-out", certFile, ...more], { stdio: "pipe" });
}
