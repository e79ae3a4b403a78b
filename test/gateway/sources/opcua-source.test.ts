/** What the source makes of a session; sessions with real servers are in test/long/opcua.test.ts. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { loadOpcUa } from "../../../src/gateway/sources/opcua-client.ts";
import { createOpcUaSource } from "../../../src/gateway/sources/opcua-source.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { everyMs, openAtOnce, power, signEveryMs, startOpcUaSource } from "./start-opcua-source.ts";

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
  load = () => () => ({ opened: openAtOnce(), close: async () => {} });
  await nextFault(/cannot read file .*password: ENOENT.*Check the path/);
  writeFileSync(password, "hunter2");
  clock.advance(60_000);
  await until(() => source.describe().connected, "a session");
});

test("a value is told once an interval while its server is there, of the time when it is told", async () => {
  const { clock, readings, bad, tell, wait, waitWithSigns } = await startOpcUaSource();
  await wait();
  expect(bad).toMatchObject([{ deviceId: "T1", channel: "power", reason: "missing-value" }]);
  const beganMs = clock.nowMs();
  tell(2000);
  for (let beat = 0; beat < 60; beat++) await waitWithSigns();
  tell(3000);
  await wait();
  expect(readings.map(({ value }) => value)).toEqual([...Array<number>(60).fill(2), 3]);
  const times = readings.map(({ timestampMs, arrivedMs }) => [timestampMs - beganMs, arrivedMs - beganMs]);
  expect(times).toEqual(readings.map((_, index) => [(index + 1) * everyMs, (index + 1) * everyMs]));
});

test("a number by which the server says that it has no value is none", async () => {
  const { readings, bad, tell, wait } = await startOpcUaSource({ channel: { ...power, invalid: [65_535] } });
  tell(65_535);
  await wait();
  tell(1000);
  await wait();
  expect(bad.map(({ detail }) => detail)).toEqual(["power (ns=2;s=P): 65535 says that there is no value"]);
  expect(readings.map(({ value }) => value)).toEqual([1]);
});

test("silence is judged by what the server has granted, and so is a first value that is not there yet", async () => {
  const { clock, bad, wait, faults } = await startOpcUaSource({
    open: async () => ({ signEveryMs: 60_000, retry: async () => {}, poll: async () => {} }),
  });
  for (let beat = 0; beat < 5; beat++) await wait();
  expect(bad).toEqual([]);
  for (let beat = 5; beat < 12; beat++) await wait();
  expect(bad[0]?.detail).toContain("not told a value yet");
  expect(faults()).not.toContain("the server is silent");
  clock.advance(everyMs);
  await until(() => faults().includes("the server is silent"), "the loss");
});

test("a session that does not open is left after three time limits without a step, and another is tried", async () => {
  const { clock, sessions, closed, faults } = await startOpcUaSource({ open: () => new Promise(() => {}) });
  clock.advance(20_000);
  sessions[0]!.onSign();
  clock.advance(20_000);
  await until(() => clock.pendingTimers > 0, "a wait");
  expect(closed).toEqual([]);
  clock.advance(10_000);
  await until(() => faults().includes("the server is silent"), "the fault");
  expect(closed).toEqual([0]);
  clock.advance(60_000);
  await until(() => sessions.length === 2, "another session");
});

test("a session that is lost while it is opened is another one's turn at once", async () => {
  const { sessions, faults } = await startOpcUaSource({ open: () => new Promise(() => {}) });
  sessions[0]!.onLost("the server hung up");
  await until(() => faults().includes("the server hung up"), "the fault");
});

test("whoever closes waits neither for a session that does not open nor long for one that does not end", async () => {
  const opening = await startOpcUaSource({ open: () => new Promise(() => {}) });
  await opening.source.close();
  const { clock, source } = await startOpcUaSource({ end: () => new Promise(() => {}) });
  let isClosed = false;
  const closing = source.close().then(() => {
    isClosed = true;
  });
  await until(() => clock.pendingTimers > 0, "its limit");
  expect(isClosed).toBe(false);
  clock.advance(2000);
  await closing;
});

test("nodes that the server refuses, or has no longer, are asked for again every minute", async () => {
  const asked: (readonly number[])[] = [];
  const retry = async (indexes: readonly number[]): Promise<void> => void asked.push(indexes);
  const { sessions, readings, faults, tell, waitWithSigns } = await startOpcUaSource({
    open: async () => ({ signEveryMs, retry, poll: async () => {} }),
  });
  const waitMinute = async (): Promise<void> => {
    for (let beat = 0; beat < 6; beat++) await waitWithSigns();
  };
  sessions[0]!.onRefused(0, "BadNodeIdUnknown");
  await waitMinute();
  expect(asked).toEqual([[0]]);
  tell(1000);
  await waitWithSigns();
  expect(readings.map(({ value }) => value)).toEqual([1]);
  expect(faults()).toEqual([]);
  tell(0, 0x80330000);
  await waitMinute();
  expect(asked).toEqual([[0], [0]]);
  // One that is bad for another reason is still told of.
  tell(0, 0x808c0000);
  await waitMinute();
  expect(asked).toHaveLength(2);
});

test("a server that is silent, or lost, tells nothing old as new: another session begins with nothing", async () => {
  const { clock, sessions, closed, source, readings, bad, tell, wait } = await startOpcUaSource();
  tell(1);
  for (let beat = 0; beat < 3; beat++) await wait();
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
  const { closed, source, tell, wait } = await startOpcUaSource();
  for (let count = 0; count < 5000; count++) tell(count);
  await wait();
  await until(() => closed.length === 1, "the end of the session");
  expect(source.describe().faults).toMatchObject([
    { code: "no-connection", detail: "the server sends more than was asked for" },
  ]);
});

test.each([120, 300])(
  "readings of every %d s are given, though the server tells each change at once",
  async (everySeconds) => {
    const channels = Array.from({ length: 40 }, (_, at) => ({
      name: `c${at}`,
      node: `ns=2;s=${at}`,
      unit: "1",
    }));
    const { sessions, closed, readings, wait } = await startOpcUaSource({
      more: { everySeconds, turbines: [{ turbine: "T1", channels }] },
    });
    // As often as it is asked to publish at most.
    const tellAll = (value: number): void => {
      for (const index of channels.keys())
        sessions[0]!.onValue(index, { value, dataType: 11, status: 0, statusName: "Good" });
    };
    for (let seconds = 0; seconds < 2 * everySeconds; seconds += everyMs / 1000) {
      for (let count = 0; count < 5; count++) tellAll(seconds);
      await wait();
    }
    expect(closed).toEqual([]);
    expect(readings).toHaveLength(80);
  },
);

test("where readings are rare a flood, silence and a node that is missing are found no later", async () => {
  const asked: (readonly number[])[] = [];
  const rare = {
    more: { everySeconds: 3600 },
    open: async () => ({
      signEveryMs,
      retry: async (each: readonly number[]) => void asked.push(each),
      poll: async () => {},
    }),
  };
  const flooded = await startOpcUaSource(rare);
  for (let count = 0; count < 5000; count++) flooded.tell(count);
  await flooded.wait();
  await until(() => flooded.faults().includes("the server sends more than was asked for"), "the flood");
  const silent = await startOpcUaSource(rare);
  silent.sessions[0]!.onRefused(0, "BadNodeIdUnknown");
  for (let beat = 0; beat < 6; beat++) await silent.waitWithSigns();
  expect(asked).toEqual([[0]]);
  expect(silent.faults()).toEqual([]);
  for (let beat = 0; beat < 3; beat++) await silent.wait();
  await until(() => silent.faults().includes("the server is silent"), "the loss");
});

test.each([
  [100_000, 130_000],
  [600_000, 610_000],
])("a server that gives a sign every %d ms is silent after %d ms", async (signEveryMs, silentMs) => {
  const { clock, wait, faults } = await startOpcUaSource({
    open: async () => ({ signEveryMs, retry: async () => {}, poll: async () => {} }),
  });
  for (let ms = everyMs; ms < silentMs; ms += everyMs) await wait();
  expect(faults()).not.toContain("the server is silent");
  clock.advance(everyMs);
  await until(() => faults().includes("the server is silent"), "the loss");
});

test("a node of no known place, and one that is refused, do no harm", async () => {
  const { sessions, bad, readings, wait } = await startOpcUaSource();
  sessions[0]!.onValue(99, { value: 1, dataType: 11, status: 0, statusName: "Good" });
  sessions[0]!.onRefused(99, "BadNodeIdUnknown");
  sessions[0]!.onRefused(0, "BadNodeIdUnknown");
  await wait();
  expect(readings).toEqual([]);
  expect(bad[0]!.detail).toContain("BadNodeIdUnknown");
});

test("a server that answers reads, while its subscription says nothing any more, is silent", async () => {
  const speed = { name: "shaft-speed", node: "ns=2;s=S", unit: "rpm" };
  const turbines = [{ turbine: "T1", channels: [power, speed] }];
  const { sessions, faults, tell, wait } = await startOpcUaSource({ more: { turbines } });
  tell(2000);
  for (let beat = 0; beat < 6 && !faults().includes("the server is silent"); beat++) {
    sessions[0]!.onPolled(1, { value: 1500 + beat, dataType: 11, status: 0, statusName: "Good" });
    await wait();
  }
  expect(faults()).toContain("the server is silent");
});
