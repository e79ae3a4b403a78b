/** The int8 student's figures on test engines by what they are and how far they came, with counts and intervals. */

import { createRandom } from "../../../core/maths/random.ts";
import { type CmapssEngine, cmapssChannels } from "../../dataset/cmapss.ts";
import { computeShare, type Figure, formatFigure } from "../../judge/figure.ts";
import { listSlices } from "../../judge/slice-figures.ts";
import type { ReportTable } from "../../report/report-parts.ts";
import { type EngineScore, summariseEngines } from "./life-metrics.ts";

/** The figures of one slice. */
export interface LifeSlice {
  /** Dimension, for example `cycles left`. */
  readonly by: string;
  readonly value: string;
  readonly engines: number;
  readonly rmse: Figure;
  readonly mae: Figure;
  /** Share of engines whose truth the interval holds, with Wilson's interval. */
  readonly coverage: Figure;
}

const replicates = 400;

/** An engine's slices, seen at its last row: the operating point takes the place of site, load and speed. */
export function describeCut(engine: CmapssEngine): Readonly<Record<string, string>> {
  const { cycles, remainingCycles, values } = engine;
  const last = (channel: string): number =>
    values[(cycles - 1) * cmapssChannels.length + cmapssChannels.indexOf(channel)]!;
  const mach = Math.round(10 * last("mach")) / 10;
  return {
    "cycles left": band(remainingCycles, [25, 50, 75, 100]),
    "cycles seen": band(cycles, [100, 150, 200]),
    "operating point": `${Math.round(last("altitude"))} kft, Mach ${mach}, throttle ${Math.round(last("throttle"))} %`,
  };
}

/** Figures of all slices; `scores` and `slices` of the same engines in the same order. */
export function sliceLife(
  scores: readonly EngineScore[],
  slices: readonly Readonly<Record<string, string>>[],
  seed: number,
): LifeSlice[] {
  return listSlices(slices.map((each) => ({ slices: each }))).map(({ by, value }) => {
    const own = scores.filter((_, at) => slices[at]![by] === value);
    const { rmse, mae } = summariseEngines(own, replicates, createRandom(seed));
    const held = own.filter(({ covered }) => covered === 1).length;
    return { by, value, engines: own.length, rmse, mae, coverage: computeShare(held, own.length) };
  });
}

/** Slices as rows of text, for the report and the card. */
export function tabulateLifeSlices(slices: readonly LifeSlice[]): ReportTable {
  return {
    title: "Slices",
    caption:
      "Test engines at their last rows; intervals of errors resample engines, those of shares are Wilson's.",
    head: ["slice", "engines", "RMSE, cycles", "mean absolute error, cycles", "the interval holds"],
    rows: slices.map(({ by, value, engines, rmse, mae, coverage }) => [
      `${by}: ${value}`,
      `${engines}`,
      formatFigure(rmse, 2),
      formatFigure(mae, 2),
      formatFigure(coverage, 2),
    ]),
  };
}

/** `below 25`, `25 to 49`, … `100 and more`; leading zeros would sort no better than words do. */
function band(value: number, ends: readonly number[]): string {
  const above = ends.filter((end) => value >= end).length;
  if (above === 0) return `below ${ends[0]}`;
  if (above === ends.length) return `${ends.at(-1)} and more`;
  return `${ends[above - 1]} to ${ends[above]! - 1}`;
}
