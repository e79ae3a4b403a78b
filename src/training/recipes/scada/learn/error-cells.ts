/**
 * Where a student errs: the mean error of every turbine-day, whole and by band of load and of wind speed. Rows of normal
 * operation only. Says nothing of failures.
 */
import { dayOf } from "../judge/replay-turbines.ts";
import type { TurbineRows } from "./scada-rows.ts";

/** Usable rows of one turbine and day that have a slice in common. */
export interface ErrorCell {
  readonly turbine: string;
  /** Days since the epoch. */
  readonly day: number;
  /** Dimension → value: one dimension where the rows are those of a band, several where they are the whole day's. */
  readonly slices: Readonly<Record<string, string>>;
  readonly rows: number;
  /** Mean |residual| over rows and outputs, in the residuals' unit. */
  readonly error: number;
}

/** A dimension whose value changes from row to row. */
export interface RowBand {
  /** For example `load`. */
  readonly by: string;
  /** Place of what is banded among a row's readings. */
  readonly channel: number;
  /** Lower ends of the bands but the first, rising, in the reading's unit, and the bands' names, one more. */
  readonly ends: readonly number[];
  readonly names: readonly string[];
}

/** What of the configuration and of the operation decides the bands. */
export interface BandedOperation {
  /** Names of the readings. */
  readonly channels: readonly string[];
  readonly windChannel: string;
  readonly powerChannel: string;
  /** Power at the top of the power curve, in the reading's unit. */
  readonly ratedPower: number;
}

const loadShares = [0.25, 0.5, 0.75];
/** Metres a second: part load, the steep part of the curve, the knee, rated power. */
const windSpeeds = [6, 9, 12];

/** Bands of load (share of rated power) and of wind speed. */
export function bandOperation(operation: BandedOperation): RowBand[] {
  const { channels, windChannel, powerChannel, ratedPower } = operation;
  return [
    {
      by: "load",
      channel: channels.indexOf(powerChannel),
      ends: loadShares.map((share) => share * ratedPower),
      names: nameBands(
        loadShares.map((share) => 100 * share),
        "% of rated",
      ),
    },
    {
      by: "wind speed",
      channel: channels.indexOf(windChannel),
      ends: windSpeeds,
      names: nameBands(windSpeeds, "m/s"),
    },
  ];
}

/** Cells from `fromMs` on of one turbine: its whole days, then each band of them. Rows of NaN do not count. */
export function collectErrorCells(
  rows: TurbineRows,
  residuals: Float64Array,
  bands: readonly RowBand[],
  fromMs: number,
): ErrorCell[] {
  const outputs = residuals.length / rows.rows;
  const channels = rows.readings.length / rows.rows;
  const days = new Map<number, Tally[]>();
  const places = bands.map((_, index) =>
    bands.slice(0, index).reduce((sum, band) => sum + band.names.length, 1),
  );
  const cells = 1 + bands.reduce((sum, band) => sum + band.names.length, 0);
  for (let row = 0; row < rows.rows; row++) {
    const timeMs = rows.timestampMs[row]!;
    if (timeMs < fromMs || rows.usable[row] === 0 || Number.isNaN(residuals[row * outputs])) continue;
    const day = days.get(dayOf(timeMs)) ?? Array.from({ length: cells }, () => ({ sum: 0, rows: 0 }));
    days.set(dayOf(timeMs), day);
    let error = 0;
    for (let output = 0; output < outputs; output++) error += Math.abs(residuals[row * outputs + output]!);
    count(day[0]!, error / outputs);
    for (const [index, { channel, ends }] of bands.entries()) {
      const reading = rows.readings[row * channels + channel]!;
      const above = ends.filter((end) => reading >= end).length;
      count(day[places[index]! + above]!, error / outputs);
    }
  }
  const bandOf = bands.flatMap(({ by, names }) => names.map((name) => ({ [by]: name })));
  return [...days].flatMap(([day, tallies]) =>
    tallies.flatMap(({ sum, rows: counted }, cell): ErrorCell[] => {
      if (counted === 0) return [];
      const month = new Date(day * 86_400_000).toISOString().slice(0, 7);
      const slices = cell === 0 ? { turbine: rows.turbine, month } : bandOf[cell - 1]!;
      return [{ turbine: rows.turbine, day, slices, rows: counted, error: sum / counted }];
    }),
  );
}

interface Tally {
  sum: number;
  rows: number;
}

function count(tally: Tally, error: number): void {
  tally.sum += error;
  tally.rows++;
}

function nameBands(ends: readonly number[], unit: string): string[] {
  return [
    `below ${ends[0]} ${unit}`,
    ...ends.slice(1).map((end, index) => `${ends[index]} to ${end} ${unit}`),
    `${ends.at(-1)} ${unit} and more`,
  ];
}
