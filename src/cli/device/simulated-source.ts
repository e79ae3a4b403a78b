/** Samples of one simulated turbine's generator bearing. */
import type { TurbineSimulation } from "../../core/simulate/turbine-simulation.ts";
import { accelerometerChannel, type SampleSource } from "./sample-source.ts";

/** Wraps a turbine of a simulation, which nobody else may read. Endless, unless `durationS` is given. */
export function createSimulatedSource(
  simulation: TurbineSimulation,
  turbine: number,
  durationS: number = Number.POSITIVE_INFINITY,
): SampleSource {
  const { sampleRateHz, scale } = simulation;
  let left = Math.round(durationS * sampleRateHz);
  return {
    channels: [{ name: accelerometerChannel("DE"), unit: "g", sampleRateHz, scale }],
    read: (into) => {
      const buffer = into[0]!;
      const samples = Math.min(buffer.length, left);
      if (samples <= 0) return { samples: 0, shaftRpm: 0 };
      const block = simulation.nextBlock(turbine, samples);
      buffer.set(block.counts);
      left -= samples;
      return { samples, shaftRpm: block.shaftRpm };
    },
  };
}
