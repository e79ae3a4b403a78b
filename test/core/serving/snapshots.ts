/** Snapshots of an invented machine: short runs of samples with pauses between them. */
import type { SampleBlock } from "../../../src/core/contract/stream.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

export const snapshotBearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };

export interface SnapshotPlan {
  readonly snapshots: number;
  readonly revolutions: number;
  readonly sampleRateHz?: number;
  /** Amplitude of an outer race's ringing over the noise's; 0: healthy. */
  readonly fault?: number;
  /** Counts of noise in the snapshot of this number. */
  noiseOf?(index: number): number;
  /** Of the snapshot of this number; {@link snapshotRpm} where it is not said. */
  rpmOf?(index: number): number;
  /** At so many hertz the noise swells and falls by a fifth; 0: it does not. */
  readonly humHz?: number;
  readonly everyMs?: number;
  readonly seed?: number;
}

export const snapshotRpm = 1800;
export const snapshotsFromMs = 1_700_000_000_000;

/** One block a snapshot. */
export function inventSnapshots(plan: SnapshotPlan): SampleBlock[] {
  const {
    snapshots,
    revolutions,
    sampleRateHz = 12_000,
    fault = 0,
    humHz = 0,
    everyMs = 10_000,
    seed = 1,
  } = plan;
  const random = createRandom(seed);
  const samples = Math.round((revolutions * 60 * sampleRateHz) / snapshotRpm);
  return Array.from({ length: snapshots }, (_, index) => {
    const shaftRpm = plan.rpmOf?.(index) ?? snapshotRpm;
    const period = sampleRateHz / ((shaftRpm / 60) * snapshotBearing.bpfo);
    const phase = random.uniform() * period;
    const noise = plan.noiseOf?.(index) ?? 300;
    const counts = Int16Array.from({ length: samples }, (_each, at) => {
      const sinceS = ((at + phase) % period) / sampleRateHz;
      const ring = Math.exp(-sinceS * 1500) * Math.sin(2 * Math.PI * 3000 * sinceS);
      const swell = humHz === 0 ? 1 : 1 + 0.2 * Math.cos((2 * Math.PI * humHz * (at + phase)) / sampleRateHz);
      return Math.round(noise * (swell * random.normal() + fault * ring));
    });
    return {
      deviceId: "mcu",
      channel: "de",
      unit: "g",
      timestampMs: snapshotsFromMs + index * everyMs,
      firstSample: Math.round((index * everyMs * sampleRateHz) / 1000),
      sampleRateHz,
      scale: 0.001,
      shaftRpm,
      counts,
      arrivedMonotonicMs: index * everyMs,
    };
  });
}
