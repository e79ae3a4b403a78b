import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { auroraHere } from "../aurora.ts";
import { type ConfigFolder, good, openConfigFolder } from "./config-folder.ts";

let { write, complain } = {} as ConfigFolder;
beforeEach(() => {
  ({ write, complain } = openConfigFolder());
});

test("a good configuration is called good, and so are the examples without their files", async () => {
  const path = write(good);
  expect(await auroraHere("config", "validate", path)).toMatchObject({
    code: 0,
    stdout: `${path}: good, with 1 warning\n`,
  });
  const example = join(import.meta.dirname, "../../../scripts/examples/gateway-scada.yaml");
  const missing = await auroraHere("config", "validate", example);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(
    /gateway-scada\.yaml:13:17: mqtt\.passwordFile: there is no such file.* \(it says "\/etc\/aurora\/mqtt\.password"\)/,
  );
  expect((await auroraHere("config", "validate", example, "--no-files")).code).toBe(0);
});

test("keys of a training configuration are refused where there is none to check by them", async () => {
  const { code, stderr } = await auroraHere("config", "validate", write(good), "--keys", "/nope");
  expect([code, stderr]).toEqual([2, expect.stringContaining("--keys is for a training configuration")]);
  const missing = await auroraHere("config", "validate", "/nope", "--keys", "/nope");
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("cannot read /nope: ")]);
});

test("a file for another thing is one mistake, and so are tabs", async () => {
  const collector = write("collector:\n  httpPort: 8081\nretentionDays: 30\n", "collector.yaml");
  const asGateway = await auroraHere("config", "validate", collector);
  expect(asGateway.stderr).toMatch(
    /^error: .*collector\.yaml:1:1: this is a collector's configuration, not a gateway's; .*validate .* collector`.*\n/,
  );
  expect((await auroraHere("config", "validate", collector, "collector")).code).toBe(0);
  const asCollector = await auroraHere("config", "validate", write(good), "collector");
  expect(asCollector.stderr).toMatch(/^error: .*:1:1: this is a gateway's configuration, not a collector's/);
  const shipped = join(import.meta.dirname, "../../../models/bearing-vibration/train.yaml");
  for (const daemon of ["gateway", "collector"])
    expect((await auroraHere("config", "validate", shipped, daemon)).stderr).toMatch(
      new RegExp(
        `^error: .*: this is a training configuration, not a ${daemon}'s; .* run it with .aurora train .*\\n`,
      ),
    );
  for (const command of [
    ["config", "validate", write(good), "train"],
    ["train", write(good)],
  ])
    expect((await auroraHere(...command)).stderr).toMatch(
      /^error: .*:1:1: this is a gateway's configuration, not a training configuration; .*\n/,
    );
  const tabs = await complain("  id: gw-1\n  site: north\n", "\tid: gw-1\n\tsite: north\n");
  expect(tabs.split("\n").filter((line) => /:\d+:\d+: /.test(line))).toEqual([
    "error: /gateway.yaml:2:1: not valid YAML: the line is indented with a tab, and so do 1 more lines; write two spaces for every tab",
  ]);
});

test("lines that stand a step too far, odd spaces and another encoding are one mistake each", async () => {
  const places = (said: string): readonly string[] =>
    said.split("\n").filter((line) => /:\d+:\d+: /.test(line));
  for (const [from, to, place] of [
    ["    points:\n      - component", "    points:\n    - component", "14:18"],
    ["turbines:\n  - id", "turbines:\n- id", "12:7"],
    ["    connect: tcp", "   connect: tcp", "8:1"],
    ["  site: north", "   site: north", "2:7"],
  ] as const) {
    const said = places(await complain(from, to));
    expect(said).toEqual([
      expect.stringContaining("indented otherwise than those they belong to; let all keys"),
    ]);
    expect(said[0]).toContain(`/gateway.yaml:${place}: `);
  }
  expect(places(await complain("ftf: 0.398 }", "ftf: 0.398"))).toEqual([
    "error: /gateway.yaml:18:1: not valid YAML: a { in front of this place is not closed; close it with }",
  ]);
  expect(places(await complain("site: north", "site: north: east # both"))).toEqual([
    'error: /gateway.yaml:3:9: not valid YAML: a colon with a space behind it stands in this value; write site: "north: east"',
  ]);
  const hard = await complain("  id: gw-1\n  site", "\u00a0 id: gw-1\n\u00a0 site");
  expect(places(hard)).toEqual([
    "error: /gateway.yaml:2:1: not valid YAML: the line is indented with a no-break space, and so do 1 more lines; write a usual space for it",
  ]);
  const path = write("");
  writeFileSync(path, Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(good, "utf16le")]));
  const { code, stderr } = await auroraHere("config", "validate", path);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^error: .*:1:\d+: this is not text in UTF-8; save the file as UTF-8 .*\nhint/),
  ]);
  const folder = "  site: north\n  stateDir: /var/lib/gr\u00f6\u00dfe";
  writeFileSync(path, Buffer.from(good.replace("  site: north", folder), "latin1"));
  expect((await auroraHere("config", "validate", path)).stderr).toMatch(
    /^error: .*:4:24: this is not text in UTF-8; save the file as UTF-8 .*\nhint/,
  );
  // In a comment it is nobody's path or name: such a file goes on to start its gateway.
  writeFileSync(
    path,
    Buffer.from(good.replace("  site: north", "  # gr\u00f6\u00dfe\n  site: north"), "latin1"),
  );
  expect((await auroraHere("config", "validate", path)).code).toBe(0);
});

test("--json lists the complaints, each with its place", async () => {
  const path = write(
    good.replace("127.0.0.1:1883", "ann:hunter2@broker").replace("accel-de", "a\n        x: 1"),
  );
  const { code, stdout, stderr } = await auroraHere("config", "validate", path, "--json");
  expect([code, stderr]).toEqual([1, ""]);
  expect(stdout).not.toContain("hunter2");
  expect(JSON.parse(stdout)).toMatchObject({
    file: path,
    complaints: [
      { file: path, line: 5, column: 8, key: "mqtt.url", value: "mqtt://ann:[redacted]@broker" },
      { line: 17, column: 9, key: "turbines[0].points[0].x", problem: 'unknown key "x"', value: null },
    ],
  });
  const effective = await auroraHere("config", "validate", write(good), "--json");
  expect(JSON.parse(effective.stdout)).toMatchObject({ gateway: { id: "gw-1", httpPort: 9617 } });
});
