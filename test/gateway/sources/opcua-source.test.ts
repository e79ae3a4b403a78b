/** What the source makes of a session; sessions with real servers are in test/long/opcua.test.ts. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import type { Quarantine, Reading } from "../../../src/core/contract/stream.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { loadOpcUa, type OpcUaSink } from "../../../src/gateway/sources/opcua-client.ts";
import { createOpcUaSource } from "../../../src/gateway/sources/opcua-source.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

const everyMs = 10_000;
const power = { name: "power", node: "ns=2;s=P", unit: "kW", scale: 0.001 };

async function start() {
  const clock = createManualClock();
  const { opcua } = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north" },
    turbines: [{ id: "T1" }],
    opcua: [
      { url: "opc.tcp://plc:4840", security: "none", turbines: [{ turbine: "T1", channels: [power] }] },
    ],
  });
  const sessions: OpcUaSink[] = [];
  const closed: number[] = [];
  const source = createOpcUaSource({
    config: opcua[0]!,
    load: () => async (_request, sink) => {
      const index = sessions.push(sink) - 1;
      return { close: async () => void closed.push(index) };
    },
    stateDir: "",
    clock,
    timers: clock,
    logger: silentLogger,
  });
  onTestFinished(() => source.close());
  const readings: Reading[] = [];
  const bad: Quarantine[] = [];
  await source.start({ onReading: (each) => readings.push(each), onQuality: (each) => bad.push(each) });
  const ready = () => until(() => clock.pendingTimers > 0, "a wait");
  await ready();
  /** A value of now, or of another time. */
  const tell = (value: number, sourceMs = clock.nowMs()): void =>
    sessions
      .at(-1)!
      .onValue(0, { value, dataType: 11, status: 0, statusName: "Good", sourceMs, serverMs: Number.NaN });
  const wait = async (): Promise<void> => {
    clock.advance(everyMs);
    await ready();
  };
  return { clock, sessions, closed, source, readings, bad, tell, wait };
}

test("without its package, which is no part of a checkout, it says what to install", () => {
  expect(loadOpcUa).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      subject: "node-opcua-client",
      hint: expect.stringContaining("npm install -g node-opcua-client@2.182"),
    }),
  );
});

test("without its package, or a file, it says so and what to do, and goes on trying", async () => {
  const clock = createManualClock();
  const password = join(createTemporaryFolder(), "password");
  const { opcua } = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north" },
    turbines: [{ id: "T1" }],
    opcua: [
      { url: "opc.tcp://plc:4840", security: "none", turbines: [{ turbine: "T1", channels: [power] }] },
    ],
  });
  let load = loadOpcUa;
  const source = createOpcUaSource({
    config: { ...opcua[0]!, username: "ann", passwordFile: password },
    load: () => load(),
    stateDir: "",
    clock,
    timers: clock,
    logger: silentLogger,
  });
  onTestFinished(() => source.close());
  const nextFault = async (pattern: RegExp): Promise<void> => {
    clock.advance(60_000);
    await until(
      () => source.describe().faults.some(({ detail, cure }) => pattern.test(`${detail}. ${cure}`)),
      "the fault",
    );
    await until(() => clock.pendingTimers > 0, "a wait");
  };
  await source.start({ onReading: () => {}, onQuality: () => {} });
  await nextFault(/node-opcua-client.*is not installed.*npm install -g node-opcua-client@2\.182/);
  load = () => async () => ({ close: async () => {} });
  await nextFault(/cannot read file .*password: ENOENT.*Check the path/);
  writeFileSync(password, "hunter2");
  clock.advance(60_000);
  await until(() => source.describe().connected, "a session");
});

test("a value is told with its own time, and again while its server is there, never later than that is known", async () => {
  const { clock, sessions, readings, bad, tell, wait } = await start();
  await wait();
  expect(bad).toMatchObject([{ deviceId: "T1", channel: "power", reason: "missing-value" }]);
  const sourceMs = clock.nowMs();
  tell(2000);
  await wait();
  for (let beat = 0; beat < 3; beat++) {
    sessions[0]!.onSign();
    await wait();
  }
  tell(3000, clock.nowMs() - everyMs / 2);
  await wait();
  expect(readings.map(({ value }) => value)).toEqual([2, 2, 2, 2, 3]);
  const times = readings.map(({ timestampMs }) => timestampMs - sourceMs);
  expect(times).toEqual([0, everyMs, 2 * everyMs, 3 * everyMs, 3.5 * everyMs]);
});

test("the time of a clock that is ahead goes on as it is, repeated values too", async () => {
  const { clock, sessions, readings, tell, wait } = await start();
  const aheadMs = 7_200_000;
  tell(1, clock.nowMs() + aheadMs);
  await wait();
  sessions[0]!.onSign();
  await wait();
  sessions[0]!.onSign();
  await wait();
  for (const { timestampMs, arrivedMs } of readings)
    expect(timestampMs - arrivedMs).toBeGreaterThan(aheadMs / 2);
});

test("a server that is silent, or lost, tells nothing old as new: another session begins with nothing", async () => {
  const { clock, sessions, closed, source, readings, bad, tell, wait } = await start();
  tell(1);
  for (let beat = 0; beat < 5; beat++) await wait();
  await until(() => closed.length === 1, "the end of the silent session");
  expect(source.describe()).toMatchObject({
    connected: false,
    faults: [{ code: "no-connection", detail: "the server is silent" }],
  });
  clock.advance(60_000);
  await until(() => sessions.length === 2, "another session");
  const before = readings.length;
  await until(() => clock.pendingTimers > 0, "its wait");
  await wait();
  expect(readings).toHaveLength(before);
  expect(bad.at(-1)?.detail).toContain("not told a value yet");
  sessions[1]!.onLost("the server hung up");
  await wait();
  await until(() => closed.length === 2, "its end");
  expect(source.describe().faults).toContainEqual(
    expect.objectContaining({ subject: "connection", detail: "the server hung up" }),
  );
});

test("a flood is cut off, and costs no memory", async () => {
  const { closed, source, tell, wait } = await start();
  for (let count = 0; count < 5000; count++) tell(count);
  await wait();
  await until(() => closed.length === 1, "the end of the session");
  expect(source.describe().faults).toMatchObject([
    { code: "no-connection", detail: "the server sends more than was asked for" },
  ]);
});

test("a node of no known place, and one that is refused, do no harm", async () => {
  const { sessions, bad, readings, wait } = await start();
  sessions[0]!.onValue(99, {
    value: 1,
    dataType: 11,
    status: 0,
    statusName: "Good",
    sourceMs: 0,
    serverMs: 0,
  });
  sessions[0]!.onRefused(99, "BadNodeIdUnknown");
  sessions[0]!.onRefused(0, "BadNodeIdUnknown");
  await wait();
  expect(readings).toEqual([]);
  expect(bad[0]!.detail).toContain("the server refuses it: BadNodeIdUnknown");
});
