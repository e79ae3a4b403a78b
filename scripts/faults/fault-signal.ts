/** Signals of simulated turbines that develop a fault, computed once and played by many devices. */
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { type FaultKind, faultKinds } from "../../src/core/contract/bundle/bearing-fault.ts";
import type { DeviceChannel } from "../../src/core/contract/device/device-message.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";

/** What a sensor hears, by the number of the sample. */
export interface FaultSignal {
  readonly channel: DeviceChannel;
  readonly bearing: BearingOrders;
  /** Fills `into` from a sample on; returns the shaft speed, rpm. */
  read(position: number, into: Int16Array): number;
}

const healthySeconds = 20;
const faultySeconds = 20;
const prepared = new Map<string, PreparedSignal>();

interface PreparedSignal {
  readonly channel: DeviceChannel;
  readonly bearing: BearingOrders;
  readonly counts: Int16Array;
  readonly shaftRpm: Float64Array;
}

/** A signal whose fault, one of three kinds by the seed, begins after `onsetS`; before it and in it the same stretch goes round. */
export function openFaultSignal(seed: number, onsetS: number): FaultSignal {
  const kind = faultKinds[seed % faultKinds.length]!;
  let signal = prepared.get(kind);
  if (signal === undefined) {
    signal = prepare(kind);
    prepared.set(kind, signal);
  }
  const { channel, bearing, counts, shaftRpm } = signal;
  const { sampleRateHz } = channel;
  const [healthy, faulty] = [healthySeconds * sampleRateHz, faultySeconds * sampleRateHz];
  const onset = Math.round(onsetS * sampleRateHz);
  const placeOf = (position: number): number =>
    position < onset ? position % healthy : healthy + ((position - onset) % faulty);
  return {
    channel,
    bearing,
    read: (position, into) => {
      for (let index = 0; index < into.length; index++) into[index] = counts[placeOf(position + index)]!;
      return shaftRpm[Math.floor(placeOf(position) / sampleRateHz)]!;
    },
  };
}

/** Healthy seconds, then a grown fault. */
function prepare(kind: FaultKind): PreparedSignal {
  const growthS = 2;
  const simulation = createTurbineSimulation({
    seed: 32,
    turbines: 1,
    meanWindMetresPerSecond: 9,
    fault: { turbine: 0, kind, onsetS: healthySeconds, growthS, finalSeverity: kind === "ball" ? 9 : 7 },
  });
  const { sampleRateHz, scale } = simulation;
  const seconds = healthySeconds + growthS + faultySeconds;
  const all = new Int16Array(seconds * sampleRateHz);
  const speeds: number[] = [];
  for (let second = 0; second < seconds; second++) {
    const block = simulation.nextBlock(0, sampleRateHz);
    all.set(block.sensors[0]!, second * sampleRateHz);
    speeds.push(block.shaftRpm);
  }
  const kept = (second: number): boolean => second < healthySeconds || second >= healthySeconds + growthS;
  const grown = (healthySeconds + growthS) * sampleRateHz;
  const counts = new Int16Array((healthySeconds + faultySeconds) * sampleRateHz);
  counts.set(all.subarray(0, healthySeconds * sampleRateHz));
  counts.set(all.subarray(grown), healthySeconds * sampleRateHz);
  return {
    channel: { name: "accel-de", unit: "g", sampleRateHz, scale },
    bearing: simulation.turbines[0]!.orders,
    counts,
    shaftRpm: Float64Array.from(speeds.filter((_, second) => kept(second))),
  };
}
