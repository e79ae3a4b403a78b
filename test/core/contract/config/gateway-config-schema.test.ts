import { expect, it } from "vitest";
import { recogniseConfig } from "../../../../src/core/contract/config/config-kind.ts";
import { gatewayConfigSchema } from "../../../../src/core/contract/config/gateway-config-schema.ts";
import { fieldBusKeys } from "../../../../src/core/contract/config/mapped-channels.ts";

const least = { gateway: { id: "gw1", site: "north" }, turbines: [{ id: "WT01" }] };
const read = (alarms: object) => gatewayConfigSchema().safeParse({ ...least, alarms });

it("allows one false alarm in ten turbine-years at the prior of the costs, unless told otherwise", () => {
  const { alarms } = gatewayConfigSchema().parse(least);
  expect(alarms).toEqual({ falsePerTurbineYear: 0.1, faultPrior: 0.058, stopDb: null });
  expect(read({ falsePerTurbineYear: 2 }).data?.alarms).toEqual({
    falsePerTurbineYear: 2,
    faultPrior: 0.058,
    stopDb: null,
  });
});

it("takes the authority of an update server that is asked over TLS, and of no other", () => {
  const readUpdates = (url: string | null) =>
    gatewayConfigSchema().safeParse({ ...least, updates: { url, caFile: "ca.pem" } });
  for (const url of [null, "https://collector.site/tuf"]) expect(readUpdates(url).success).toBe(true);
  expect(readUpdates("http://collector.site/tuf").error?.issues).toMatchObject([
    { path: ["updates", "caFile"], message: expect.stringContaining("not encrypted") },
  ]);
});

const readPoint = (stated: object, device: object = {}) => {
  const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };
  const point = { component: "motor", device: "mcu-1", channel: "x", bearing };
  return gatewayConfigSchema().safeParse({
    ...least,
    devices: [{ id: "mcu-1", connect: "mqtt", ...device }],
    turbines: [{ id: "WT01", points: [{ ...point, ...stated }] }],
  });
};

it("takes a whole number of pole pairs of a motor behind an inverter, and none where there is none", () => {
  expect(readPoint({}).data?.turbines[0]?.points[0]).not.toHaveProperty("polePairs");
  expect(readPoint({ polePairs: 2 }).data?.turbines[0]?.points[0]?.polePairs).toBe(2);
  for (const polePairs of [0, 1.5, 25, "2"]) expect(readPoint({ polePairs }).success).toBe(false);
});

it("takes the turns of up to four geared shafts in a turn of the bearing's, and none where there are none", () => {
  expect(readPoint({}).data?.turbines[0]?.points[0]).not.toHaveProperty("gearedShafts");
  const gearedShafts = [4.765, 0.21];
  expect(readPoint({ gearedShafts }).data?.turbines[0]?.points[0]?.gearedShafts).toEqual(gearedShafts);
  for (const wrong of [[], [0], [-1], [1001], ["81/17"], 4.765, [1.1, 2.2, 3.3, 4.4, 5.5]])
    expect(readPoint({ gearedShafts: wrong }).success).toBe(false);
});

it("takes the ratio of the bearing's shaft to the one whose speed is told, but of no device that scores by its own", () => {
  expect(readPoint({}).data?.turbines[0]?.points[0]).not.toHaveProperty("speedRatio");
  expect(readPoint({ speedRatio: 0.0133 }).data?.turbines[0]?.points[0]?.speedRatio).toBe(0.0133);
  for (const speedRatio of [0, -1, 0.0009, 1001, "1:75", null])
    expect(readPoint({ speedRatio }).success).toBe(false);
  for (const mode of ["edge", "both"])
    expect(readPoint({ speedRatio: 0.5 }, { mode }).error?.issues).toMatchObject([
      {
        path: ["turbines", 0, "points", 0, "speedRatio"],
        message: expect.stringContaining(`(mode ${mode})`),
      },
    ]);
});

it("takes neither a budget of nothing nor a fault that is likelier than none", () => {
  expect(read({ falsePerTurbineYear: 0 }).success).toBe(false);
  expect(read({ falsePerTurbineYear: 1000.5 }).success).toBe(false);
  expect(read({ faultPrior: 0 }).success).toBe(false);
  expect(read({ faultPrior: 0.5 }).success).toBe(false);
  expect(read({ falseAlarms: 1 }).success).toBe(false);
  expect(read({ stopDb: 0 }).success).toBe(false);
  expect(read({ stopDb: 20 }).success).toBe(true);
});

it("assesses drift over a day with one false verdict in a thousand, and takes no period shorter than an interval", () => {
  const drift = (given: object) => gatewayConfigSchema().safeParse({ ...least, drift: given });
  expect(gatewayConfigSchema().parse(least).drift).toEqual({
    intervalSeconds: 600,
    periodSeconds: 86_400,
    falsePerPointDay: 0.001,
    learnDays: 14,
  });
  expect(drift({ intervalSeconds: 10, periodSeconds: 240, learnDays: 5 }).success).toBe(true);
  expect(drift({ periodSeconds: 599 }).error?.issues[0]).toMatchObject({
    path: ["drift", "periodSeconds"],
    message: "599 s are less than an interval of 600 s",
  });
  for (const bad of [
    { falsePerPointDay: 0 },
    { falsePerPointDay: 0.06 },
    { learnDays: 4 },
    { learnDays: 91 },
  ]) {
    expect(drift(bad).success).toBe(false);
  }
});

it("takes registers that have an address, of turbines that are there, each channel once and each server once", () => {
  const channel = { name: "power", address: 65_534, type: "int32", unit: "kW" };
  const unit = { turbine: "WT01", channels: [channel] };
  const server = { url: "tcp://plc:502", units: [unit] };
  const modbus = (servers: readonly object[]) =>
    gatewayConfigSchema().safeParse({ ...least, modbus: servers });
  expect(modbus([server]).data?.modbus[0]).toMatchObject({
    pollSeconds: 10,
    timeoutSeconds: 3,
    blockRegisters: 120,
    units: [
      {
        unitId: 1,
        wordOrder: "high-first",
        channels: [{ table: "holding", scale: 1, offset: 0, invalid: [] }],
      },
    ],
  });
  const withInvalid = (type: string, number: number) => [
    { ...server, units: [{ ...unit, channels: [{ ...channel, type, invalid: [number] }] }] },
  ];
  const bad: readonly (readonly [readonly object[], string])[] = [
    [
      [{ ...server, units: [{ ...unit, channels: [{ ...channel, address: 65_535 }] }] }],
      "the last address is 65535",
    ],
    [
      [
        {
          ...server,
          units: [
            {
              ...unit,
              channels: [
                { ...channel, address: 10 },
                { ...channel, name: "wind", address: 11 },
              ],
            },
          ],
        },
      ],
      "int32 takes the registers 10 to 11, and wind begins at 11",
    ],
    [[{ ...server, units: [{ ...unit, turbine: "WT02" }] }], "no turbine"],
    [[{ ...server, units: [unit, { ...unit, unitId: 2 }] }], "stands twice"],
    [
      [server, { ...server, units: [{ ...unit, channels: [{ ...channel, name: "other" }] }] }],
      "takes but one connection",
    ],
    [[server, { ...server, url: "tcp://PLC:502" }], "takes but one connection"],
    [[{ ...server, url: "tcp://user:secret@plc:502" }], "tcp://HOST:PORT"],
    [[{ ...server, url: "/dev/ttyUSB0" }], "a serial line (RTU)"],
    [[{ ...server, url: "tcp://plc:99999" }], "the port must be a number from 1 to 65535"],
    [[{ ...server, units: [{ ...unit, channels: [{ ...channel, scale: 0 }] }] }], "the same"],
    [[{ ...server, units: [{ ...unit, channels: [{ ...channel, type: "float16" }] }] }], "Invalid option"],
    [withInvalid("int16", 65_535), "write -1, which are the same bits"],
    [withInvalid("uint16", -32_768), "write 32768, which are the same bits"],
    [withInvalid("uint32", -1), "write 4294967295, which are the same bits"],
    [withInvalid("int16", -3276.8), "write a whole number from -32768 to 32767"],
  ];
  for (const [servers, message] of bad) {
    expect(JSON.stringify(modbus(servers).error?.issues), message).toContain(message);
  }
  expect(modbus(withInvalid("int16", -32_768)).success).toBe(true);
  expect(modbus(withInvalid("uint16", 65_535)).success).toBe(true);
  expect(modbus(withInvalid("int32", -2_147_483_648)).success).toBe(true);
  expect(modbus(withInvalid("float32", -99.9)).success).toBe(true);
});

it("trusts no OPC UA server that is not named, and sends no password in the clear", () => {
  const turbines = [{ turbine: "WT01", channels: [{ name: "power", node: "ns=2;s=P", unit: "kW" }] }];
  const plain = { url: "opc.tcp://plc:4840/site", security: "none", turbines };
  const secured = { ...plain, security: "sign-and-encrypt", certFile: "a", keyFile: "b", trustFiles: ["c"] };
  const opcua = (server: object) => gatewayConfigSchema().safeParse({ ...least, opcua: [server] });
  const withNode = (node: string) => ({
    ...plain,
    turbines: [{ turbine: "WT01", channels: [{ name: "p", node, unit: "kW" }] }],
  });
  expect(opcua(plain).success).toBe(true);
  expect(opcua(secured).data?.opcua[0]).toMatchObject({
    policy: "Basic256Sha256",
    everySeconds: 10,
  });
  expect(opcua({ ...secured, username: "u", passwordFile: "p" }).success).toBe(true);
  const bad: readonly (readonly [object, string])[] = [
    [{ url: plain.url, turbines }, "no server is trusted"],
    [{ ...secured, trustFiles: [] }, "no server is trusted"],
    [{ ...secured, keyFile: null }, "needs a certificate and its key"],
    [{ ...secured, username: "u" }, "a user needs a password"],
    [{ ...plain, username: "u", passwordFile: "p" }, "would travel in the clear"],
    [{ ...plain, url: "opc.tcp://user:secret@plc:4840" }, "opc.tcp://HOST:PORT/PATH"],
    [{ ...plain, url: "opc.tcp://plc/site" }, "write opc.tcp://plc:4840/site"],
    [{ ...plain, url: "opc.tcp://[::1]" }, "write opc.tcp://[::1]:4840"],
    [{ ...plain, url: "opc.tcp://plc:99999" }, "the port must be a number from 1 to 65535"],
    [
      { ...plain, turbines: [{ turbine: "WT01", channels: [{ name: "p", node: "P", unit: "kW" }] }] },
      "ns=2;s=NAME",
    ],
    [withNode("ns=2;i=WT01"), "the number of a node is 0 to 4294967295"],
    [withNode("ns=2;i=4294967296"), "the number of a node is 0 to 4294967295"],
    [withNode("ns=65536;s=P"), "the number of a namespace is 0 to 65535"],
    [withNode("ns=2;g=WT01"), "this is no GUID"],
    [withNode("ns=2;b=WT01 "), "these are no bytes in base64"],
  ];
  for (const node of [
    "nsu=urn:vendor:turbines;s=WT01.P",
    "nsu=http://vendor.example/a%3Bb;i=7",
    "i=2258",
    "ns=65535;i=4294967295",
    "s=a b",
    "g=72962B91-FA75-4AE6-8D28-B404DC7DAF63",
    "b=M/RbKBsRVkePCePcx24oRA==",
  ])
    expect(opcua(withNode(node)).success, node).toBe(true);
  for (const [server, message] of bad) {
    expect(JSON.stringify(opcua(server).error?.issues), message).toContain(message);
  }
});

it.each(fieldBusKeys)("knows a file that names servers under %s as a gateway's", (key) => {
  expect(recogniseConfig([key, "mqtt"])).toBe("gateway");
});
