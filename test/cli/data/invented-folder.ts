/** Folders of invented recordings, for what lists and checks them: noise, and impacts at a fault order. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRandom } from "../../../src/core/maths/random.ts";
import { encodeWav } from "../../training/dataset/samples/encode-wav.ts";
import { encodeNpy } from "../score/recordings.ts";

export const rateHz = 12_000;
export const rpm = 1800;
/** Orders of 9 balls of 7.94 mm on 39.04 mm. */
export const bearing = { balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04 };
const orders = { "inner-race": 5.415, "outer-race": 3.585, ball: 4.714 } as const;

interface Invented {
  readonly seed: number;
  readonly samples?: number;
  readonly fault?: keyof typeof orders;
}

/** Counts of a converter. */
export function inventCounts({ seed, samples = 26_000, fault }: Invented): number[] {
  const random = createRandom(seed);
  const out = Array.from({ length: samples }, () => 200 * random.normal());
  const period = fault === undefined ? Number.POSITIVE_INFINITY : (rateHz * 60) / rpm / orders[fault];
  for (let at = period * random.uniform(); at < samples; at += period) {
    for (let tick = 0; tick < 40 && Math.floor(at) + tick < samples; tick++) {
      out[Math.floor(at) + tick]! +=
        2500 * Math.exp(-tick / 8) * Math.sin((2 * Math.PI * 3000 * tick) / rateHz);
    }
  }
  return out.map(Math.round);
}

/** Writes `file` below `dir`, in the format of its ending. */
export function writeCounts(dir: string, file: string, counts: readonly number[]): void {
  const path = join(dir, file);
  mkdirSync(dirname(path), { recursive: true });
  if (file.endsWith(".wav")) writeFileSync(path, encodeWav({ kind: "pcm16", rateHz, channels: [counts] }));
  else if (file.endsWith(".npy")) writeFileSync(path, encodeNpy(Int16Array.from(counts), [counts.length]));
  else writeFileSync(path, `acc\n${counts.join("\n")}\n`);
}
