import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, it, test } from "vitest";
import { issueCertificate } from "../../src/cli/fleet/issue-certificate.ts";
import { compiledRoot } from "../support/compiled.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { auroraHere } from "./aurora.ts";

const good = `gateway:
  id: gw-1
  site: north
mqtt:
  url: mqtt://127.0.0.1:1883
devices:
  - id: mcu-1
    connect: tcp://10.0.0.5:4000
  - id: mcu-2
    connect: mqtt
turbines:
  - id: WT01
    points:
      - component: generator-bearing
        device: mcu-1
        channel: accel-de
        bearing: { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 }
`;

let folder = "";
beforeEach(() => {
  folder = createTemporaryFolder();
});

function write(text: string, name = "gateway.yaml"): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** What is said of the good configuration with one part replaced, or something added at its end. */
async function complain(from: string, to: string): Promise<string> {
  const text = from === "" ? good + to : good.replace(from, to);
  expect(text).not.toBe(good);
  const { code, stdout, stderr } = await auroraHere("config", "validate", write(text));
  expect([code, stdout]).toEqual([1, ""]);
  return stderr.replaceAll(folder, "");
}

test("a good configuration is called good, and so are the examples without their files", async () => {
  const path = write(good);
  expect(await auroraHere("config", "validate", path)).toMatchObject({
    code: 0,
    stdout: `${path}: good, with 1 warning\n`,
  });
  const example = join(import.meta.dirname, "../../scripts/examples/gateway-scada.yaml");
  const missing = await auroraHere("config", "validate", example);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(
    /gateway-scada\.yaml:13:17: mqtt\.passwordFile: there is no such file.* \(it says "\/etc\/aurora\/mqtt\.password"\)/,
  );
  expect((await auroraHere("config", "validate", example, "--no-files")).code).toBe(0);
});

describe("config validate names file, line and column, key, value, and what to write instead", () => {
  const bearing = "bearing: { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 }";
  const second = `      - component: gearbox\n        device: mcu-1\n        channel: accel-de\n        ${bearing}\n`;
  it.each([
    [
      "a share in a hundred",
      "",
      "alarms: { falsePerTurbineYear: 10 % }\n",
      /:18:32: alarms\.falsePerTurbineYear: must be a number without a unit .*; write 0\.1 for 10 in a hundred/,
    ],
    [
      "a value where a list belongs",
      "",
      "bundles: { trustedKeys: /etc/aurora/release.pub }\n",
      /:18:25: bundles\.trustedKeys: must be a list .*; write \[\/etc\/aurora\/release\.pub\]\nhint/,
    ],
    [
      "a text where a list of mappings belongs",
      "",
      "modbus: tcp://plc:502\n",
      /:18:9: modbus: must be a list \(it says "tcp:\/\/plc:502"\)\nhint/,
    ],
    [
      "a decimal comma in a mapping",
      "bpfo: 3.58",
      "bpfo: 3,58",
      /:17:28: .*bearing\.58: unknown key: a decimal comma\?; write bpfo: 3\.58/,
    ],
    [
      "a decimal comma before a zero",
      "",
      "alarms: {stopDb: 12,05}\n",
      /:18:21: alarms\.5: .*decimal comma.*write stopDb: 12\.05/,
    ],
    [
      "a decimal comma",
      "",
      "alarms: {stopDb: 12,5}\n",
      /:18:21: alarms\.5: .*decimal comma.*write stopDb: 12\.5/,
    ],
    [
      "a decimal comma on a line of its own",
      "",
      "alarms:\n  faultPrior: 0,05\n",
      /:19:15: alarms\.faultPrior: a number is written with a point \(it says "0,05"\); write 0\.05/,
    ],
    [
      "a number with a unit",
      "",
      "drift:\n  intervalSeconds: 600 s\n",
      /:19:20: .*without a unit \(it says "600 s"\); write 600/,
    ],
    [
      "a number with zeros in front",
      "site: north",
      "site: north\n  httpPort: 010000",
      /:4:13: gateway\.httpPort: a number has no zeros in front.*\(it says "010000"\); write 10000/,
    ],
    [
      "a number with a zero in front, of which no bound is broken",
      "bpfo: 3.58",
      "bpfo: 03.58",
      /:17:26: turbines\[0\]\.points\[0\]\.bearing\.bpfo: .*\(it says "03\.58"\); write 3\.58/,
    ],
    ...["1_000", "1'000", "1 000"].map((number): [string, string, string, RegExp] => [
      `thousands set apart as ${number}`,
      "",
      `store:\n  maxMebibytes: ${number}\n`,
      /:19:17: store\.maxMebibytes: .*between its thousands.*; write 1000$/m,
    ]),
    ...["0b11", "2026-01-01", "12:30", "~5", "yes"].map((value): [string, string, string, RegExp] => [
      `${value} for a number`,
      "",
      `store:\n  maxMebibytes: ${value}\n`,
      /:19:17: store\.maxMebibytes: must be a number \(it says "[^"]*"\)$/m,
    ]),
    [
      "nothing behind a key",
      "",
      "store:\n",
      /:18:\d+: store: nothing stands behind this key; .*leave the key out/,
    ],
    [
      "a broker without a port",
      "127.0.0.1:1883",
      "broker",
      /:5:8: mqtt\.url: the address has no port \(it says "mqtt:\/\/broker"\); write mqtt:\/\/broker:1883/,
    ],
    [
      "a number past its bound",
      "site: north",
      "site: north\n  httpPort: 96170",
      /:4:13: .*must be at most 65535 \(/,
    ],
    ["a word for a list", "", "scada: yes\n", /:18:8: scada: must be a list \(it says "yes"\)/],
    ["a key that stands twice", "", "mqtt: {}\n", /:18:1: the key "mqtt" stands twice/],
    [
      "an alias of nothing",
      "",
      "x: *shared\n",
      /:18:4: \*shared repeats what &shared names, and nothing above is named so; write the value itself/,
    ],
    [
      "a second document",
      "",
      "---\na: 1\n",
      /:18:\d+: a second document begins here.*leave out the line ---/,
    ],
    [
      "aliases that multiply",
      "",
      `a0: &a0 [x,x,x,x]\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`)}]`).join("\n")}\n`,
      /: its aliases \(\*name\) repeat more than a machine can hold/,
    ],
    [
      "brackets without an end to their depth",
      "",
      `x: ${"[".repeat(9_000)}${"]".repeat(9_000)}\n`,
      /nested more deeply than any configuration is/,
    ],
    [
      "what is no address",
      "mqtt://127.0.0.1:1883",
      "broker:1883",
      /^error: \S+ mqtt\.url: must be mqtt:.*\nhint/,
    ],
    ["a port that is none", "127.0.0.1:1883", "broker:188o", /:5:8: mqtt\.url: the port must be a number/],
    [
      "a password in an address",
      "127.0.0.1:1883",
      "ann:hunter2@broker:1883",
      /:5:8: mqtt\.url: there is a password in the address.*\(it says "mqtt:\/\/ann:\[redacted\]@broker:1883"\); .*passwordFile/,
    ],
    [
      "an unknown bundle",
      "device: mcu-1\n",
      "device: mcu-1\n        bundle: baering-vibration\n",
      /:16:17: turbines\[0\]\.points\[0\]\.bundle: there is no bundle baering-vibration .*did you mean "bearing-vibration"\?/,
    ],
    [
      "a bundle for something else",
      "device: mcu-1\n",
      "device: mcu-1\n        bundle: turbine-scada\n",
      /watches SCADA values .*scadaBundle/,
    ],
    [
      "an id that YAML takes for a number",
      "id: gw-1",
      "id: 007",
      /:2:7: gateway\.id: must be a text, not a number \(it says "007"\); write "007" in quotes/,
    ],
    [
      "orders of a bearing that are exchanged",
      "bpfo: 3.58, bpfi: 5.42",
      "bpfo: 5.42, bpfi: 3.58",
      /:17:26: .*bearing\.bpfo: bpfo 5\.42 is not below bpfi 3\.58.*; exchange bpfo and bpfi/,
    ],
    [
      "a cage that does not fit the races",
      "ftf: 0.398",
      "ftf: 0.2",
      /bearing\.ftf: ftf 0\.2 does not fit bpfo 3\.58 and bpfi 5\.42.*; write about 0\.398/,
    ],
    [
      "a topic that is no filter",
      "",
      "scada: [{topic: scada/wt#, turbine: WT01, channels: [{name: shaft-speed, path: a, unit: rpm}]}]\n",
      /:18:17: scada\[0\]\.topic: this is no filter of topics \(it says "scada\/wt#"\); write \+ or #/,
    ],
    [
      "an optional package that is not installed",
      "",
      "opcua: [{url: 'opc.tcp://p:4840', security: none, turbines: [{turbine: WT01, channels: [{name: shaft-speed, node: ns=2;s=a, unit: rpm}]}]}]\n",
      /:18:8: opcua: node-opcua-client, which reads OPC UA, is not installed; install .* npm install -g node-opcua-client/,
    ],
    [
      "a folder that is not there",
      "",
      "bundles:\n  dir: /nowhere/at/all\n",
      /:19:8: bundles\.dir: .*no such folder/,
    ],
    [
      "an unknown device",
      "device: mcu-1",
      "device: mcu1",
      /:15:17: .*no device "mcu1".*did you mean "mcu-1"\?/,
    ],
    [
      "two devices of one id",
      "id: mcu-2",
      "id: mcu-1",
      /:9:9: devices\[1\]\.id: "mcu-1" stands twice, first at devices\[0\]\.id/,
    ],
    [
      "two devices on one port",
      "connect: mqtt",
      "connect: tcp://10.0.0.5:4000",
      /:10:14: devices\[1\]\.connect: .* stands twice, first at devices\[0\]/,
    ],
    ["a device's port that is none", ":4000", ":99999", /:8:14: .*1 to 65535/],
    [
      "two points on one channel",
      `${bearing}\n`,
      `${bearing}\n${second}`,
      /:20:18: turbines\[0\]\.points\[1\]\.channel: channel "accel-de" of device "mcu-1" stands twice, first at turbines\[0\]\.points\[0\]/,
    ],
    [
      "half a client certificate",
      "mqtt:\n",
      "mqtt:\n  certFile: /c.pem\n",
      /:5:13: mqtt\.certFile: .*keyFile as well/,
    ],
    [
      "a wrong word",
      "connect: mqtt\n",
      "connect: mqtt\n    mode: ege\n",
      /mode: must be raw, edge or both.*write edge/,
    ],
    ["a mistyped key", "channel:", "chanel:", /:16:9: .*unknown key "chanel"; did you mean "channel"\?/],
    [
      "a secret of another program",
      "id: gw-1",
      "id: !secret gateway_id",
      /:2:7: no tag is known here, and !secret is one; write the value itself; a secret by the key that names its file/,
    ],
    [
      "a tag that another program would run",
      "site: north",
      'site: !!js/function "north"',
      /:3:9: no tag is known here, and !!js\/function is one/,
    ],
    [
      "a password in the file",
      "mqtt:\n",
      "mqtt:\n  password: hunter2\n",
      /:5:3: mqtt\.password: unknown key "password"; did you mean "passwordFile"\?\n/,
    ],
    [
      "a number whose digits are in the bound's",
      "connect: mqtt\n",
      "connect: /dev/ttyACM0\n    baud: 0\n",
      /:11:11: devices\[1\]\.baud: must be at least 1200 \(it says 0\)\n/,
    ],
    [
      "thousands set apart by a comma",
      "connect: mqtt\n",
      "connect: /dev/ttyACM0\n    baud: 921,600\n",
      /:11:11: devices\[1\]\.baud: .*\(it says "921,600"\); write 921\.600, or 921600 for thousands/,
    ],
    [
      "thousands set apart by a point",
      "connect: mqtt\n",
      "connect: /dev/ttyACM0\n    baud: 921.600\n",
      /:11:11: .*\(it says "921\.600"\); write 921600/,
    ],
    [
      "a share where a whole number is due",
      "site: north",
      "site: north\n  httpPort: 80.5",
      /a whole number \(/,
    ],
    [
      "a bearing's designation",
      bearing,
      "bearing: 6205-2RS",
      /:17:18: turbines\[0\]\.points\[0\]\.bearing: must be four orders, .*`aurora init --bearing` writes those/,
    ],
    [
      "a base topic with a slash before it",
      "mqtt:\n",
      "mqtt:\n  base: /aurora/v1\n",
      /:5:9: mqtt\.base: .* such as aurora\/v1: no slash at its ends/,
    ],
    [
      "a state folder that is a file",
      "site: north",
      "site: north\n  stateDir: /etc/hostname",
      /:4:13: gateway\.stateDir: this is a file, and a folder is needed/,
    ],
    [
      "a key of which there is nothing",
      "",
      "commissioning:\n  minWindows: 16\n",
      /:19:15: commissioning\.minWindows: a baseline of bearing-vibration@.* rests on 64 .*write 64 or more/,
    ],
  ])("%s", async (_what, from, to, expected) => {
    expect(await complain(from, to)).toMatch(expected);
  });

  it("one line is one however its host is written", async () => {
    const lines = good
      .replace("tcp://10.0.0.5:4000", "tcp://plc.example:4000")
      .replace("connect: mqtt", "connect: tcp://PLC.example:04000");
    expect((await auroraHere("config", "validate", write(lines))).stderr).toMatch(
      /:10:14: devices\[1\]\.connect: "tcp:\/\/PLC\.example:04000" stands twice, first at devices\[0\]/,
    );
  });

  it("one sensor may hear two bearings of a machine, and not two machines", async () => {
    const other = bearing.replace("3.58", "3.05");
    const gearbox = `      - { component: gearbox, device: mcu-1, channel: accel-de, ${other} }\n`;
    expect((await auroraHere("config", "validate", write(good + gearbox))).code).toBe(0);
    const machine = `  - id: WT02\n    points:\n${gearbox}`;
    expect(await complain("", machine)).toMatch(
      /:20:\d+: turbines\[1\]\.points\[0\]\.channel: .* stands twice/,
    );
  });
});

const mapping = `scada:
  - topic: scada/WT01
    turbine: WT01
    channels:
      - { name: power, path: P, unit: kW }
`;

test("units and channels of a SCADA bridge are held against what reads them", async () => {
  expect((await auroraHere("config", "validate", write(good + mapping))).code).toBe(0);
  const said = async (from: string, to: string): Promise<string> => complain("", mapping.replace(from, to));
  expect(await said("kW", "KW")).toMatch(
    /:22:\d+: scada\[0\]\.channels\[0\]\.unit: power is expected in kW.*\(it says "KW"\); write kW/,
  );
  expect(await said("kW", "MW")).toMatch(/power is expected in kW.*let the bridge publish kW/);
  expect(await said("name: power, path: P, unit: kW", "name: shaft-speed, path: P, unit: Hz")).toMatch(
    /expected in rpm.*\(it says "Hz"\)/,
  );
  expect(await said("name: power", "name: pwoer")).toMatch(/no channel "pwoer"; did you mean "power"\?/);
  const twice = `${mapping}      - { name: power, path: Q, unit: kW }\n`;
  expect(await complain("", twice)).toMatch(/:23:\d+: .*channel "power" of turbine "WT01" stands twice/);
  const example = readFileSync(
    join(import.meta.dirname, "../../scripts/examples/gateway-scada.yaml"),
    "utf8",
  );
  const path = write(
    example
      .replace(/ {2}username.*\n.*password\n/, "")
      .replace("unit: degC", "unit: °C")
      .replace("component: gearbox", "component: gearbx")
      .replace(/ {6}- \{ name: wind-speed.*\n/, ""),
  );
  const { stderr } = await auroraHere("config", "validate", path);
  expect(stderr).toMatch(/no topic under scada maps wind-speed of turbine WT01/);
  expect(stderr).toMatch(/ambient-temperature is expected in degC.*\(it says "°C"\); write degC/);
  expect(stderr).toMatch(/repairs\[0\]\.component: .*no component "gearbx".*gearbox/);
});

/** What is said of the example of a Modbus server, with one part replaced. */
async function complainOfModbus(from: string | RegExp, to: string): Promise<string> {
  const example = readFileSync(
    join(import.meta.dirname, "../../scripts/examples/gateway-modbus.yaml"),
    "utf8",
  ).replace(/ {2}username.*\n.*password\n/, "");
  const text = example.replace(from, to);
  expect(text).not.toBe(example);
  return (await auroraHere("config", "validate", write(text))).stderr.replaceAll(folder, "");
}

test("a channel that no register is mapped to is mapped where the others are", async () => {
  expect(await complainOfModbus(/^.*name: power.*\n/m, "")).toMatch(
    /no topic under scada and no register under modbus maps power .*; map it under modbus\n/,
  );
});

test("a manual's register number is asked about, and a server that is looked at too rarely is told", async () => {
  expect(await complainOfModbus("address: 100,", "address: 40101,")).toMatch(
    /^warning: .*:\d+:\d+: modbus\[0\]\.units\[0\]\.channels\[0\]\.address: is this a manual's number\? Its register 40101 is holding 100 on the wire; write 100, unless/,
  );
  expect(await complainOfModbus("input, address: 200,", "input, address: 30201,")).toMatch(/is input 200 on/);
  expect(await complainOfModbus("address: 100,", "address: 400101,")).toMatch(
    /must be at most 65535: of a manual's register 400101 write 100/,
  );
  expect(await complainOfModbus("pollSeconds: 10", "pollSeconds: 900")).toMatch(
    /^error: .*: modbus\[0\]\.pollSeconds: rows of turbine-scada are means over 600 s, .* \(it says 900\); write less than 600/,
  );
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
  const shipped = join(import.meta.dirname, "../../models/bearing-vibration/train.yaml");
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

test("a port of the other way, and a folder that is another one each time, are warnings", async () => {
  for (const [from, to, warning] of [
    ["127.0.0.1:1883", "broker:8883", /:5:8: mqtt\.url: 8883 is the usual port with TLS .*; write mqtts:/],
    ["mqtt://127.0.0.1", "mqtts://broker", /:5:8: mqtt\.url: 1883 is the usual port without TLS/],
    [
      "site: north",
      "site: north\n  stateDir: state",
      /:4:13: gateway\.stateDir: this is below whatever folder/,
    ],
  ] as const) {
    const { code, stderr } = await auroraHere("config", "validate", write(good.replace(from, to)));
    expect([code, stderr]).toEqual([0, expect.stringMatching(warning)]);
  }
});

test("a device that infers without a key or by a stated speed is a warning", async () => {
  const edge = good
    .replace("10.0.0.5:4000", "10.0.0.5:4000\n    mode: edge")
    .replace("        bearing", "        shaftRpm: 1500\n        bearing");
  const { code, stderr } = await auroraHere("config", "validate", write(edge));
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /devices\[0\]\.mode: without a keyFile no model is pushed.*; write keyFile, or mode: raw/,
  );
  expect(stderr).toMatch(
    /points\[0\]\.shaftRpm: it is not used for scores of "mcu-1".*; leave it out, or write mode: raw/,
  );
  const raw = await auroraHere("config", "validate", write(edge.replace("mode: edge", "mode: both")));
  expect(raw.stderr).not.toMatch(/keyFile|shaftRpm/);
});

test("a budget that drowns true alarms, and a reference of minutes, are warned of with what follows from them", async () => {
  const warningsOf = async (text: string): Promise<string> => {
    const { code, stderr } = await auroraHere("config", "validate", write(good + text));
    expect(code).toBe(0);
    return stderr;
  };
  const hasty = "alarms: { falsePerTurbineYear: 1000 }\ncommissioning: { minHours: 0 }\n";
  const said = await warningsOf(hasty);
  expect(said).toMatch(
    /alarms\.falsePerTurbineYear: about 2\.7 false alarms a day for each turbine are allowed.*; write at most 12/,
  );
  expect(said).toMatch(
    /commissioning\.minHours: .* 128 windows and less than an hour has not seen wind and load/,
  );
  expect(await warningsOf("alarms: { falsePerTurbineYear: 52 }\n")).toMatch(/one false alarm every 7 days/);
  const usual = "alarms: { falsePerTurbineYear: 12 }\ncommissioning: { minHours: 1 }\n";
  expect(await warningsOf(usual)).not.toMatch(/alarms|commissioning/);
});

test("what is allowed and probably not meant is a warning, which keeps no gateway from starting", async () => {
  const bearing = "bearing: { bpfo: 3.58, bpfi: 5.42, bsf: 2.357, ftf: 0.398 }";
  const point = `      - { component: gearbox, device: mcu-1, channel: accel-de, shaftRpm: 30, ${bearing} }\n`;
  const mapped = "channels: [{name: shaft-speed, path: a, unit: rpm}]";
  const path = write(
    `${good.replace("site: north", "site: north\n  httpHost: 0.0.0.0").replace("mqtt://127.0.0.1:1883", "mqtt://b:1883\n  username: gw-1")}${point}  - id: WT02\nscada: [{topic: "#", turbine: WT02, ${mapped}}]\n`,
  );
  const { code, stdout, stderr } = await auroraHere("config", "validate", path);
  expect([code, stdout]).toEqual([0, `${path}: good, with 9 warnings\n`]);
  const warnings = stderr.trimEnd().replaceAll(`warning: ${path}:`, "").split("\n");
  for (const [index, expected] of [
    /^4:13: gateway\.httpHost: whoever reaches this address reads health.*\(it says "0\.0\.0\.0"\); write 127/,
    /^6:8: mqtt\.url: the password goes over the network unencrypted.*; write mqtts:/,
    /^7:13: mqtt\.username: this user has no password \(it says "gw-1"\); write passwordFile/,
    /^11:9: devices\[1\]\.id: no point uses "mcu-2": nothing that it sends is watched/,
    /^20:\d+: .*points\[1\]\.channel: channel "accel-de" of device "mcu-1" serves two points, first turbines\[0\]\.points\[0\]/,
    /^20:\d+: .*bsf 2\.357 is low for these races.*twice this is 4\.714/,
    /^20:\d+: .*points\[1\]\.shaftRpm: below 300 rpm .* a turbine stands by.*; write revolutions a minute/,
    /^21:9: turbines\[1\]\.id: nothing of turbine "WT02" is watched; write its points/,
    /^22:17: scada\[0\]\.topic: this is also what aurora itself sends/,
  ].entries()) {
    expect(warnings[index]).toMatch(expected);
  }
  const doctor = await auroraHere("doctor", "--config", path, "--json");
  const { results } = JSON.parse(doctor.stdout) as { results: { verdict: string; name: string }[] };
  const told = results.filter(({ name }) => name === "configuration").map(({ verdict }) => verdict);
  expect(told).toEqual(["good", ...Array.from({ length: 9 }, () => "warning")]);

  const collector = write(
    "collector: {httpHost: '::'}\nmqtt: {embedded: {host: 0.0.0.0}}\n",
    "collector.yaml",
  );
  const open = await auroraHere("config", "validate", collector, "collector");
  expect([open.code, open.stderr]).toEqual([
    0,
    expect.stringMatching(
      /:1:23: collector\.httpHost: .*TLS and a login before it\n.*:2:7: mqtt: no gateway may connect.*\n.*:2:25: mqtt\.embedded\.host: /,
    ),
  ]);
});

test("a collector's setting that another one leaves without effect is named, with what to write", async () => {
  const folder = createTemporaryFolder();
  const validate = async (text: string): Promise<string> => {
    const path = join(folder, "collector.yaml");
    writeFileSync(path, text);
    const { code, stderr } = await auroraHere("config", "validate", path, "collector");
    expect(code).toBe(0);
    return stderr;
  };
  const gateways = "embedded: {gateways: [{id: gw, site: s, passwordFile: p}]}";
  writeFileSync(join(folder, "p"), "secret", { mode: 0o600 });
  const external = `mqtt: {url: 'mqtts://b:8883', ${gateways}}\n`.replace(": p}", `: ${join(folder, "p")}}`);
  expect(await validate(external)).toMatch(
    /mqtt\.embedded\.gateways: .*kept out by it; enrol .*enrolledFile/,
  );
  const unused = await validate(
    `mqtt: {username: u}\nrecord: {tls: true, passwordFile: ${join(folder, "p")}}\ningest: {workers: 4}\n`,
  );
  expect(unused).toMatch(/mqtt\.username: .*; write it under mqtt\.embedded/);
  expect(unused).toMatch(/record\.passwordFile: .*record\.tls: .*; write record\.kind: postgres/s);
  expect(unused).toMatch(/ingest\.workers: this collector has no workers: .*mqtt\.url/);
  const shared =
    "mqtt: {url: 'mqtts://b:8883'}\nrecord: {kind: postgres, url: 'postgres://a@h/d', tls: true}\n";
  expect(await validate(`${shared}ingest: {workers: 4}\n`)).not.toContain("warning");
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
  issue(0, 10);
  expect(await warned()).toMatch(
    /^warning: .*:6:13: mqtt\.certFile: the certificate expires on \d{4}-.*; issue another/,
  );
  issue(-100, 60);
  expect(await warned()).toMatch(
    /mqtt\.certFile: the certificate has expired on \d{4}-.*`aurora keys client DIR gw-1`/,
  );
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
    const files = JSON.stringify([{ path: ["mqtt", "caFile"], file: caFile, content: "certificate" }]);
    // Another user's look, in a process of its own.
    const module = join(compiledRoot(), "dist", "src", "core", "platform", "daemon", "check-files.js");
    const code = `const { checkConfiguredFiles } = await import(${JSON.stringify(pathToFileURL(module).href)});
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    console.log(JSON.stringify(await checkConfiguredFiles(${files})));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
    expect(JSON.parse(said)[0].problem).toMatch(
      /^user 65534 may not enter the folder \/.*, in which this file is$/,
    );
  },
);

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
