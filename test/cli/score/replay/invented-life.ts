/** Recordings of an invented machine, healthy first and faulty then, as files that a replay reads. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BearingOrders } from "../../../../src/core/contract/bundle/bearing.ts";
import { createTurbineSimulation } from "../../../../src/core/simulate/turbine-simulation.ts";
import { encodeNpy } from "../recordings.ts";

/** One recording. */
export interface InventedRecording {
  readonly timeMs: number;
  readonly counts: Int16Array;
  readonly rateHz: number;
  readonly shaftRpm: number;
  /** g a count. */
  readonly scale: number;
  readonly bearing: BearingOrders;
}

export interface LifePlan {
  readonly seed?: number;
  readonly recordings: number;
  /** Of one. */
  readonly seconds: number;
  /** From the beginning of one to that of the next. */
  readonly everySeconds: number;
  /** Recordings before the fault is there; it grows within one of them. */
  readonly healthy?: number;
}

export const lifeFromMs: number = Date.UTC(2004, 1, 12, 10, 32, 39);

/** The simulation stands still between recordings. */
export function inventLife(plan: LifePlan): InventedRecording[] {
  const { seed = 21, recordings, seconds, everySeconds, healthy = recordings } = plan;
  const simulation = createTurbineSimulation({
    seed,
    turbines: 1,
    meanWindMetresPerSecond: 10,
    fault:
      healthy >= recordings
        ? "none"
        : { turbine: 0, kind: "outer-race", onsetS: healthy * seconds, growthS: seconds, finalSeverity: 6 },
  });
  const { sampleRateHz: rateHz, scale } = simulation;
  const bearing = simulation.turbines[0]!.orders;
  return Array.from({ length: recordings }, (_, index) => {
    const counts = new Int16Array(seconds * rateHz);
    let turned = 0;
    for (let at = 0; at < counts.length; at += 480) {
      const block = simulation.nextBlock(0, Math.min(480, counts.length - at));
      counts.set(block.counts, at);
      turned += block.shaftRpm * block.counts.length;
    }
    const timeMs = lifeFromMs + index * everySeconds * 1000;
    return { timeMs, counts, rateHz, shaftRpm: turned / counts.length, scale, bearing };
  });
}

/** Writes a recording, and beside it what is known of it. */
export function writeRecording(
  folder: string,
  name: string,
  recording: InventedRecording,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const { counts, rateHz, shaftRpm, scale, bearing } = recording;
  writeFileSync(join(folder, `${name}.npy`), encodeNpy(counts, [counts.length]));
  writeFileSync(
    join(folder, `${name}.npy.json`),
    JSON.stringify({ rateHz, shaftRpm, scale, unit: "g", bearing, ...more }),
  );
  return join(folder, `${name}.npy`);
}

/** `2004.02.12.10.32.39` of an epoch time. */
export function nameByTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-T:]/g, ".");
}
