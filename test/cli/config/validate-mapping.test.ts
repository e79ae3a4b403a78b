import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, test } from "vitest";
import { auroraHere } from "../aurora.ts";
import { type ConfigFolder, good, openConfigFolder } from "./config-folder.ts";

let { folder, write, complain } = {} as ConfigFolder;
beforeEach(() => {
  ({ folder, write, complain } = openConfigFolder());
});

describe("config validate names file, line and column, key, value, and what to write instead", () => {
  const bearing = "bearing: { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 }";

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
    join(import.meta.dirname, "../../../scripts/examples/gateway-scada.yaml"),
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
    join(import.meta.dirname, "../../../scripts/examples/gateway-modbus.yaml"),
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

test("a whole number as shaft speed asks for the one that says that there is none, and for more than a look a minute", async () => {
  const modbus = (channel: string, seconds: number): string => `modbus:
  - url: tcp://10.0.0.9:502
    pollSeconds: ${seconds}
    units: [ { turbine: WT01, channels: [ { name: shaft-speed, address: 1, unit: rpm, ${channel} } ] } ]
`;
  const said = async (channel: string, seconds = 10): Promise<string> =>
    (await auroraHere("config", "validate", write(good + modbus(channel, seconds)))).stderr;
  expect(await said("type: uint16")).toMatch(
    /warning: .*channels\[0\]\.type: a uint16 without a value .*often 32767 or 32768: .*; write invalid: \[32767, 32768\]/,
  );
  for (const channel of ["type: int32", "type: uint16, invalid: [32767]"])
    expect(await said(channel)).not.toMatch(/modbus/);
  expect(await said("type: float32", 50)).not.toMatch(/modbus/);
  const stated = good.replace(/^( +)channel: accel-de$/m, "$&\n$1shaftRpm: 1500");
  expect(stated).not.toBe(good);
  const { stderr } = await auroraHere("config", "validate", write(stated + modbus("type: float32", 60)));
  expect(stderr).not.toMatch(/pollSeconds/);
  for (const seconds of [60, 600])
    expect(await said("type: float32", seconds)).toMatch(
      /warning: .*modbus\[0\]\.pollSeconds: a shaft speed counts for 60 s .*; write 10, or/,
    );
});

test("a time limit that a silent unit takes from all others is asked about", async () => {
  const said = async (units: number, timeout = ""): Promise<string> => {
    const list = ["shaft-speed", "power"].slice(0, units).map((name, unitId) => {
      const unit = name === "power" ? "kW" : "rpm";
      return { turbine: "WT01", unitId, channels: [{ name, address: 1, unit, type: "float32" }] };
    });
    const modbus = `modbus: [ { url: "tcp://10.0.0.9:502", pollSeconds: 2, ${timeout} units: ${JSON.stringify(list)} } ]\n`;
    return (await auroraHere("config", "validate", write(good + modbus))).stderr;
  };
  expect(await said(2)).toMatch(
    /warning: .*modbus\[0\].*timeoutSeconds: one unit that is silent takes 3 s of each poll, and a poll is due every 2 s .*; write less than 2, or/,
  );
  expect(await said(1)).not.toMatch(/timeoutSeconds/);
  expect(await said(2, "timeoutSeconds: 1,")).not.toMatch(/timeoutSeconds/);
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
