/**
 * How a student's raw logits lie on healthy machines that it did not learn from: what a gateway holds a machine against
 * as long as it knows nothing of it (`core/decision/fast-lane.ts`). One scale for all failure modes.
 */
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import type { HealthyLogits } from "../../../../core/contract/bundle/baseline-spec.ts";
import { groupBy } from "../../../../core/maths/group-by.ts";
import { joinParts } from "../../../../core/maths/join-parts.ts";
import { computeMedian, computeQuantile } from "../../../../core/maths/robust.ts";
import { columnOf, rowsOfSignals, type ScoredSet } from "../../../judge/scored-set.ts";

/** Share of machines and modes that lie below what the deviation from machine to machine reaches, and its deviate. */
const reachShare = 0.975;
const reachDeviate = 1.96;
/**
 * Least deviation from machine to machine, of that of a window: rigs in a laboratory are more alike than machines in the
 * field. Chosen on the healthy hours of four bearings on another rig, one of which lies 3 deviations out and must stay quiet.
 */
const leastMachines = 1.5;
/** Recordings of seconds do not show how a machine wanders over hours: taken as this share of a window's deviation. */
const wanderShare = 0.9;
/** The slice of invented recordings that hear a faulty neighbour (`invented-rows.ts`). */
const neighbourLabel = "neighbour";
/** Windows of a recording, or of several on one occasion, whose deviation counts. */
export const windowsOfDeviation = 4;

/** A recording's logits, [rows × outputs]. */
interface HealthyRecording {
  /** Recordings of one occasion are of one machine at one speed and load. */
  readonly occasion: string;
  readonly outputs: number;
  readonly logits: Float32Array;
}

/** A recording's logits of one output. */
interface LogitColumn {
  readonly rows: number;
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Measures on the healthy recordings of `sets`, each scored by a student that had not seen it. Where none of them has four
 * windows those of a machine at one speed and load are taken together: what wanders between them then counts as a window's
 * deviation, which makes a gateway slower and never hastier.
 * @throws RangeError when no recording is healthy; AuroraError TRAINING where no four come together (`enough-windows.ts` says it before).
 */
export function measureHealthyLogits(sets: readonly ScoredSet[]): HealthyLogits {
  const recordings = sets.flatMap(listHealthy);
  const columns = recordings.flatMap(measureColumns);
  const means = columns.map(({ mean }) => mean);
  if (means.length === 0) throw new RangeError("no healthy recording says how healthy logits lie");
  const alone = listDeviations(columns);
  const deviations =
    alone.length > 0 ? alone : listDeviations(joinOccasions(recordings).flatMap(measureColumns));
  if (deviations.length === 0) {
    throw new AuroraError("TRAINING", sayShortOccasions(), {
      op: "train",
      subject: "healthy recordings",
      hint: `record a healthy machine for ${windowsOfDeviation} windows at one speed and load`,
    });
  }
  const location = computeMedian(means);
  const window = computeMedian(deviations);
  const machine = Math.max(
    (computeQuantile(means, reachShare) - location) / reachDeviate,
    leastMachines * window,
  );
  return { location, machine, window, wander: wanderShare * window };
}

/** What is lacking where no machine has them. */
export function sayShortOccasions(): string {
  return `no healthy machine has ${windowsOfDeviation} windows at one speed and load: a bundle takes them, to know how its windows scatter`;
}

function listHealthy(set: ScoredSet): HealthyRecording[] {
  const { outputs, scores, signals } = set;
  const logits = rowsOfSignals(set, scores.int8!);
  return signals.flatMap(({ truth, rows, slices, unit }, index) => {
    // A machine whose neighbour fails is no healthy machine.
    if (truth !== null || rows === 0 || slices.recording === neighbourLabel) return [];
    return [{ occasion: JSON.stringify([unit, slices]), outputs, logits: logits[index]! }];
  });
}

function joinOccasions(recordings: readonly HealthyRecording[]): HealthyRecording[] {
  return [...groupBy(recordings, ({ occasion }) => occasion).values()].map((own) => ({
    ...own[0]!,
    logits: joinParts(
      own.map(({ logits }) => logits),
      Float32Array,
    ),
  }));
}

function listDeviations(columns: readonly LogitColumn[]): number[] {
  return columns.filter(({ rows }) => rows >= windowsOfDeviation).map(({ deviation }) => deviation);
}

/** Of each output. */
function measureColumns({ outputs, logits }: HealthyRecording): LogitColumn[] {
  const rows = logits.length / outputs;
  return Array.from({ length: outputs }, (_, output) => {
    const column = columnOf(logits, output, outputs);
    const mean = column.reduce((sum, value) => sum + value, 0) / rows;
    const squares = column.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { rows, mean, deviation: Math.sqrt(squares / (rows - 1)) };
  });
}
