import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type EnrolRequest, enrolGateways } from "../../../src/cli/fleet/enrol-gateways.ts";
import { revokeGateway } from "../../../src/cli/fleet/revoke-gateway.ts";
import { deriveAckKey } from "../../../src/core/platform/seal-orders.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { aurora, auroraHere } from "../aurora.ts";

function request(dir: string, ids: readonly string[], changes: Partial<EnrolRequest> = {}): EnrolRequest {
  return {
    dir,
    gateways: ids.map((id) => ({ id, site: "kelmarsh", devices: [], readTopics: [] })),
    base: null,
    tlsHost: null,
    days: 30,
    nowMs: Date.now(),
    ...changes,
  };
}

const read = (...path: readonly string[]): string => readFileSync(join(...path), "utf8");

test("an enrolment gives each gateway a password and a key of its own, and nobody else may read them", async () => {
  const dir = join(createTemporaryFolder(), "enrolment");
  await enrolGateways(request(dir, ["gw-1", "gw-2"]));
  const master = Buffer.from(read(dir, "enrolment.key").trim(), "hex");
  for (const id of ["gw-1", "gw-2"]) {
    const key = read(dir, "gateways", id, "ack.key").trim();
    expect(key).toBe(Buffer.from(deriveAckKey(master, id)).toString("hex"));
    const password = read(dir, "gateways", id, "mqtt.password").trim();
    expect(password).toMatch(/^[\w-]{32}$/);
    const row = read(dir, "broker", "emqx-users.csv")
      .split("\n")
      .find((line) => line.startsWith(`${id},`));
    const [, hash, salt] = row!.split(",");
    expect(hash).toBe(createHash("sha256").update(`${salt}${password}`).digest("hex"));
    expect(read(dir, "enrolled.json")).not.toContain(password);
  }
  for (const entry of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    const status = statSync(join(dir, entry));
    expect([entry, status.mode & 0o777]).toEqual([entry, status.isDirectory() ? 0o700 : 0o600]);
  }
  expect(statSync(dir).mode & 0o777).toBe(0o700);
});

test("a device that is named twice is refused, and nothing is made", async () => {
  const dir = join(createTemporaryFolder(), "enrolment");
  const twice = ["--device", "mcu-1", "--device", "mcu-1"];
  const { code, stderr } = await auroraHere("fleet", "enrol", "gw-1", ...twice, "--dir", dir);
  expect([code, stderr]).toEqual([2, expect.stringContaining("device mcu-1 of gw-1 is named twice")]);
  expect(existsSync(join(dir, "broker"))).toBe(false);
});

test("a second enrolment adds to the first, and makes nothing anew", async () => {
  const dir = createTemporaryFolder();
  await enrolGateways(request(dir, ["gw-1"]));
  const before = ["gw-1/ack.key", "gw-1/mqtt.password"].map((name) => read(dir, "gateways", name));
  const collector = read(dir, "collector", "mqtt.password");
  await enrolGateways(request(dir, ["gw-2"]));
  expect(["gw-1/ack.key", "gw-1/mqtt.password"].map((name) => read(dir, "gateways", name))).toEqual(before);
  expect(read(dir, "collector", "mqtt.password")).toBe(collector);
  expect(read(dir, "broker", "mosquitto.acl").match(/^user .*/gm)).toEqual([
    "user aurora-collector",
    "user gw-1",
    "user gw-2",
  ]);
  await expect(enrolGateways(request(dir, ["gw-3", "gw-1"]))).rejects.toMatchObject({ code: "USAGE" });
  expect(existsSync(join(dir, "gateways", "gw-3"))).toBe(false);
  await expect(enrolGateways(request(dir, ["aurora-collector"]))).rejects.toMatchObject({ code: "USAGE" });
  await expect(enrolGateways(request(dir, ["gw-4"], { base: "other" }))).rejects.toMatchObject({
    code: "USAGE",
  });
  await expect(enrolGateways(request(dir, ["gw-4"], { tlsHost: "b" }))).rejects.toMatchObject({
    code: "USAGE",
  });
  await expect(enrolGateways(request(dir, ["g".repeat(64)]))).rejects.toMatchObject({ code: "USAGE" });
});

test("an id that is a folder of every enrolment is refused: its certificate could not be renewed", async () => {
  const dir = join(createTemporaryFolder(), "enrolment");
  const enrol = (...args: readonly string[]) => auroraHere("fleet", "enrol", ...args, "--dir", dir);
  for (const id of ["collector", "broker", "gateways", "readers"])
    for (const flags of [[], ["--reader"], ["--tls", "mqtt.example.com"]]) {
      const { code, stderr } = await enrol(id, ...flags);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(`${id} is the name of a folder of every enrolment`),
      ]);
    }
  expect(existsSync(join(dir, "broker"))).toBe(false);
  expect((await enrol("broker", "--count", "1")).code).toBe(0);
  expect(readdirSync(dir).sort()).toEqual([
    "broker",
    "collector",
    "enrolled.json",
    "enrolment.key",
    "enrolment.lock",
    "gateways",
  ]);
});

test("what a broker was let read, it may read after the next enrolment too", async () => {
  const dir = createTemporaryFolder();
  await enrolGateways(request(dir, ["gw-1"]));
  const files = ["enrolled.json", "broker/mosquitto.acl", "broker/mosquitto.passwd"].map((name) =>
    join(dir, name),
  );
  expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  for (const file of files) chmodSync(file, 0o640);
  await enrolGateways(request(dir, ["gw-2"]));
  await revokeGateway(dir, "gw-1");
  expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o640, 0o640, 0o640]);
  for (const file of files) expect(readFileSync(file, "utf8")).toMatch(/gw-2/);
});

test("a key that was taken offline is asked for, and no other one is made", async () => {
  const dir = createTemporaryFolder();
  const enrol = (id: string) => enrolGateways(request(dir, [id], { tlsHost: "mqtt.example.com" }));
  await enrol("gw-1");
  const trusted = read(dir, "ca.pem");
  for (const name of ["enrolment.key", "ca.key", "ca.pem"]) {
    const kept = read(dir, name);
    rmSync(join(dir, name));
    const refused = {
      code: "KEY",
      message: expect.stringContaining(name),
      hint: expect.stringMatching(/^Bring it back for this/),
    };
    await expect(enrol("gw-2")).rejects.toMatchObject(refused);
    expect([name, existsSync(join(dir, name)), existsSync(join(dir, "gateways", "gw-2"))]).toEqual([
      name,
      false,
      false,
    ]);
    writeFileSync(join(dir, name), kept);
  }
  await enrol("gw-2");
  expect(read(dir, "gateways", "gw-2", "ca.pem")).toBe(trusted);
});

test("an enrolment beside a site's authority issues in that one's name", async () => {
  const dir = createTemporaryFolder();
  await auroraHere("keys", "authority", dir, "--name", "site north", "--days", "10");
  await enrolGateways(request(dir, ["gw-1"], { tlsHost: "mqtt.example.com" }));
  const certificate = new X509Certificate(read(dir, "gateways", "gw-1", "cert.pem"));
  expect(certificate.issuer).toBe("CN=site north");
  expect(certificate.verify(new X509Certificate(read(dir, "ca.pem")).publicKey)).toBe(true);
  expect(Date.parse(certificate.validTo) - Date.now()).toBeLessThanOrEqual(10 * 86_400_000);
});

test("enrolments at once are all there: none is lost to another", async () => {
  const dir = join(createTemporaryFolder(), "enrolment");
  const ids = ["gw-1", "gw-2", "gw-3", "gw-4", "gw-5"];
  const commands = ids.map((id) => aurora("fleet", "enrol", id, "--dir", dir));
  expect((await Promise.all(commands)).map(({ code, stderr }) => [code, stderr])).toEqual(
    commands.map(() => [0, ""]),
  );
  const { gateways } = JSON.parse(read(dir, "enrolled.json")) as { gateways: { id: string }[] };
  expect(gateways.map(({ id }) => id).sort()).toEqual(ids);
  const users = ["aurora-collector", ...ids];
  const acl = read(dir, "broker", "mosquitto.acl").matchAll(/^user (.*)$/gm);
  expect([...acl].map(([, name]) => name).sort()).toEqual(users);
  const passwords = read(dir, "broker", "mosquitto.passwd").matchAll(/^(.*?):/gm);
  expect([...passwords].map(([, name]) => name).sort()).toEqual(users);
  const master = Buffer.from(read(dir, "enrolment.key").trim(), "hex");
  for (const id of ids) {
    const key = Buffer.from(deriveAckKey(master, id)).toString("hex");
    expect(read(dir, "gateways", id, "ack.key").trim()).toBe(key);
  }
});

test("a list that is damaged is said so, and stays", async () => {
  const dir = createTemporaryFolder();
  writeFileSync(join(dir, "enrolled.json"), "{");
  await expect(enrolGateways(request(dir, ["gw-1"]))).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  expect(read(dir, "enrolled.json")).toBe("{");
});

test("EMQX's list gives a gateway its own topics, and denies what no line allows", async () => {
  const dir = createTemporaryFolder();
  const gateways = [{ id: "gw-1", site: "kelmarsh", devices: ["mcu-1"], readTopics: ["scada/+"] }];
  await enrolGateways(request(dir, [], { gateways, base: "wind/v1" }));
  const lines = read(dir, "broker", "emqx-acl.conf").trim().split("\n");
  expect(lines.slice(3)).toEqual([
    '{allow, {username, "gw-1"}, publish, ["wind/v1/turbine/kelmarsh/+/alert", "wind/v1/turbine/kelmarsh/+/state", "wind/v1/gateway/gw-1/status", "wind/v1/gateway/gw-1/up/+", "wind/v1/device/gw-1/+/rx"]}.',
    '{allow, {username, "gw-1"}, subscribe, ["wind/v1/gateway/gw-1/ack", "wind/v1/gateway/gw-1/desired", "wind/v1/gateway/gw-1/label", "wind/v1/gateway/gw-1/evidence", "wind/v1/gateway/gw-1/status", "wind/v1/turbine/kelmarsh/+/state", "wind/v1/device/gw-1/+/tx", "scada/+"]}.',
    '{allow, {username, "gw-1/mcu-1"}, publish, ["wind/v1/device/gw-1/mcu-1/tx"]}.',
    '{allow, {username, "gw-1/mcu-1"}, subscribe, ["wind/v1/device/gw-1/mcu-1/rx"]}.',
    "{deny, all}.",
  ]);
  // As EMQX's own acl.conf specifies rules; what a user reads from elsewhere may hold what a string must escape.
  await enrolGateways(
    request(dir, [], {
      gateways: [{ id: "gw-2", site: null, devices: [], readTopics: ['scada/a "b" \\ c/#'] }],
      base: "wind/v1",
    }),
  );
  const text = String.raw`"(?:[^"\\]|\\["\\])*"`;
  const rule = new RegExp(
    String.raw`^\{allow, \{username, ${text}\}, (?:publish|subscribe), \[${text}(?:, ${text})*\]\}\.$`,
  );
  const all = read(dir, "broker", "emqx-acl.conf").trim().split("\n");
  expect([all[0]!.startsWith("%%"), all.at(-1)]).toEqual([true, "{deny, all}."]);
  expect(all.slice(1, -1).filter((line) => !rule.test(line))).toEqual([]);
  expect(all.at(-2)).toContain(String.raw`"scada/a \"b\" \\ c/#"`);
});

test("EMQX's configuration has room for what workers have under way, and says that it was not tried", async () => {
  for (const tlsHost of [undefined, "mqtt.example.com"]) {
    const dir = createTemporaryFolder();
    await enrolGateways(request(dir, ["gw-1"], tlsHost === undefined ? {} : { tlsHost }));
    const text = read(dir, "broker", "emqx.conf");
    for (const line of ["mqtt.max_inflight = 65535", "mqtt.max_mqueue_len = 100000", "  no_match = deny"])
      expect(text.split("\n")).toContain(line);
    expect(text).toContain("not tried");
  }
});

const openssl = "/usr/bin/openssl";

test.skipIf(!existsSync(openssl))(
  "certificates are what a strict reader takes, for their use only (with openssl)",
  async () => {
    const dir = createTemporaryFolder();
    await enrolGateways(request(dir, ["gw-1"], { tlsHost: "mqtt.example.com" }));
    const verify = (purpose: string, certificate: string, ...more: readonly string[]): string => {
      const args = ["verify", "-x509_strict", "-CAfile", join(dir, "ca.pem"), "-purpose", purpose, ...more];
      return execFileSync(openssl, [...args, join(dir, certificate)], { encoding: "utf8", stdio: "pipe" });
    };
    expect(verify("sslclient", "gateways/gw-1/cert.pem")).toContain("OK");
    expect(verify("sslserver", "broker/cert.pem", "-verify_hostname", "mqtt.example.com")).toContain("OK");
    expect(() => verify("sslserver", "gateways/gw-1/cert.pem")).toThrow();
    expect(() => verify("sslclient", "broker/cert.pem")).toThrow();
    // As one that has expired is renewed.
    const renewals = [
      ["client", "gw-1"],
      ["client", "aurora-collector"],
      ["server", "mqtt.example.com"],
    ] as const;
    for (const [use, name] of renewals) {
      expect((await auroraHere("keys", use, dir, name)).code).toBe(0);
      const host = use === "server" ? ["-verify_hostname", name] : [];
      expect(verify(`ssl${use}`, `${name}/cert.pem`, ...host)).toContain("OK");
    }
    expect(existsSync(join(dir, "gateways", "gw-1", "mqtt.password"))).toBe(false);
    expect(existsSync(join(dir, "broker", "ca.key"))).toBe(false);
  },
);
