import { expect, test } from "vitest";
import { createRandom } from "../../src/core/maths/random.ts";
import type { SourceCondition } from "../../src/gateway/sources/reading-source.ts";
import { createInstallation, statusWhen, type TestGateway } from "../gateway/installation.ts";
import { startOpenBroker } from "../gateway/open-broker.ts";
import { inventReadings, putScadaBundle, rowMs } from "../gateway/points/scada/put-scada-bundle.ts";
import { channels, startMs, unitOf } from "../gateway/points/scada/scada-site.ts";
import { listen } from "../gateway/subscriber.ts";
import { findFreePort } from "../support/free-port.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { until } from "../support/until.ts";
import { findPython, startPythonServer } from "./python-server.ts";

// Debian: python3-pymodbus python3-serial python3-serial-asyncio.
const python = findPython("pymodbus.server");
const pollsPerRow = 4;
const turbines = ["T1", "T2"].map((id) => ({ id, scadaBundle: "scada-test" }));

/** Every type of register, both tables, and both word orders: one a unit. */
const layouts = [
  { type: "float32", format: ">f", table: "holding", scale: 1 },
  { type: "int32", format: ">i", table: "input", scale: 0.001 },
  { type: "int16", format: ">h", table: "holding", scale: 0.1 },
  { type: "float64", format: ">d", table: "holding", scale: 1 },
  { type: "uint32", format: ">I", table: "input", scale: 0.001 },
  { type: "uint16", format: ">H", table: "input", scale: 0.05 },
] as const;
const layoutOf = (index: number) => layouts[index % layouts.length]!;
const addressOf = (index: number): number => 100 + index * 6;

const unitOfTurbine = (turbine: string, at: number) => ({
  turbine,
  unitId: at + 1,
  wordOrder: at === 0 ? "high-first" : "low-first",
  channels: channels.map((name, index) => {
    const { type, table, scale } = layoutOf(index);
    return { name, address: addressOf(index), type, table, scale, unit: unitOf(name) };
  }),
});

/** What a unit's registers hold, so that they read as `values`. */
const registersFor = (at: number, values: Readonly<Record<string, number>>) =>
  channels.map((name, index) => {
    const { type, format, scale } = layoutOf(index);
    const raw = values[name]! / scale;
    const number = type.startsWith("float") ? raw : Math.round(raw);
    return [addressOf(index), at === 0 ? format : format.replace(">", "<"), number];
  });

async function sourceOf(gateway: TestGateway): Promise<SourceCondition> {
  const { sources } = (await gateway.status()) as unknown as { readonly sources: readonly SourceCondition[] };
  return sources[0]!;
}

test.skipIf(python === undefined)(
  "registers of a server of another implementation become an explained alert about a component, over its restart",
  async () => {
    const installation = await createInstallation();
    await putScadaBundle(installation);
    await startOpenBroker(installation);
    const subscriber = await listen(installation);
    const port = await findFreePort();
    let server = startPythonServer(python!, "modbus-server.py", [`${port}`, "1", "2"]);
    const clock = createManualClock();
    clock.jump(startMs - clock.nowMs());
    const random = createRandom(4);
    const setRow = async (row: number): Promise<void> => {
      for (const [at, { id }] of turbines.entries()) {
        const values = inventReadings(random, id, row);
        expect(await server.ask({ unit: at + 1, registers: registersFor(at, values) })).toBe("set");
      }
    };
    await setRow(0);
    const modbus = [
      {
        url: `tcp://127.0.0.1:${port}`,
        pollSeconds: rowMs / 1000 / pollsPerRow,
        units: turbines.map(({ id }, at) => unitOfTurbine(id, at)),
      },
    ];
    const gateway = await installation.startGateway([], { turbines, modbus }, clock);
    await statusWhen(gateway, (status) => status.mqtt.connected);
    /** Registers are set between polls, never during one. */
    const poll = async (): Promise<void> => {
      await until(() => clock.pendingTimers > 0, "the end of a poll");
      clock.advance(rowMs / pollsPerRow);
      await until(() => clock.pendingTimers > 0, "the end of the next poll");
    };
    const play = async (from: number, to: number): Promise<void> => {
      for (let row = from; row < to; row++) {
        await setRow(row);
        for (let count = 0; count < pollsPerRow; count++) await poll();
      }
    };
    await play(0, 34 * 6);
    await until(() => subscriber.states.get("T2")?.health === "ok", "a healthy turbine");
    expect(subscriber.alerts).toEqual([]);
    await server.kill();
    server = startPythonServer(python!, "modbus-server.py", [`${port}`, "1", "2"]);
    await play(34 * 6, 44 * 6);
    expect(await sourceOf(gateway)).toMatchObject({ kind: "modbus", connected: true, faults: [] });
    expect((await sourceOf(gateway)).connections).toBeGreaterThan(1);
    await until(() => subscriber.alerts.length > 0, "an alert");
    expect(subscriber.alerts[0]!.data).toMatchObject({
      turbine: "T1",
      component: "gearbox",
      failureMode: "failure-ahead",
    });
    expect((await gateway.status()).windows.dropped).toBe(0);
  },
);

test.skipIf(python === undefined)("a register that the server does not have is named", async () => {
  const installation = await createInstallation();
  await startOpenBroker(installation);
  const port = await findFreePort();
  const server = startPythonServer(python!, "modbus-server.py", [`${port}`, "1"]);
  await server.ask({ unit: 1, registers: [[10, ">f", 1234.5]] });
  const channels = [
    { name: "power", address: 10, type: "float32", unit: "kW" },
    { name: "shaft-speed", address: 5000, type: "uint16", unit: "rpm" },
  ];
  const modbus = [{ url: `tcp://127.0.0.1:${port}`, pollSeconds: 1, units: [{ turbine: "T1", channels }] }];
  const gateway = await installation.startGateway([], { turbines: [{ id: "T1" }], modbus });
  await until(async () => (await sourceOf(gateway)).readings > 0, "a reading");
  await until(async () => (await sourceOf(gateway)).faults.length > 0, "the fault");
  expect((await sourceOf(gateway)).faults).toEqual([
    "shaft-speed (unit 1, holding 5000): exception 2, illegal data address",
  ]);
});
