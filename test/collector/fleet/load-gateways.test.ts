import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FleetSource } from "../../../src/collector/fleet/fleet-source.ts";
import { loadGateways, loadTurbines } from "../../../src/collector/fleet/load-turbines.ts";
import type { CheckedEnvelope } from "../../../src/collector/record/fleet-record.ts";
import { openSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { minuteMs } from "../../../src/core/maths/durations.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { envelopeOf } from "../envelope-of.ts";
import { predictionBatch, turbineState } from "../fleet-records.ts";

const silentAfterMs = 2 * minuteMs;

test("a gateway that tells its own health once an hour is heard of as long as its turbine's states come", async () => {
  const { clock, record, fleet } = await openFleet();
  const beganMs = clock.nowMs();
  const envelopes = [sentOf("wt-1", beganMs, 1)];
  await record.storeEnvelopes({ nowMs: beganMs, setAside: [], envelopes });
  const isReachable = async (): Promise<boolean | undefined> => (await loadGateways(fleet))[0]?.reachable;
  expect(await isReachable()).toBe(true);
  clock.advance(30 * minuteMs);
  expect(await isReachable()).toBe(false);
  const state = turbineState("wt-1", clock.nowMs(), "0".repeat(64));
  await record.storeStates({
    nowMs: clock.nowMs(),
    turbines: [{ state, seenMs: clock.nowMs() }],
    gateways: [],
    setAside: [],
  });
  expect(await isReachable()).toBe(true);
  expect((await loadGateways(fleet))[0]?.lastSeenMs).toBe(clock.nowMs());
  clock.advance(silentAfterMs + 1);
  expect(await isReachable()).toBe(false);
});

test("an offline gateway's turbines are all unknown since it went, not each since its own last state", async () => {
  const { clock, record, fleet } = await openFleet();
  await record.storeEnvelopes({
    nowMs: clock.nowMs(),
    setAside: [],
    envelopes: [sentOf("wt-1", clock.nowMs(), 1), sentOf("wt-2", clock.nowMs(), 2)],
  });
  for (const turbine of ["wt-1", "wt-2"]) {
    clock.advance(2_000);
    const seenMs = clock.nowMs();
    const components = [{ component: "gearbox", health: "good", reason: null, sinceMs: null } as const];
    const state = turbineState(turbine, seenMs, "0".repeat(64), { components });
    await record.storeStates({ nowMs: seenMs, turbines: [{ state, seenMs }], gateways: [], setAside: [] });
  }
  const lastMs = clock.nowMs();
  const status = { gateway: "gw-1", online: false, time: null, version: null, config: null };
  const since = async (seenMs: number): Promise<readonly (number | null)[]> => {
    await record.storeStates({
      nowMs: clock.nowMs(),
      turbines: [],
      gateways: [{ status, seenMs }],
      setAside: [],
    });
    return (await loadTurbines(fleet, await fleet.record.turbines())).flatMap(({ components }) =>
      components.map(({ sinceMs }) => sinceMs),
    );
  };
  // A retained last will does not say when.
  expect(await since(0)).toEqual([lastMs, lastMs]);
  clock.advance(4_000);
  expect(await since(clock.nowMs())).toEqual([clock.nowMs(), clock.nowMs()]);
});

test("without its broker a collector knows of no gateway whether it is offline or silent, but for what others have heard since", async () => {
  const { clock, record, fleet, broker } = await openFleet();
  const hear = (online: boolean) =>
    record.storeStates({
      nowMs: clock.nowMs(),
      turbines: [],
      gateways: [
        {
          status: { gateway: "gw-1", online, time: null, version: null, config: null },
          seenMs: clock.nowMs(),
        },
      ],
      setAside: [],
    });
  const look = async (): Promise<readonly unknown[]> => {
    const [[turbine], [gateway]] = [
      await loadTurbines(fleet, await fleet.record.turbines()),
      await loadGateways(fleet),
    ];
    return [turbine?.reason, gateway?.reachable, gateway?.reason];
  };
  const nowMs = clock.nowMs();
  await record.storeEnvelopes({ nowMs, setAside: [], envelopes: [sentOf("wt-1", nowMs, 1)] });
  const noBroker = "this collector has no connection to its broker";
  // A broker that is stopped tells the last wills of all before it goes.
  await hear(false);
  expect(await look()).toEqual(["its gateway is offline", false, null]);
  broker.lostMs = clock.nowMs();
  expect(await look()).toEqual([noBroker, false, noBroker]);
  clock.advance(1000);
  await hear(true);
  await hear(false);
  expect(await look()).toEqual(["its gateway is offline", false, null]);
  // What was heard lately is believed, whoever heard it.
  await hear(true);
  expect(await look()).toEqual(["no state was published yet", true, null]);
  clock.advance(silentAfterMs + 1);
  expect(await look()).toEqual([noBroker, false, noBroker]);
  broker.lostMs = null;
  expect(await look()).toEqual(["nothing was heard of it lately", false, null]);
});

describe("of a turbine whose gateway is offline or silent nothing is known", () => {
  const hour = 60 * minuteMs;
  const noBroker = "this collector has no connection to its broker";

  async function openHeard() {
    const { clock, record, fleet, broker, path } = await openFleet();
    let sequence = 0;
    const hear = async (online: boolean, seenMs = clock.nowMs()): Promise<void> => {
      const status = { gateway: "gw-1", online, time: null, version: null, config: null };
      const gateways = [{ status, seenMs }];
      await record.storeStates({ nowMs: clock.nowMs(), turbines: [], gateways, setAside: [] });
    };
    const tell = async (): Promise<void> => {
      const nowMs = clock.nowMs();
      const envelopes = [sentOf("wt-1", nowMs, ++sequence)];
      await record.storeEnvelopes({ nowMs, setAside: [], envelopes });
      const components = [
        { component: "gearbox", health: "good", reason: null, sinceMs: null },
        { component: "generator", health: "critical", reason: "ball", sinceMs: nowMs },
      ] as const;
      const state = turbineState("wt-1", nowMs, "0".repeat(64), { components });
      await record.storeStates({ nowMs, turbines: [{ state, seenMs: nowMs }], gateways: [], setAside: [] });
    };
    const look = async () => {
      const [[turbine], [gateway]] = [
        await loadTurbines(fleet, await fleet.record.turbines()),
        await loadGateways(fleet),
      ];
      const [good, critical] = turbine!.components;
      const { offlineMs } = gateway!;
      return { reason: turbine!.reason, since: [good?.sinceMs, critical?.unknown?.sinceMs], offlineMs };
    };
    await tell();
    await hear(true);
    return { clock, broker, path, hear, tell, look };
  }

  test("also where it was heard by a clock that was hours ahead, and is right again", async () => {
    const { clock, tell, look } = await openHeard();
    clock.jump(5 * hour);
    await tell();
    expect(await look()).toMatchObject({ reason: null });
    clock.jump(-5 * hour);
    const silent = { reason: "nothing was heard of it lately", since: [clock.nowMs(), clock.nowMs()] };
    expect(await look()).toMatchObject(silent);
    clock.advance(1_000);
    await tell();
    expect(await look()).toMatchObject({ reason: null });
    clock.advance(silentAfterMs + 1);
    expect(await look()).toMatchObject({ reason: silent.reason });
  });

  test("since it was, also where the broker was lost later; since that was lost where it was heard until then", async () => {
    const { clock, broker, hear, tell, look } = await openHeard();
    const heardMs = clock.nowMs();
    clock.advance(72 * hour);
    broker.lostMs = clock.nowMs();
    clock.advance(10_000);
    const reason = `${noBroker}, and heard nothing of it`;
    expect(await look()).toMatchObject({ reason, since: [heardMs, heardMs] });
    await tell();
    await hear(false);
    const goneMs = clock.nowMs();
    clock.advance(72 * hour);
    broker.lostMs = clock.nowMs();
    expect(await look()).toMatchObject({ reason, since: [goneMs, goneMs], offlineMs: goneMs });
    await hear(true);
    await tell();
    broker.lostMs = clock.nowMs() + 60_000;
    clock.advance(72 * hour);
    expect(await look()).toMatchObject({ reason: noBroker, since: [broker.lostMs, broker.lostMs] });
  });

  test("since it was last heard of, where that was long after it was said to have gone", async () => {
    const { clock, hear, tell, look } = await openHeard();
    await hear(false);
    const goneMs = clock.nowMs();
    // What it had sent is stored.
    clock.advance(1000);
    await tell();
    expect(await look()).toMatchObject({ since: [goneMs, goneMs], offlineMs: goneMs });
    clock.advance(72 * hour);
    await tell();
    const heardMs = clock.nowMs();
    clock.advance(hour);
    // The collector was away when it came back, and when it went.
    await hear(false, 0);
    expect(await look()).toMatchObject({ since: [heardMs, heardMs], offlineMs: null });
  });

  test("since it went last, where an older collector left the time at which it went before", async () => {
    const { clock, path, hear, look } = await openHeard();
    await hear(false);
    const older = openSqlite(path);
    older.prepare("UPDATE gateway SET online = 1").run();
    older.close();
    expect(await look()).toMatchObject({ offlineMs: null });
    clock.advance(72 * hour);
    await hear(false);
    expect(await look()).toMatchObject({ since: [clock.nowMs(), clock.nowMs()], offlineMs: clock.nowMs() });
  });
});

function sentOf(turbine: string, nowMs: number, sequence: number): CheckedEnvelope {
  const batch = predictionBatch(turbine, nowMs, { rows: 1, stepMs: 1, faulty: false });
  return envelopeOf([batch], { lane: "prediction", firstSequence: sequence, oldestSequence: sequence });
}

/** A collector's record of nothing, as pages read it; `broker.lostMs` says since when its broker is gone. */
async function openFleet() {
  const clock = createManualClock();
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const opened = { path, clock, logger: silentLogger, driftPeriodMs: 1440 * minuteMs };
  const record = await openSqliteRecord(opened);
  onTestFinished(() => record.close());
  const broker: { lostMs: number | null } = { lostMs: null };
  const fleet: FleetSource = {
    record,
    models: new Map(),
    clock,
    silentAfterMs,
    warningShare: 0.002,
    brokerLostMs: () => broker.lostMs,
  };
  return { clock, path, record, broker, fleet };
}
