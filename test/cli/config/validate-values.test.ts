import { beforeEach, describe, expect, it } from "vitest";
import { type ConfigFolder, openConfigFolder } from "./config-folder.ts";

let { complain } = {} as ConfigFolder;
beforeEach(() => {
  ({ complain } = openConfigFolder());
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
});
