/** Runs simulated turbines through the gateway's own pipeline, as fast as it goes. */

import type { AlertEvent } from "../../src/core/contract/alert.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { createAlarmRegister } from "../../src/core/decision/alarms/alarm-register.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import type { LoadedBundle } from "../../src/core/serving/loaded-bundle.ts";
import {
  createTurbineSimulation,
  type TurbineSimulationOptions,
} from "../../src/core/simulate/turbine-simulation.ts";
import { createPipeline } from "../../src/gateway/points/pipeline.ts";
import { createDataQuality, type DataQuality } from "../../src/gateway/record/data-quality.ts";
import { createIdleBaselines } from "../gateway/fakes.ts";

/** What came of it. */
export interface ScenarioRun {
  readonly alerts: readonly AlertEvent[];
  readonly quality: DataQuality["total"];
}

const blockSamples = 496;

/** Plays `seconds` of a simulation; turbine 0 is `WT01`, and so on. */
export async function runScenario(
  bundle: LoadedBundle,
  options: TurbineSimulationOptions,
  seconds: number,
): Promise<ScenarioRun> {
  const simulation = createTurbineSimulation(options);
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "test" },
    devices: simulation.turbines.map((_, index) => ({ id: `mcu-${index}`, connect: "mqtt" })),
    turbines: simulation.turbines.map(({ orders }, index) => ({
      id: `WT0${index + 1}`,
      points: [
        {
          component: "generator-bearing",
          bundle: bundle.ref.name,
          device: `mcu-${index}`,
          channel: "a",
          bearing: orders,
        },
      ],
    })),
  });
  const alerts: AlertEvent[] = [];
  const quality = createDataQuality();
  let nowMs = 0;
  const pipeline = createPipeline({
    config,
    bundleOf: () => bundle,
    register: createAlarmRegister(),
    quality,
    snapshots: new Map(),
    baselines: createIdleBaselines(),
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    logger: silentLogger,
    sink: {
      onDecision: () => {},
      onAlerts: (events) => alerts.push(...events),
      onQuarantine: () => {},
      onSchemaDrift: () => {},
    },
  });
  const total = seconds * simulation.sampleRateHz;
  for (let at = 0; at < total; at += blockSamples) {
    nowMs = (at * 1000) / simulation.sampleRateHz;
    for (let turbine = 0; turbine < simulation.turbines.length; turbine++) {
      const { counts, firstSample, shaftRpm } = simulation.nextBlock(turbine, blockSamples);
      pipeline.accept({
        deviceId: `mcu-${turbine}`,
        channel: "a",
        unit: "g",
        timestampMs: nowMs,
        firstSample,
        sampleRateHz: simulation.sampleRateHz,
        scale: simulation.scale,
        shaftRpm,
        counts,
        arrivedMonotonicMs: nowMs,
      });
    }
    // Once a simulated second: let the student's answers come, as they would between two reads of a socket.
    if (at % simulation.sampleRateHz < blockSamples) await pipeline.idle();
  }
  await pipeline.close();
  return { alerts, quality: quality.total };
}
