/** The gateway's own way from a block to a decision, for one point of one device, without sockets and record. */
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { createAlarmRegister } from "../../src/core/decision/alarms/alarm-register.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import type { LoadedBundle } from "../../src/core/serving/loaded-bundle.ts";
import { createPipeline, type Pipeline, type PipelineSink } from "../../src/gateway/points/pipeline.ts";
import { createSiteBaselines } from "../../src/gateway/points/site-baselines.ts";
import { createDataQuality } from "../../src/gateway/record/data-quality.ts";

export interface BenchPoint {
  readonly bundle: LoadedBundle;
  readonly bearing: BearingOrders;
  /** Of the device `mcu`, that measures turbine WT01. */
  readonly channel: string;
  /** Epoch milliseconds, that stand for monotonic time too. */
  readonly nowMs: () => number;
  readonly onDecision: PipelineSink["onDecision"];
}

/** Opens it; what is quarantined is an error, and nothing is kept. */
export function openBenchPipeline({ bundle, bearing, channel, nowMs, onDecision }: BenchPoint): Pipeline {
  const point = { component: "generator-bearing", bundle: bundle.ref.name, device: "mcu", channel, bearing };
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "bench" },
    devices: [{ id: "mcu", connect: "mqtt" }],
    turbines: [{ id: "WT01", points: [point] }],
  });
  return createPipeline({
    config,
    clock: { nowMs, monotonicMs: nowMs },
    register: createAlarmRegister(),
    quality: createDataQuality(),
    snapshots: new Map(),
    bundleOf: () => bundle,
    logger: silentLogger,
    baselines: createSiteBaselines({
      commissioning: config.commissioning,
      falsePerPointYear: () => 0.1,
      faultPrior: config.alarms.faultPrior,
      state: {
        get: () => null,
        keys: () => [],
        set: () => true,
        setAll: () => true,
        setDescribed: () => true,
        release: () => {},
        isWritten: true,
      },
      logger: silentLogger,
      onEvent: () => {},
    }),
    sink: {
      onDecision,
      onAlerts: () => {},
      onQuarantine: ({ reason, detail }) => {
        throw new Error(`${reason}: ${detail}`);
      },
      onSchemaDrift: () => {},
    },
  });
}
