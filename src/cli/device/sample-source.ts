/**
 * Where a simulated device gets its samples from: physics, a recording (`recording-source.ts`), or a test's own. Nothing
 * is resampled, scaled or smoothed.
 */
import type { DeviceChannel } from "../../core/contract/device/device-message.ts";
import type { TurbineSimulation } from "../../core/simulate/turbine-simulation.ts";

/** Samples of all channels, taken at once by one converter. Read by one reader, in order. */
export interface SampleSource {
  /** 1 to 16 waveforms, all at one sampling rate. */
  readonly channels: readonly DeviceChannel[];
  /**
   * Fills the buffers (one a channel, all of one length) from the front.
   * `samples` is how many were written to each: fewer than asked near the end, 0 when the source has ended.
   */
  read(into: readonly Int16Array[]): SourceRead;
}

interface SourceRead {
  readonly samples: number;
  /** Shaft speed over these samples; 0 at a standstill. */
  readonly shaftRpm: number;
}

/** Name that the channel of an accelerometer at one end of a machine has here: `accel-de`, `accel-fe`. */
export function accelerometerChannel(end: string): string {
  return `accel-${end.toLowerCase()}`;
}

/** Channels of a simulated device: the generator's drive end, and its other end. */
const simulatedChannels = [accelerometerChannel("DE"), "accel-nde"];

/** Wraps a turbine of a simulation, which nobody else may read. Endless, unless `durationS` is given. */
export function createSimulatedSource(
  simulation: TurbineSimulation,
  turbine: number,
  durationS: number = Number.POSITIVE_INFINITY,
): SampleSource {
  const { sampleRateHz, scale } = simulation;
  let left = Math.round(durationS * sampleRateHz);
  const { sensors } = simulation;
  return {
    channels: simulatedChannels.slice(0, sensors).map((name) => ({ name, unit: "g", sampleRateHz, scale })),
    read: (into) => {
      const samples = Math.min(into[0]!.length, left);
      if (samples <= 0) return { samples: 0, shaftRpm: 0 };
      const block = simulation.nextBlock(turbine, samples);
      for (const [index, counts] of block.sensors.entries()) into[index]!.set(counts);
      left -= samples;
      return { samples, shaftRpm: block.shaftRpm };
    },
  };
}
