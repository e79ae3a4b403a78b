/** Ten-minute statistics of a turbine's slow signals, as a SCADA system would log them. */
import type { WindTurbineState } from "./wind-turbine.ts";

/** Signals of a record; the names carry the units. */
const scadaSignals = [
  "windSpeedMetresPerSecond",
  "powerKw",
  "shaftRpm",
  "bearingTemperatureCelsius",
  "gearOilTemperatureCelsius",
  "ambientTemperatureCelsius",
] as const;

type ScadaSignal = (typeof scadaSignals)[number];

/** Statistics of one signal over one interval. */
interface ScadaStatistics {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly standardDeviation: number;
}

/** One interval; stamped, as La Haute Borne's data are, with its beginning. */
export interface ScadaRecord {
  readonly fromS: number;
  readonly toS: number;
  readonly signals: Readonly<Record<ScadaSignal, ScadaStatistics>>;
}

interface ScadaAverager {
  /** Counts the state that held for the step ending at `timeS`. */
  add(state: Readonly<WindTurbineState>, timeS: number): void;
  /** Records finished since the last call, oldest first. */
  take(): ScadaRecord[];
}

/** Records that are kept when nobody takes them; older ones are dropped. */
const keptRecords = 144;

/** Averages over intervals of `intervalS` simulated seconds, 600 by default. */
export function createScadaAverager(intervalS = 600): ScadaAverager {
  const width = scadaSignals.length;
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  const min = new Float64Array(width);
  const max = new Float64Array(width);
  let count = 0;
  let fromS = 0;
  let records: ScadaRecord[] = [];
  const clear = (): void => {
    mean.fill(0);
    squares.fill(0);
    min.fill(Number.POSITIVE_INFINITY);
    max.fill(Number.NEGATIVE_INFINITY);
    count = 0;
  };
  clear();
  return {
    add: (state, timeS) => {
      count++;
      for (let index = 0; index < width; index++) {
        const value = state[scadaSignals[index]!];
        // Welford's update: exact moments without keeping the values.
        const before = value - mean[index]!;
        mean[index]! += before / count;
        squares[index]! += before * (value - mean[index]!);
        if (value < min[index]!) min[index] = value;
        if (value > max[index]!) max[index] = value;
      }
      if (timeS - fromS < intervalS) return;
      const signals = {} as Record<ScadaSignal, ScadaStatistics>;
      for (const [index, signal] of scadaSignals.entries()) {
        signals[signal] = {
          mean: mean[index]!,
          min: min[index]!,
          max: max[index]!,
          standardDeviation: Math.sqrt(squares[index]! / count),
        };
      }
      records.push({ fromS, toS: timeS, signals });
      if (records.length > keptRecords) records.shift();
      fromS = timeS;
      clear();
    },
    take: () => {
      const taken = records;
      records = [];
      return taken;
    },
  };
}
