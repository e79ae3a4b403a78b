import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { issueCertificate } from "../../../src/cli/fleet/issue-certificate.ts";
import { createInstallationKeys } from "../../../src/collector/registry/installation-keys.ts";
import { compiledRoot } from "../../support/compiled.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";
import { type ConfigFolder, good, openConfigFolder } from "./config-folder.ts";

let { folder, write, complain } = {} as ConfigFolder;
beforeEach(() => {
  ({ folder, write, complain } = openConfigFolder());
});

test("files are there, readable, and hold what they must; nothing of them is shown", async () => {
  const authority = issueCertificate({ name: "ca", use: "authority", fromMs: Date.now(), days: 2 });
  const other = issueCertificate({ name: "other", use: "authority", fromMs: Date.now(), days: 2 });
  write(authority.certPem, "certs/ca.pem");
  write(other.keyPem, "certs/key.pem");
  write("not hexadecimal, but secret", "certs/ack.key");
  write("", "certs/password");
  const at = (name: string): string => join(folder, "certs", name);
  const mqtt = (more: string): string => `mqtt: { url: "mqtts://b:8883", ${more} }\n`;
  const said = (more: string, rest = ""): Promise<string> =>
    complain("mqtt:\n  url: mqtt://127.0.0.1:1883\n", mqtt(more) + rest);
  expect(await said(`caFile: ${at("ca.pm")}`)).toMatch(
    /:4:\d+: mqtt\.caFile: there is no such file.*did you mean \/certs\/ca\.pem\?/,
  );
  expect(await said(`caFile: ${at("key.pem")}`)).toMatch(/mqtt\.caFile: the file holds no certificate/);
  expect(await said(`caFile: ${folder}`)).toMatch(/this is a folder, and a file is needed/);
  expect(await said(`certFile: ${at("ca.pem")}, keyFile: ${at("key.pem")}`)).toMatch(
    /mqtt\.keyFile: the key does not belong to the certificate/,
  );
  expect(await said(`username: u, passwordFile: ${at("password")}`)).toMatch(/the file is empty/);
  write("old secret\nnew secret\n", "certs/password");
  const lines = await said(`username: u, passwordFile: ${at("password")}`);
  expect(lines).toMatch(
    /mqtt\.passwordFile: the file holds 2 lines, and a secret is one .*; write the secret into it, on one line\n/,
  );
  expect(lines).not.toMatch(/old secret|new secret/);
  const sealed = await said("username: u", `uplink: { ackKeyFile: ${at("ack.key")} }\n`);
  expect(sealed).toMatch(/uplink\.ackKeyFile: the file does not hold 64 hexadecimal digits/);
  expect(sealed).not.toContain("but secret");
  // Either would be waited for, or read, for ever.
  execFileSync("mkfifo", [at("pipe")]);
  expect(await said(`caFile: ${at("pipe")}`)).toMatch(
    /mqtt\.caFile: the file cannot be read: it is a named pipe, and a regular file is needed/,
  );
  expect(await said(`caFile: /dev/zero`)).toMatch(/it is a device, and a regular file is needed/);
  for (const [path, kind] of Object.entries({ [at("pipe")]: "a named pipe", "/dev/zero": "a device" })) {
    for (const args of [
      ["config", "validate", path],
      ["doctor", "--config", path],
    ]) {
      const { code, stderr } = await auroraHere(...args);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`cannot read ${path}: it is ${kind}`)]);
    }
  }
  if (process.getuid?.() !== 0) {
    chmodSync(at("ca.pem"), 0);
    expect(await said(`caFile: ${at("ca.pem")}`)).toMatch(/may not read this file/);
  }
});

test("a line that is no serial port, and one port under two names, are named", async () => {
  const port = join(folder, "by-id");
  symlinkSync("/dev/null", port);
  const connect = "connect: tcp://10.0.0.5:4000";
  const of = (text: string): Promise<string> => complain(connect, `connect: ${text}`);
  expect(good).toContain(connect);
  expect(await of(folder)).toMatch(
    /:8:14: devices\[0\]\.connect: this is a folder, and a serial port is needed/,
  );
  expect(await of(write("", "capture.bin"))).toMatch(/this is a file, and a serial port is needed/);
  if (process.platform !== "win32")
    expect(await of("COM3")).toMatch(
      /:8:14: devices\[0\]\.connect: Windows alone has .* \(it says "COM3"\); write/,
    );
  expect(await of(`/dev/null\n  - { id: mcu-9, connect: ${port} }`)).toMatch(
    /:9:\d+: devices\[1\]\.connect: this leads to \/dev\/null, as devices\[0\]\.connect does .*; give every device/,
  );
});

test("a secret that everybody reads and a certificate whose time is up are warnings, which keep nothing from starting", async () => {
  const dayMs = 86_400_000;
  const around = createTemporaryFolder();
  chmodSync(around, 0o755);
  const place = join(around, "tls");
  mkdirSync(place);
  // What is below a folder of one user alone is read by no other.
  const isOpen = (path: string): boolean =>
    path === "/" || ((statSync(path).mode & 0o001) !== 0 && isOpen(dirname(path)));
  const at = (name: string): string => join(place, name);
  const issue = (fromDays: number, days: number): void => {
    const wish = { name: "gw-1", fromMs: Date.now() + fromDays * dayMs, days };
    const authority = issueCertificate({ ...wish, use: "authority" });
    const { certPem, keyPem } = issueCertificate(
      { ...wish, use: "client" },
      { ...authority, name: wish.name },
    );
    writeFileSync(at("cert.pem"), certPem);
    writeFileSync(at("key.pem"), keyPem, { mode: 0o600 });
  };
  const path = write(
    good.replace(
      "mqtt://127.0.0.1:1883",
      `mqtts://127.0.0.1:8883\n  certFile: ${at("cert.pem")}\n  keyFile: ${at("key.pem")}`,
    ),
  );
  const warned = async (): Promise<string> => {
    const { code, stderr } = await auroraHere("config", "validate", path);
    expect(code).toBe(0);
    return stderr
      .split("\n")
      .filter((line) => line.includes("mqtt."))
      .join("\n");
  };
  issue(0, 100);
  expect(await warned()).toBe("");
  issue(-90, 100);
  expect(await warned()).toMatch(
    /^warning: .*:6:13: mqtt\.certFile: the certificate expires on \d{4}-.*; issue another/,
  );
  issue(-100, 60);
  expect(await warned()).toMatch(
    /mqtt\.certFile: the certificate has expired on \d{4}-.*`aurora keys client DIR gw-1`/,
  );
  const lasting = { name: "ca", use: "authority", fromMs: Date.now(), days: 900 } as const;
  appendFileSync(at("cert.pem"), issueCertificate(lasting).certPem);
  expect(await warned()).toMatch(/mqtt\.certFile: certificate 1 of 2 in the file \(CN=gw-1\) has expired/);
  issue(10, 60);
  expect(await warned()).toMatch(
    /mqtt\.certFile: the certificate holds only from .* by this machine's clock/,
  );
  issue(0, 100);
  chmodSync(at("key.pem"), 0o644);
  const words =
    /:7:12: mqtt\.keyFile: every user of this machine may read this secret, by its mode 644.*; run chmod o= /;
  if (isOpen(place)) expect(await warned()).toMatch(words);
  chmodSync(place, 0o700);
  expect(await warned()).toBe("");
});

test.skipIf(process.getuid?.() !== 0)(
  "a file in a folder that its user may not enter names the folder",
  () => {
    const place = join(createTemporaryFolder(), "closed");
    mkdirSync(place, { mode: 0o700 });
    const caFile = join(place, "ca.pem");
    writeFileSync(
      caFile,
      issueCertificate({ name: "ca", use: "authority", fromMs: Date.now(), days: 90 }).certPem,
    );
    const files = JSON.stringify(
      [caFile, "/root/ca.pem"].map((file) => ({ path: ["mqtt", "caFile"], file, content: "certificate" })),
    );
    // Another user's look, in a process of its own.
    const module = join(compiledRoot(), "dist", "src", "core", "platform", "daemon", "check-files.js");
    const code = `const { checkConfiguredFiles } = await import(${JSON.stringify(pathToFileURL(module).href)});
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    console.log(JSON.stringify(await checkConfiguredFiles(${files})));`;
    const look = (environment: Readonly<Record<string, string>>) => {
      const env = { PATH: process.env.PATH, ...environment };
      const said = execFileSync(process.execPath, ["--input-type=module", "-e", code], {
        encoding: "utf8",
        env,
      });
      return JSON.parse(said) as readonly { readonly problem: string; readonly write: string }[];
    };
    const rights = "change that folder's owner or rights";
    expect(look({}).map(({ write }) => write)).toEqual([rights, rights]);
    const [closed, home] = look({ INVOCATION_ID: "a1" });
    expect(closed).toMatchObject({
      problem: expect.stringMatching(/^user 65534 may not enter the folder \/.*, in which this file is$/),
      write: rights,
    });
    expect(home?.write).toBe("systemd keeps /root closed to the service: move the file to /etc/aurora");
  },
);

test("a collector's keys are those that its root names", async () => {
  const keysDir = join(folder, "keys");
  await createInstallationKeys(keysDir, Date.now());
  const path = write(`registry: { keysDir: ${keysDir}, trustedKeys: [${keysDir}/release.pub] }\n`);
  const validate = (...more: string[]) => auroraHere("config", "validate", path, "collector", ...more);
  expect(await validate()).toMatchObject({ code: 0 });
  rmSync(join(keysDir, "snapshot.key"));
  const { code, stderr } = await validate();
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(
      /:1:\d+: registry\.keysDir: the snapshot key that root 1 names is missing: snapshot-/,
    ),
  ]);
  expect(await validate("--no-files")).toMatchObject({ code: 0 });
  rmSync(keysDir, { recursive: true });
  expect((await validate()).stderr.match(/registry\.keysDir/g)).toHaveLength(1);
});
