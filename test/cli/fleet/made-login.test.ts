import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadGatewayConfig } from "../../../src/cli/ask/ask-gateway.ts";
import { renderYamlText } from "../../../src/cli/fleet/made-login.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";

test("a text stands in braces as it is where YAML reads that text there, else in quotes", () => {
  for (const text of ["gw-1", "gw-1/mcu-1", "/etc/aurora/ca.pem", "C:\\aurora\\ca.pem", "a b", "a#b", "é"])
    expect(renderYamlText(text)).toBe(text);
  const odd = [
    "1001",
    "true",
    "null",
    "1e3",
    "0x1f",
    ".5",
    "",
    "a, b",
    "a #b",
    "a}",
    "a: b",
    "[a",
    "*a",
    "&a b",
  ];
  for (const text of [
    ...odd,
    "!a b",
    " a",
    "a ",
    "a\nb",
    '"a"',
    "'a'",
    "- a",
    "a, next: 1",
    "a } # b",
    "~",
  ]) {
    expect(renderYamlText(text)).toBe(JSON.stringify(text));
    expect(parse(`{ key: ${renderYamlText(text)}, next: 0 }`)).toEqual({ key: text, next: 0 });
  }
});

test("what the command prints is good in a configuration of any folder, whatever the id and the folder are called", async () => {
  const folder = createTemporaryFolder();
  const read = async (dir: string, ...args: readonly string[]): Promise<readonly unknown[]> => {
    const { code, stdout } = await auroraHere(
      "fleet",
      "enrol",
      ...args,
      "--dir",
      relative(process.cwd(), dir),
    );
    expect(code).toBe(0);
    return stdout
      .split("\n")
      .filter((line) => /^ *mqtt: /.test(line))
      .map((line) => (parse(line) as { mqtt: unknown }).mqtt);
  };
  for (const name of ["a, b", "a #b", "a}b"]) {
    const dir = join(folder, name);
    mkdirSync(dir);
    for (const id of ["1001", "true", "null", "1e3"]) {
      const login = { username: id, passwordFile: join(dir, "gateways", id, "mqtt.password") };
      const collector = {
        username: "aurora-collector",
        passwordFile: join(dir, "collector", "mqtt.password"),
        enrolmentKeyFile: join(dir, "enrolment.key"),
        enrolledFile: join(dir, "enrolled.json"),
      };
      expect(await read(dir, id)).toEqual([login, collector]);
    }
    const reader = { username: "007", passwordFile: join(dir, "readers", "007", "mqtt.password") };
    expect(await read(dir, "007", "--reader")).toEqual([reader]);
  }
});

test.each([
  [[], { url: "mqtt://127.0.0.1:1883", username: "1001" }],
  [["--tls", "broker.example"], { url: "mqtts://broker.example:8883", username: null }],
])(
  "what is printed for a gateway with %j is pasted as it stands, key of acknowledgements and all",
  async (flags, mqtt) => {
    const folder = createTemporaryFolder();
    const dir = join(folder, "fleet, #1");
    const { stdout } = await auroraHere("fleet", "enrol", "1001", "--dir", dir, ...flags);
    const pasted = stdout.split("\n").filter((line) => /^\w+: \{/.test(line));
    const path = join(folder, "gateway.yaml");
    writeFileSync(
      path,
      `gateway: { id: "1001", site: north }
${pasted.join("\n")}
devices:
  - { id: mcu-1, connect: tcp://10.0.0.5:4000 }
turbines:
  - id: WT01
    points:
      - component: generator-bearing
        device: mcu-1
        channel: accel-de
        bearing: { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 }
`,
    );
    const { code, stdout: said, stderr } = await auroraHere("config", "validate", path);
    expect([code, said, stderr.includes("username")]).toEqual([0, expect.stringContaining("good"), false]);
    expect(loadGatewayConfig(path)).toMatchObject({
      mqtt,
      uplink: { ackKeyFile: join(dir, "gateways", "1001", "ack.key") },
    });
  },
);
