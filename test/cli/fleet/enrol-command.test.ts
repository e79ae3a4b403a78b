import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";

const read = (...path: readonly string[]): string => readFileSync(join(...path), "utf8");

test("a gateway may read its bridge's topics, and not those of others; what is no filter reaches no access list", async () => {
  const dir = createTemporaryFolder();
  const enrol = (...flags: string[]) => auroraHere("fleet", "enrol", "gw-1", "--dir", dir, ...flags);
  for (const filter of ["#", "+/#", "aurora/#", "aurora/v1/gateway/+/ack"]) {
    const { code, stderr } = await enrol("--read", filter);
    expect([code, stderr]).toEqual([2, expect.stringContaining("read what others are told below aurora/v1")]);
  }
  for (const filter of ["a#b", "a/#/b", "a+/b"]) {
    const { code, stderr } = await enrol("--read", filter);
    expect([code, stderr]).toEqual([2, expect.stringContaining("# at the end alone")]);
  }
  expect(existsSync(join(dir, "enrolled.json"))).toBe(false);
  expect((await enrol("--read", "aurora/scada/#", "--read", "+/values")).code).toBe(0);
});

test("a reader has a login and no key; its name is nobody else's, and it has no devices", async () => {
  const dir = createTemporaryFolder();
  const enrol = (...args: readonly string[]) => auroraHere("fleet", "enrol", ...args, "--dir", dir);
  expect((await enrol("gw-1")).code).toBe(0);
  const { code, stdout } = await enrol("room", "--reader", "--site", "kelmarsh");
  expect([code, stdout]).toEqual([0, expect.stringContaining(`room: ${join(dir, "readers", "room")}`)]);
  expect(readdirSync(join(dir, "readers", "room"))).toEqual(["mqtt.password"]);
  const list = JSON.parse(read(dir, "enrolled.json"));
  expect(list.gateways.map(({ id }: { id: string }) => id)).toEqual(["gw-1"]);
  expect(list.readers).toEqual([{ id: "room", site: "kelmarsh" }]);
  expect((await enrol("room")).stderr).toContain("room is enrolled already");
  expect((await enrol("gw-1", "--reader")).stderr).toContain("gw-1 is enrolled already");
  expect((await enrol("hall", "--reader", "--device", "mcu-1")).stderr).toContain("a reader has no devices");
  await enrol("gw-2");
  expect(read(dir, "broker", "mosquitto.acl")).toMatch(/^user room$/m);
  expect((await auroraHere("fleet", "revoke", "room", "--dir", dir)).code).toBe(0);
  for (const name of ["mosquitto.acl", "mosquitto.passwd", "emqx-acl.conf", "emqx-users.csv"])
    expect([name, /\broom\b/.test(read(dir, "broker", name))]).toEqual([name, false]);
  expect(existsSync(join(dir, "readers", "room"))).toBe(false);
});

test("the command says what each logs in with, as a configuration has it, and the broker's list has those names", async () => {
  const dir = createTemporaryFolder();
  const enrol = (...args: readonly string[]) => auroraHere("fleet", "enrol", ...args, "--dir", dir);
  const login = (user: string, ...folder: readonly string[]) => ({
    username: user,
    passwordFile: join(dir, ...folder, "mqtt.password"),
  });
  const logins = [
    login("gw-1", "gateways", "gw-1"),
    login("gw-1/mcu-1", "gateways", "gw-1", "mcu-1"),
    login("aurora-collector", "collector"),
  ];
  const { stdout } = await enrol("gw-1", "--device", "mcu-1");
  expect([...stdout.matchAll(/mqtt: \{ username: (.*?), passwordFile: (.*?)(?:,| \})/g)].slice(0, 3)).toEqual(
    logins.map(({ username, passwordFile }) => expect.objectContaining({ 1: username, 2: passwordFile })),
  );
  for (const { username, passwordFile } of logins) {
    expect(read(passwordFile)).not.toBe("");
    expect(read(dir, "broker", "mosquitto.acl").split("\n")).toContain(`user ${username}`);
    expect(read(dir, "broker", "mosquitto.passwd")).toContain(`${username}:`);
  }
  expect((await enrol("gw", "--count", "12")).stdout).toContain("username: gw-01, passwordFile: ");
  expect((await enrol("room", "--reader")).stdout).toContain("username: room, passwordFile: ");
  const made = JSON.parse((await enrol("gw-2", "--device", "mcu-1", "--json")).stdout);
  expect(made).toMatchObject({
    collector: { mqtt: logins[2] },
    gateways: [
      {
        id: "gw-2",
        dir: join(dir, "gateways", "gw-2"),
        mqtt: login("gw-2", "gateways", "gw-2"),
        devices: [{ id: "mcu-1", mqtt: login("gw-2/mcu-1", "gateways", "gw-2", "mcu-1") }],
      },
    ],
  });
});

test("with certificates the command names their files, and how one is renewed under its id", async () => {
  const dir = createTemporaryFolder();
  const enrol = (...args: readonly string[]) => auroraHere("fleet", "enrol", ...args, "--dir", dir);
  const { stdout } = await enrol("gw-1", "--tls", "mqtt.example.com");
  const folder = join(dir, "gateways", "gw-1");
  const files = `caFile: ${folder}/ca.pem, certFile: ${folder}/cert.pem, keyFile: ${folder}/key.pem`;
  expect(stdout).toContain(`mqtt: { url: mqtts://mqtt.example.com:8883, ${files} }`);
  expect(stdout).toContain("for the collector, aurora-collector,");
  expect(stdout).toContain("with the embedded broker enrolmentKeyFile alone, and the gateways in");
  const again = await enrol("gw-1");
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining(`aurora keys client ${dir} gw-1`)]);
});

test("the command enrols many at once, and prints what it made", async () => {
  const dir = createTemporaryFolder();
  const { code, stdout } = await auroraHere("fleet", "enrol", "gw", "--count", "12", "--dir", dir, "--json");
  expect(code).toBe(0);
  const result = JSON.parse(stdout) as { gateways: { id: string }[]; enrolmentKeyFile: string };
  expect(result.gateways.map(({ id }) => id)).toEqual(
    Array.from({ length: 12 }, (_, index) => `gw-${`${index + 1}`.padStart(2, "0")}`),
  );
  expect(result.enrolmentKeyFile).toBe(join(dir, "enrolment.key"));
  const again = await auroraHere("fleet", "enrol", "gw-03", "--dir", dir);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("gw-03 is enrolled already")]);
  expect((await auroraHere("fleet", "enrol", "a/b", "--dir", dir)).code).toBe(2);
  // The fleet grows: on behind the last, and never over one that is there.
  const more = await auroraHere(
    "fleet",
    "enrol",
    "gw",
    "--count",
    "2",
    "--from",
    "13",
    "--dir",
    dir,
    "--json",
  );
  expect(JSON.parse(more.stdout)).toMatchObject({ gateways: [{ id: "gw-13" }, { id: "gw-14" }] });
  const over = await auroraHere("fleet", "enrol", "gw", "--count", "2", "--from", "12", "--dir", dir);
  expect([over.code, over.stderr]).toEqual([
    2,
    expect.stringMatching(/gw-12 is enrolled already\n.*another --from/),
  ]);
  expect((await auroraHere("fleet", "enrol", "gw", "--from", "15", "--dir", dir)).code).toBe(2);
});

test("days are for certificates: with passwords they are refused, in a new folder and in one that is there", async () => {
  const dir = createTemporaryFolder();
  const enrol = (id: string, folder: string, ...flags: readonly string[]) =>
    auroraHere("fleet", "enrol", id, "--dir", join(dir, folder), ...flags);
  const refused = [2, expect.stringContaining("--days is for certificates")];
  const first = await enrol("gw-1", "words", "--days", "5");
  expect([first.code, first.stderr]).toEqual(refused);
  expect(existsSync(join(dir, "words"))).toBe(false);
  expect((await enrol("gw-1", "words")).code).toBe(0);
  const second = await enrol("gw-2", "words", "--days", "5");
  expect([second.code, second.stderr]).toEqual(refused);
  expect((await enrol("gw-1", "certificates", "--tls", "localhost", "--days", "5")).code).toBe(0);
  expect((await enrol("gw-2", "certificates", "--days", "5")).code).toBe(0);
});
