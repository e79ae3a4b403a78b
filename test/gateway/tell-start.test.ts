import { expect, onTestFinished, test } from "vitest";
import type { GatewayConfig } from "../../src/core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { openWhole } from "../../src/core/platform/daemon/closing.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { openGatewayRecord } from "../../src/gateway/gateway-record.ts";
import { createWorkGauge } from "../../src/gateway/points/work-gauge.ts";
import { createDataQuality } from "../../src/gateway/record/data-quality.ts";
import { tellSettings } from "../../src/gateway/tell-start.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { createInstallation } from "./installation.ts";
import { contents } from "./record/outbox-rig.ts";
import { createTurbine } from "./turbines.ts";

interface ToldEvent {
  readonly name: string;
  readonly subject: string;
  readonly detail: string;
}

test("a start tells once by which keys and model a gateway decides from then on, and a first start nothing", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const { bearing } = createTurbine(32, { kind: "outer-race", onsetS: 10 }, 1);
  const turbines = [{ id: "WT01", bearing, connect: "mqtt" }] as const;
  const events = async (): Promise<readonly ToldEvent[]> => {
    const page = (await (await fetch(`${collector.url}/api/v1/events?limit=100`)).json()) as {
      readonly items: readonly ToldEvent[];
    };
    return page.items.filter(({ name }) => name === "configuration-changed" || name === "model-serves");
  };
  /** Starts, ends when so many events are there in all, and gives the last of them in the order of their subjects. */
  const run = async (changes: object, count: number): Promise<readonly ToldEvent[]> => {
    const before = (await events()).length;
    const gateway = await installation.startGateway(turbines, { ...changes });
    await until(async () => (await events()).length >= count, "the events");
    await gateway.close();
    const told = (await events()).slice(0, -before || undefined);
    return [...told].sort((a, b) => a.subject.localeCompare(b.subject));
  };

  await run({}, 0);
  await installation.putBundle({ version: "1.1.0" });
  const alarms = { falsePerTurbineYear: 2, faultPrior: 0.1, stopDb: 20 };
  expect(await run({ alarms }, 4)).toMatchObject([
    { name: "configuration-changed", subject: "alarms.falsePerTurbineYear", detail: "2; before: 0.1" },
    { name: "configuration-changed", subject: "alarms.faultPrior", detail: "0.1; before: 0.058" },
    { name: "configuration-changed", subject: "alarms.stopDb", detail: "20; before: null" },
    {
      name: "model-serves",
      subject: "bearing-test",
      detail: expect.stringMatching(
        /^1\.1\.0 \([0-9a-f]{64}\), signed by \w+; before: 1\.0\.0 \([0-9a-f]{64}\), signed by \w+$/,
      ),
    },
  ]);
  expect(await run({ alarms: { ...alarms, faultPrior: 0.2 } }, 5)).toMatchObject([
    { name: "configuration-changed", subject: "alarms.faultPrior", detail: "0.2; before: 0.1" },
  ]);
});

/** A gateway of one turbine with as many points, each with `point` beside what it needs. */
function configOf(count: number, point: object = {}, turbine: object = {}): GatewayConfig {
  const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.6, ftf: 0.4 };
  const points = Array.from({ length: count }, (_, index) => ({
    component: `c${index}`,
    device: "d1",
    channel: `a${index}`,
    bearing,
    ...point,
  }));
  return gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north", stateDir: "never-used" },
    devices: [{ id: "d1", connect: "mqtt" }],
    turbines: [{ id: "WT01", points, ...turbine }],
  });
}

interface Starts {
  /** What a start with this configuration tells. */
  readonly start: (config: GatewayConfig) => readonly Omit<ToldEvent, "name">[];
  /** As if the last start had been of a release that did not know these keys. */
  readonly forget: (keys: readonly string[]) => void;
}

/** Starts on one record on the disk. */
async function openStarts(): Promise<Starts> {
  const config = configOf(1);
  const options = {
    config: { ...config, gateway: { ...config.gateway, stateDir: createTemporaryFolder() } },
    quality: createDataQuality(),
    load: createWorkGauge(),
    clock: createManualClock(),
    logger: silentLogger,
  };
  const record = await openWhole(silentLogger, async (closers) => {
    onTestFinished(() => closers.closeAll());
    return openGatewayRecord(options, closers);
  });
  const told = (): readonly Omit<ToldEvent, "name">[] =>
    (contents(record.outbox, "update")?.records ?? []).flatMap((each) =>
      each.kind === "event" ? [{ subject: each.subject, detail: each.detail }] : [],
    );
  return {
    start: (now) => {
      const before = told().length;
      tellSettings(now, { record, logger: silentLogger });
      return told().slice(before);
    },
    forget: (keys) => {
      const kept: Record<string, string> = JSON.parse(record.state.get("told-settings") ?? "");
      const left = Object.entries(kept)
        .filter(([subject]) => !keys.includes(subject))
        .map(([subject, text]) => {
          const value: unknown = JSON.parse(text);
          return [subject, JSON.stringify(value, (key, each) => (keys.includes(key) ? undefined : each))];
        });
      record.state.set("told-settings", JSON.stringify(Object.fromEntries(left)));
    },
  };
}

test("keys that the release before did not know are told unless they have their default", async () => {
  const { start, forget } = await openStarts();
  expect(start(configOf(40))).toEqual([]);
  forget(["shaftRpm", "alarms.stopDb"]);
  expect(start(configOf(40))).toEqual([]);
  forget(["shaftRpm"]);
  expect(start(configOf(1, { shaftRpm: 1500 })).find(({ subject }) => subject === "WT01/c0")).toEqual({
    subject: "WT01/c0",
    detail: '{"shaftRpm":1500}; before: {"shaftRpm":null}',
  });
});

test("of a point the keys that differ are told, and what is beyond the bound by name", async () => {
  const { start } = await openStarts();
  start(configOf(34, { shaftRpm: 1500 }));
  const told = start(configOf(34, { shaftRpm: 1500, baselineEpoch: 1, polePairs: 2 }));
  expect(told).toHaveLength(33);
  expect(told[0]).toEqual({
    subject: "WT01/c0",
    detail: '{"baselineEpoch":1,"polePairs":2}; before: {"baselineEpoch":0}',
  });
  expect(told[32]).toEqual({ subject: "others", detail: "2 more changed at this start: WT01/c32, WT01/c33" });
});

test("of repairs what was added and removed is told, and a long new value leaves room for the old one", async () => {
  const { start } = await openStarts();
  const repairs = (from: number, to: number): object => ({
    repairs: Array.from({ length: to - from }, (_, index) => ({
      component: "gearbox",
      date: new Date(Date.UTC(2025, 0, from + index)).toISOString().slice(0, 10),
    })),
  });
  start(configOf(1));
  const [many] = start(configOf(1, {}, repairs(1, 31)));
  expect(many).toEqual({
    subject: "WT01.repairs",
    detail: expect.stringMatching(/^\[\{"component":"gearbox","date":"2025-01-01"\},.*…; before: \[\]$/),
  });
  const detail =
    '[{"component":"gearbox","date":"2025-01-31"}]; before: [{"component":"gearbox","date":"2025-01-01"}]';
  expect(start(configOf(1, {}, repairs(2, 32)))).toEqual([{ subject: "WT01.repairs", detail }]);
  const [exchanged] = start(configOf(1, {}, repairs(32, 62)));
  expect(exchanged?.detail).toMatch(/^\[\{.*"2025-02-01".*…; before: \[\{.*"2025-01-02".*…$/);
});
