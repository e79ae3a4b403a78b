import { expect, test } from "vitest";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import type { Quarantine, Reading } from "../../src/core/contract/stream.ts";
import { createAlarmRegister } from "../../src/core/decision/alarms/alarm-register.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { composeScada } from "../../src/gateway/compose-scada.ts";
import type { Sources } from "../../src/gateway/compose-sources.ts";
import { createDataQuality } from "../../src/gateway/record/data-quality.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createFakeState } from "./fakes.ts";
import { createScadaBundle } from "./points/scada/scada-site.ts";

test("what a bundle's contract refuses is told to the sources, of a bridge and of a field bus", async () => {
  const clock = createManualClock();
  const refused: string[] = [];
  let outlets: Parameters<Sources["start"]>[0] | null = null;
  const around = {
    config: gatewayConfigSchema().parse({
      gateway: { id: "gw", site: "north" },
      turbines: [{ id: "T1", scadaBundle: "scada-test" }],
    }),
    record: { state: createFakeState(), telemetry: {} },
    models: { current: () => createScadaBundle() },
    quality: createDataQuality(),
    register: createAlarmRegister(),
    sources: {
      start: async (given: typeof outlets) => {
        outlets = given;
      },
      refuse: ({ channel, reason }: Quarantine) => void refused.push(`${channel}: ${reason}`),
    },
    clock,
    logger: silentLogger,
  };
  const scada = composeScada(around as unknown as Parameters<typeof composeScada>[0], {
    onDecision: () => {},
    onAlert: () => {},
    onQuarantine: () => {},
    onReading: () => {},
  });
  await scada.start();
  const atMs = clock.nowMs();
  const of = { deviceId: "T1", unit: "degC", arrivedMs: atMs, arrivedMonotonicMs: 0, timestampMs: atMs };
  outlets!.onRow({ ...of, channel: "gear-oil", value: 1e30 });
  outlets!.onPoll({ ...of, channel: "phase-1", value: 1e30 }, 10_000);
  outlets!.onPoll({ ...of, channel: "phase-2", value: 40 }, 10_000);
  expect(refused).toEqual(["gear-oil: range", "phase-1: range"]);
});

test("a shaft speed that is old when it comes is set aside, how old in words, and one of now goes to the points", async () => {
  const clock = createManualClock();
  const told: unknown[] = [];
  let hear: (reading: Reading) => void = () => {};
  const around = {
    config: gatewayConfigSchema().parse({ gateway: { id: "gw", site: "north" }, turbines: [{ id: "T1" }] }),
    record: { state: createFakeState(), telemetry: {} },
    models: {},
    quality: createDataQuality(),
    register: createAlarmRegister(),
    sources: {
      start: async ({ onRow }: { readonly onRow: typeof hear }) => {
        hear = onRow;
      },
    },
    clock,
    logger: silentLogger,
  };
  const scada = composeScada(around as unknown as Parameters<typeof composeScada>[0], {
    onDecision: () => {},
    onAlert: () => {},
    onQuarantine: ({ reason, detail }) => void told.push(`${reason}: ${detail}`),
    onReading: ({ value }) => void told.push(value),
  });
  await scada.start();
  const arrivedMs = clock.nowMs();
  const of = { deviceId: "T1", channel: "shaft-speed", unit: "rpm", arrivedMs, arrivedMonotonicMs: 0 };
  hear({ ...of, value: 900, timestampMs: arrivedMs - 3 * 3_600_000 });
  hear({ ...of, value: 901, timestampMs: arrivedMs });
  expect(told).toEqual(["time-jump: stamped 3 h before its arrival", 901]);
});
