/**
 * What serving meets and files that were filtered to normal operation do not hold: rows in normal operation shortly after
 * the turbine stood. Gaps of the measured series are lived through standing, half running or running, and further stops
 * are put where it ran, so that the averages over hours, computed by the serving extractor, go through them. Invents no
 * temperatures: what a row like that should be answered with, the caller asks the teacher.
 */
import type { WindowSpec } from "../../../../core/contract/bundle/manifest.ts";
import { createScalarExtractor } from "../../../../core/features/scalar-extractor.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import type { Random } from "../../../../core/maths/random.ts";
import type { InventedStops, ScadaRecipeConfig } from "../scada-config.ts";
import type { TurbineRows } from "./scada-rows.ts";

export interface ServiceConfig {
  /** Seconds from one row to the next. */
  readonly window: Pick<WindowSpec, "length">;
  /** In the order of the rows' readings. */
  readonly channels: readonly { readonly name: string }[];
  readonly features: ScadaRecipeConfig["features"];
  readonly stops: InventedStops;
}

interface InventedService {
  /** [rows × features], not standardised; of the rows as they were measured, with another past. */
  readonly features: Float32Array;
  /** [rows], 1 = the turbine stands here by invention: the row's temperatures are not this row's. */
  readonly stands: Uint8Array;
}

/** What a stop or a part of a gap looks like. */
interface Stretch {
  /** 0 = stands, 1 = runs as before and after; between them it runs slowly, as in little wind. */
  readonly running: number;
  /** Reading of each channel while standing; NaN = as measured. */
  readonly standing: Float64Array;
}

/** Of the stretches so many stand still and so many run on; the rest is between. */
const standingShare = 0.5;
const runningShare = 0.25;
/** A gap consists of up to so many stretches. */
const maxStretches = 3;

/** Lives through `rows`. The same stream gives the same life. */
export function inventService(
  rows: TurbineRows,
  { window, channels, features: spec, stops }: ServiceConfig,
  random: Random,
): InventedService {
  const stepMs = 1000 * window.length;
  const width = rows.features.length / rows.rows;
  const features = new Float32Array(rows.features.length);
  const stands = new Uint8Array(rows.rows);
  const between = new Float32Array(width);
  const extractor = createScalarExtractor(spec);
  const feed = (values: ArrayLike<number>): void => {
    extractor.begin();
    for (const [channel, { name }] of channels.entries()) extractor.push(name, values[channel]!);
  };
  const readingsOf = (row: number): Float32Array =>
    rows.readings.subarray(row * channels.length, (row + 1) * channels.length);
  const drawStretch = (running: number): Stretch => ({
    running,
    standing: Float64Array.from(channels, ({ name }) => {
      const range = stops.standing[name];
      return range === undefined ? Number.NaN : range[0] + (range[1] - range[0]) * random.uniform();
    }),
  });
  const current = new Float64Array(channels.length);
  let stop = drawStretch(0);
  let stopEndMs = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < rows.rows; row++) {
    const timeMs = rows.timestampMs[row]!;
    const now = readingsOf(row);
    const beforeMs = row === 0 ? timeMs : rows.timestampMs[row - 1]!;
    const missing = Math.round((timeMs - beforeMs) / stepMs) - 1;
    if (missing > 0) {
      const before = readingsOf(row - 1);
      const cuts = Array.from({ length: random.integer(maxStretches) }, () => random.uniform()).sort(
        (a, b) => a - b,
      );
      const stretches = [...cuts, 1].map(() => drawStretch(drawRunning(random)));
      for (let index = 1; index <= missing; index++) {
        const share = index / (missing + 1);
        const stretch = stretches[cuts.filter((cut) => cut < share).length]!;
        for (let channel = 0; channel < current.length; channel++) {
          const measured = before[channel]! + share * (now[channel]! - before[channel]!);
          current[channel] = blend(stretch, channel, measured);
        }
        feed(current);
        extractor.finish(between, 0, beforeMs + index * stepMs);
      }
    }
    if (timeMs >= stopEndMs && random.uniform() < stepMs / (stops.everyDays * dayMs)) {
      const { minMinutes, maxMinutes } = stops;
      stopEndMs = timeMs + 60_000 * minMinutes * (maxMinutes / minMinutes) ** random.uniform();
      stop = drawStretch(0);
    }
    if (timeMs < stopEndMs) {
      stands[row] = 1;
      for (let channel = 0; channel < current.length; channel++) {
        current[channel] = blend(stop, channel, now[channel]!);
      }
      feed(current);
    } else {
      feed(now);
    }
    extractor.finish(features, row * width, timeMs);
  }
  return { features, stands };
}

function drawRunning(random: Random): number {
  const draw = random.uniform();
  if (draw < standingShare) return 0;
  return draw < 1 - runningShare ? random.uniform() : 1;
}

function blend({ running, standing }: Stretch, channel: number, measured: number): number {
  const still = standing[channel]!;
  return Number.isNaN(still) ? measured : still + running * (measured - still);
}
