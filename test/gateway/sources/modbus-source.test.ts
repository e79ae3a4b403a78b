import { expect, onTestFinished, test } from "vitest";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import type { Quarantine, Reading } from "../../../src/core/contract/stream.ts";
import { systemClock, type Timers } from "../../../src/core/platform/clock.ts";
import { createLogger } from "../../../src/core/platform/logger.ts";
import { loadModbus } from "../../../src/gateway/sources/modbus-client.ts";
import { createModbusSource } from "../../../src/gateway/sources/modbus-source.ts";
import { findFreePort } from "../../support/free-port.ts";
import { until } from "../../support/until.ts";
import {
  type Answerer,
  exceptionFrame,
  frame,
  type HandModbusServer,
  registersFrame,
  startHandModbusServer,
} from "./hand-modbus-server.ts";

/** Polls follow each other at once. */
const hurried: Timers = {
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(delayMs, 5));
    return () => clearTimeout(timer);
  },
};

const power = { name: "power", address: 10, type: "int16", unit: "kW", scale: 0.1 };
const speed = { name: "shaft-speed", address: 12, type: "float32", unit: "rpm" };

interface Started {
  readonly readings: Reading[];
  readonly bad: Quarantine[];
  readonly lines: string[];
  readonly source: ReturnType<typeof createModbusSource>;
}

async function start(port: number, units: readonly object[], timeoutSeconds = 5): Promise<Started> {
  const { modbus } = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north" },
    turbines: [{ id: "WT01" }, { id: "WT02" }],
    modbus: [{ url: `tcp://127.0.0.1:${port}`, pollSeconds: 1, timeoutSeconds, units }],
  });
  const lines: string[] = [];
  const logger = createLogger({ level: "info", write: (line) => lines.push(line) });
  const source = createModbusSource({
    config: modbus[0]!,
    load: loadModbus,
    clock: systemClock,
    timers: hurried,
    logger,
    backoff: { firstMs: 1, maxMs: 5 },
  });
  onTestFinished(() => source.close());
  const readings: Reading[] = [];
  const bad: Quarantine[] = [];
  await source.start({
    onReading: (reading) => readings.push(reading),
    onQuality: (quarantine) => bad.push(quarantine),
  });
  return { readings, bad, lines, source };
}

const unit = (channels: readonly object[], more: object = {}) => ({ turbine: "WT01", channels, ...more });

test("registers become scaled readings with the time of their arrival, a block a request", async () => {
  const server = await startHandModbusServer((request) =>
    registersFrame(request, [0xff9c, 0, 0x44bb, 0x8000]),
  );
  const { readings, source } = await start(server.port, [unit([power, speed])]);
  await until(() => readings.length >= 4, "two polls");
  expect(readings.slice(0, 2)).toMatchObject([
    { deviceId: "WT01", channel: "power", unit: "kW", value: -10 },
    { deviceId: "WT01", channel: "shaft-speed", unit: "rpm", value: 1500 },
  ]);
  expect(readings[0]!.timestampMs).toBe(readings[0]!.arrivedMs);
  expect(server.requests[0]).toMatchObject({ unitId: 1, functionCode: 3, address: 10, count: 4 });
  expect(source.describe()).toMatchObject({
    kind: "modbus",
    connected: true,
    connections: 1,
    bad: 0,
    faults: [],
  });
});

test("a whole number at the end of its register is no shaft speed, and may be any other value", async () => {
  const whole = { ...speed, address: 10, scale: 0.1 };
  let signed = 0x7fff;
  const server = await startHandModbusServer((request) =>
    registersFrame(request, request.unitId === 1 ? [0xffff, 0xffff] : [signed]),
  );
  const { readings, bad, source } = await start(server.port, [
    unit([
      { ...whole, type: "uint16" },
      { ...power, address: 11, type: "uint16" },
    ]),
    { turbine: "WT02", unitId: 2, channels: [{ ...whole, type: "int16" }] },
  ]);
  const details = (): readonly string[] => source.describe().faults.map(({ detail }) => detail);
  await until(() => bad.length >= 4, "two polls");
  expect(details()).toEqual(["65535 says that there is no value", "32767 says that there is no value"]);
  signed = 0x8000;
  await until(() => details().includes("-32768 says that there is no value"), "the other end");
  signed = 0x8001;
  await until(() => readings.some(({ channel }) => channel === "shaft-speed"), "a value beside it");
  expect(new Set(readings.map(({ channel, value }) => `${channel} ${value.toFixed(1)}`))).toEqual(
    new Set(["power 6553.5", "shaft-speed -3276.7"]),
  );
});

test("a register that is refused is asked for by itself from then on, and named once", async () => {
  const answer: Answerer = (request) =>
    request.address === 10 ? exceptionFrame(request, 2) : registersFrame(request, [0x44bb, 0x8000]);
  const server = await startHandModbusServer(answer);
  const { readings, bad, lines } = await start(server.port, [unit([power, speed])]);
  await until(() => readings.length >= 3 && bad.length >= 3, "polls of the other");
  expect(new Set(readings.map(({ channel }) => channel))).toEqual(new Set(["shaft-speed"]));
  expect(bad[0]).toMatchObject({ deviceId: "WT01", channel: "power", reason: "missing-value" });
  const told = lines.filter((line) => line.includes("power (unit 1, holding 10)"));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("exception 2, illegal data address");
  expect(server.requests.filter(({ count }) => count === 4)).toHaveLength(1);
});

test("a silent unit costs its own values alone", async () => {
  const server = await startHandModbusServer((request) =>
    request.unitId === 7 ? undefined : registersFrame(request, [5]),
  );
  const units = [unit([power], { unitId: 7 }), { turbine: "WT02", channels: [power], unitId: 8 }];
  const { readings, bad, lines } = await start(server.port, units, 0.5);
  await until(() => readings.length > 1, "the other unit");
  expect(readings.every(({ deviceId }) => deviceId === "WT02")).toBe(true);
  expect(bad[0]).toMatchObject({ deviceId: "WT01", channel: "power", detail: "Timed out" });
  expect(lines.filter((line) => line.includes("unit 7"))).toHaveLength(1);
  expect(server.connections).toBe(1);
});

test("of silent units a poll asks one, each in its turn, and one that speaks again is read at every poll from then on", async () => {
  const silent = new Set([2, 4, 5]);
  const server = await startHandModbusServer((request) =>
    silent.has(request.unitId) ? undefined : registersFrame(request, [5]),
  );
  const units = [1, 2, 3, 4, 5].map((unitId) => unit([{ ...power, name: `power-${unitId}` }], { unitId }));
  const { source } = await start(server.port, units, 0.1);
  await until(() => server.requests.length >= 2 * 5 + 4 * 3, "six polls");
  expect(server.requests.slice(0, 22).map(({ unitId }) => unitId)).toEqual([
    1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 3, 2, 1, 3, 4, 1, 3, 5, 1, 3, 2,
  ]);
  const subjects = () => source.describe().faults.map(({ subject }) => subject);
  expect(subjects()).toEqual(["unit 2", "unit 4", "unit 5"]);
  silent.clear();
  await until(() => subjects().length === 0, "all are well");
  const before = server.requests.length;
  await until(() => server.requests.length >= before + 10, "two polls");
  expect(new Set(server.requests.slice(-5).map(({ unitId }) => unitId)).size).toBe(5);
  expect(server.connections).toBe(1);
});

test("one lost answer of a unit costs it no turn, however many others are silent", async () => {
  let isLost = false;
  const server = await startHandModbusServer((request) => {
    if (request.unitId > 2 || (request.unitId === 2 && isLost)) {
      if (request.unitId === 2) isLost = false;
      return undefined;
    }
    return registersFrame(request, [5]);
  });
  const ids = [1, 2, 3, 4, 5, 6, 7, 8];
  const units = ids.map((unitId) => unit([{ ...power, name: `power-${unitId}` }], { unitId }));
  const { readings } = await start(server.port, units, 0.1);
  const count = (channel: string): number => readings.filter((reading) => reading.channel === channel).length;
  await until(() => count("power-1") >= 4, "the silent ones are known");
  isLost = true;
  const before = { first: count("power-1"), second: count("power-2") };
  await until(() => count("power-2") >= before.second + 4, "polls after it");
  expect(count("power-1") - before.first).toBeLessThanOrEqual(6);
});

test("a unit that answers one block and is silent on another is read at every poll", async () => {
  const isSilent = ({ unitId, address }: { unitId: number; address: number }): boolean =>
    (unitId === 2 || unitId === 3) && address === 500;
  const server = await startHandModbusServer((request) => {
    if (!isSilent(request)) return registersFrame(request, [5]);
    return request.unitId === 2 ? undefined : exceptionFrame(request, 11);
  });
  const units = [1, 2, 3].map((unitId) => {
    const far = { ...power, name: `far-${unitId}`, address: 500 };
    return unit([{ ...power, name: `power-${unitId}` }, far], { unitId });
  });
  const { readings, lines } = await start(server.port, units, 0.5);
  const count = (channel: string): number => readings.filter((reading) => reading.channel === channel).length;
  await until(() => count("power-1") >= 6, "six polls");
  expect(lines.filter((line) => line.includes("well again"))).toEqual([]);
  expect(count("power-2")).toBeGreaterThanOrEqual(5);
  expect(count("power-3")).toBeGreaterThanOrEqual(5);
});

test("where nobody answers each is asked, and the last reason stands", async () => {
  let isDead = false;
  const server = await startHandModbusServer((request) =>
    isDead ? undefined : registersFrame(request, [5]),
  );
  const units = [1, 2, 3].map((unitId) => unit([{ ...power, name: `power-${unitId}` }], { unitId }));
  const { source, readings } = await start(server.port, units, 0.1);
  await until(() => readings.length >= 3, "a poll");
  isDead = true;
  const connection = () => source.describe().faults.find(({ code }) => code === "no-connection");
  await until(() => connection() !== undefined, "none answers");
  expect(connection()?.detail).toBe("no unit answers: Timed out");
  isDead = false;
  const before = readings.length;
  await until(() => readings.length >= before + 3, "all are read again");
  await until(() => source.describe().faults.length === 0, "no fault any more");
});

test("each exception has its own cure, and what a gateway says of a unit that is silent is no answer of it", async () => {
  const codes = [2, 4, 5, 6, 11];
  const server = await startHandModbusServer((request) => exceptionFrame(request, codes[request.unitId]!));
  const units = codes.map((_code, unitId) => unit([{ ...power, name: `power-${unitId}` }], { unitId }));
  const { source, bad } = await start(server.port, units);
  await until(() => source.describe().faults.length === codes.length, "all are told");
  const faults = source.describe().faults;
  expect(faults.map(({ code }) => code)).toEqual([...Array(4).fill("no-value"), "no-answer"]);
  expect(faults[0]?.cure).toMatch(/address and type/);
  expect(new Set(faults.map(({ cure }) => cure)).size).toBe(codes.length);
  expect(faults[4]).toMatchObject({
    subject: "unit 4",
    cure: expect.stringMatching(/hears nothing of the unit/),
  });
  expect(bad.length).toBeGreaterThanOrEqual(codes.length);
});

test("polls that take longer than they are apart are told of as those of all turbines", async () => {
  let pauseMs = 700;
  const server = await startHandModbusServer((request, socket) => {
    setTimeout(() => socket.write(registersFrame(request, [5])), pauseMs);
    return undefined;
  });
  const units = [1, 2].map((unitId) => unit([{ ...power, name: `power-${unitId}` }], { unitId }));
  const { source } = await start(server.port, units);
  await until(() => source.describe().faults.length > 0, "it is told", 10_000);
  expect(source.describe().faults).toMatchObject([
    { code: "slow-poll", turbine: null, detail: "a poll of 2 units takes 1 s, longer than pollSeconds (1)" },
  ]);
  expect(server.requests.length).toBeGreaterThanOrEqual(6);
  pauseMs = 1;
  await until(() => source.describe().faults.length === 0, "it is over");
});

test("a unit at which the server hangs up costs its own values alone", async () => {
  const server = await startHandModbusServer((request, socket) => {
    if (request.unitId !== 2 && request.unitId !== 4) return registersFrame(request, [5]);
    socket.destroy();
    return undefined;
  });
  const ids = [1, 2, 3, 4, 5];
  const units = ids.map((unitId) => unit([{ ...power, name: `power-${unitId}` }], { unitId }));
  const { lines, source } = await start(server.port, units);
  const timesAsked = (): number[] =>
    ids.map((unitId) => server.requests.filter((request) => request.unitId === unitId).length);
  await until(() => server.requests.length >= 50, "ten polls");
  expect(Math.max(...timesAsked()) - Math.min(...timesAsked())).toBeLessThanOrEqual(1);
  // Behind the last one at which it hung up the next poll goes on.
  expect(server.requests.slice(5, 10).map(({ unitId }) => unitId)).toEqual([5, 1, 2, 3, 4]);
  expect(server.connections).toBeLessThanOrEqual(2 + (server.requests.length / 5) * 2);
  expect(
    source
      .describe()
      .faults.map(({ subject }) => subject)
      .sort(),
  ).toEqual(["unit 2", "unit 4"]);
  expect(lines.filter((line) => line.includes("no unit answers"))).toEqual([]);
});

test("a server that closes a connection between two polls costs nothing, and nothing is told", async () => {
  const server = await startHandModbusServer((request, socket) => {
    socket.end(registersFrame(request, [5]));
    return undefined;
  });
  const { readings, bad, lines, source } = await start(server.port, [unit([power])]);
  await until(() => readings.length >= 5, "five polls");
  expect(server.connections).toBeGreaterThanOrEqual(5);
  expect([bad, source.describe().faults]).toEqual([[], []]);
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(["connected to a Modbus server"]);
});

test("a number that says that there is none, a NaN, and an infinite float are missing values", async () => {
  for (const half of [0x7fc0, 0x7f80, 0xff80]) {
    const server = await startHandModbusServer((request) => registersFrame(request, [0x8000, 0, half, 0]));
    const { bad, readings } = await start(server.port, [unit([{ ...power, invalid: [-32_768] }, speed])]);
    await until(() => bad.length + readings.length >= 4, "two polls");
    expect(readings).toEqual([]);
    expect(bad.slice(0, 2).map(({ channel, reason }) => [channel, reason])).toEqual([
      ["power", "missing-value"],
      ["shaft-speed", "missing-value"],
    ]);
  }
});

test("a float that says that there is none is known by its 32 bits", async () => {
  // -99.9, which is no number of 32 bits.
  const server = await startHandModbusServer((request) => registersFrame(request, [0xc2c7, 0xcccd]));
  const { bad, readings } = await start(server.port, [unit([{ ...speed, address: 10, invalid: [-99.9] }])]);
  await until(() => bad.length + readings.length >= 2, "two polls");
  expect(readings).toEqual([]);
  expect(bad[0]).toMatchObject({ channel: "shaft-speed", reason: "missing-value" });
});

test("a server that restarts, or was not there at first, is found again", async () => {
  const port = await findFreePort();
  const early = await start(port, [unit([power])]);
  expect(early.source.describe()).toMatchObject({ connected: false });
  await early.source.close();
  let asked = 0;
  const server = await startHandModbusServer((request, socket) => {
    if (++asked !== 2) return registersFrame(request, [1]);
    socket.destroy();
    return undefined;
  });
  const { readings, source, lines } = await start(server.port, [unit([power])]);
  await until(() => readings.length > 0, "a reading");
  await until(() => server.connections >= 2 && readings.length > 1, "readings after it");
  await until(() => source.describe().faults.length === 0, "no fault any more");
  expect(lines.filter((line) => line.includes("well again"))).not.toEqual([]);
});

/** What a hostile server sends in answer to the first request, after which it behaves. */
const attacks: readonly (readonly [string, (server: Parameters<Answerer>[0]) => Buffer | undefined])[] = [
  ["fewer registers than asked for", (request) => registersFrame(request, [])],
  ["more registers than asked for", (request) => registersFrame(request, [1, 2, 3])],
  ["a byte count that lies", (request) => frame(request, [3, 250, 0, 1])],
  ["an odd byte count", (request) => frame(request, [3, 1, 0, 1])],
  ["another function", (request) => frame(request, [4, 2, 0, 1])],
  ["another unit", (request) => registersFrame({ ...request, unitId: 99 }, [1])],
  ["an exception of no known kind", (request) => exceptionFrame(request, 77)],
  ["a frame without anything", (request) => frame(request, []).subarray(0, 6).fill(0, 4)],
  ["a header that promises 64 KiB", () => Buffer.from([0, 1, 0, 0, 0xff, 0xff, 1])],
  ["text", () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["a flood of what nobody asked for", () => Buffer.alloc(1_000_000, 0x11)],
];

test.each(attacks)(
  "a server that sends %s does no harm, and is read once it behaves",
  async (_name, attack) => {
    let attacked = 0;
    const server: HandModbusServer = await startHandModbusServer((request) =>
      attacked++ === 0 ? attack(request) : registersFrame(request, [7]),
    );
    const { readings, bad } = await start(server.port, [unit([{ ...power, scale: 1 }])], 0.2);
    await until(() => readings.length > 0, "a reading");
    expect(bad.length).toBeGreaterThan(0);
    expect(readings.every(({ value }) => value === 7)).toBe(true);
  },
);
