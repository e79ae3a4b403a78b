/**
 * What a bundle holds of healthy machines: the background of explanations, the drift reference, where levels lay; and with them
 * the golden vectors. Made of the healthy recordings that a student learnt from, whoever it learnt them from.
 */
import type { BaselineSpec, LevelStatistics } from "../../../core/contract/bundle/baseline-spec.ts";
import type { Calibration } from "../../../core/contract/bundle/manifest.ts";
import type { DriftReference } from "../../../core/drift/drift-reference.ts";
import { fitReference } from "../../../core/drift/fit-reference.ts";
import { joinParts } from "../../../core/maths/join-parts.ts";
import { computeMedian, computeScaledMad } from "../../../core/maths/robust.ts";
import { clusterHealthyBackground } from "../../bundle/healthy-background.ts";
import { makeStudentFiles } from "../../bundle/student-files.ts";
import type { RecordingSet } from "../../dataset/recordings/recording-set.ts";
import { leastMachines } from "../../judge/learning-path.ts";
import { extractLevelRows, extractLevels } from "../../learn/extract-rows.ts";
import { standardiseRows } from "../../learn/fit-scaler.ts";
import { runStudent, type TrainedStudent } from "../../learn/train-student.ts";
import type { BearingConfig } from "./bearing-config.ts";
import { seedStream } from "./learn/learn-student.ts";
import type { WaveformRows } from "./learn/recorded-rows.ts";

/** The share of a configuration that is read here. */
interface HealthyConfig
  extends Pick<
    BearingConfig,
    "seed" | "window" | "features" | "hypotheses" | "backgroundRows" | "goldenCases" | "driftReplicates"
  > {
  /** Of the baseline; undefined where none is asked for. */
  readonly levels: BaselineSpec["levels"] | undefined;
}

/** What the files are made from. */
interface HealthyParts {
  readonly config: HealthyConfig;
  readonly student: TrainedStudent;
  /** One an output. */
  readonly calibration: readonly Calibration[];
  /** Signals of healthy bearings that the student learnt from. */
  readonly healthy: readonly WaveformRows[];
  /** Standardised rows of healthy machines beside them for the background; absent: none. */
  readonly known?: Float32Array | undefined;
  readonly set: RecordingSet;
}

/** Makes them, by name. Fails with DATA_MISSING or DATA_FORMAT. */
export async function makeHealthyFiles({
  config,
  student,
  calibration,
  healthy,
  known = new Float32Array(0),
  set,
}: HealthyParts): Promise<Readonly<Record<string, Uint8Array>>> {
  const { seed, backgroundRows } = config;
  const rows = healthy.reduce((sum, { served }) => sum + served.rows, 0);
  const features = joinParts(
    healthy.map(({ served }) => served.features),
    Float32Array,
  );
  return makeStudentFiles({
    config,
    student,
    background: clusterHealthyBackground(
      { quantised: student.quantised, calibration },
      {
        rows: rows + known.length / config.features.list.length,
        standardised: joinParts([standardiseRows(features, rows, student.scaler), known], Float32Array),
      },
      { count: backgroundRows, random: seedStream(seed, "background") },
    ),
    reference: fitHealthyReference(healthy, student, {
      config,
      levels: await readHealthyLevels(set, healthy, config),
    }),
    random: seedStream(seed, "golden"),
  });
}

/**
 * The drift reference: healthy training windows in time order, with the scores that the student gives them and the levels
 * that were heard. They are of many machines: no single one looks like all of them together.
 */
function fitHealthyReference(
  healthy: readonly WaveformRows[],
  student: TrainedStudent,
  { config, levels }: { readonly config: HealthyConfig; readonly levels: HealthyLevels | null },
): DriftReference {
  const rows: Float32Array[] = [];
  const scores: Float32Array[] = [];
  const columns = config.features.list.length;
  const outputs = config.hypotheses.length;
  for (const { served } of healthy) {
    const logits = runStudent(student, served.features, served.rows);
    for (let row = 0; row < served.rows; row++) {
      rows.push(served.features.subarray(row * columns, (row + 1) * columns));
      scores.push(logits.subarray(row * outputs, (row + 1) * outputs));
    }
  }
  const featureNames = config.features.list.map((feature) => feature.name);
  return fitReference(
    { rows, featureNames, scoreRows: scores, ...(levels === null ? {} : { levels }) },
    {
      seed: seedStream(config.seed, "drift").integer(2 ** 31),
      replicates: config.driftReplicates,
      segments: healthy.map((signal) => signal.served.rows),
      scoreNames: config.hypotheses.map((hypothesis) => hypothesis.failureMode),
      machines: new Set(healthy.map(({ entry }) => entry.machine)).size,
    },
  );
}

interface HealthyLevels {
  readonly names: readonly string[];
  readonly rows: readonly Float32Array[];
}

/** Levels of the served windows of `healthy`, row by row; null where the configuration asks for no baseline. */
async function readHealthyLevels(
  set: RecordingSet,
  healthy: readonly WaveformRows[],
  { window, features, levels }: HealthyConfig,
): Promise<HealthyLevels | null> {
  if (levels === undefined) return null;
  const rows: Float32Array[] = [];
  for (const { entry } of healthy) {
    for await (const part of set.parts(entry)) {
      const own = extractLevelRows(part, window, { features, levels });
      // A level in a unit that nobody knows is no level.
      rows.push(
        ...(entry.isAbsolute ? own : own.map((row) => new Float32Array(row.length).fill(Number.NaN))),
      );
    }
  }
  return { names: levels.list.map(({ name }) => name), rows };
}

/** Where one level lay, and on how many machines it was heard. */
interface HeardLevel extends LevelStatistics {
  readonly machines: number;
}

/**
 * The level as a bundle states it, its spread pooled with the parent's: a machine or two that happen to agree would make anything else
 * look like damage. A parent's spread counts for as many machines as a figure takes; where levels lie is the own machines' to say.
 */
export function poolLevel(own: HeardLevel | null, parents: LevelStatistics | null): LevelStatistics | null {
  if (own === null) return parents;
  const { locationDb, scaleDb, machines } = own;
  if (parents === null) return { locationDb, scaleDb };
  const share = machines / (machines + leastMachines.all);
  return { locationDb, scaleDb: Math.sqrt(share * scaleDb ** 2 + (1 - share) * parents.scaleDb ** 2) };
}

/**
 * Median and scaled median absolute deviation of each level over the healthy windows of `signals`; null where none of
 * them is heard (a band above the rate of all recordings). A severity is compared with them while a machine's own
 * baseline is not known: another machine's level says little of this one's; only its trend is to be believed.
 */
export async function fitLevelReference(
  set: RecordingSet,
  signals: readonly WaveformRows[],
  { window, levels }: Pick<BearingConfig, "window"> & Pick<BaselineSpec, "levels">,
): Promise<readonly (HeardLevel | null)[]> {
  const values: number[][] = levels.list.map(() => []);
  const machines = levels.list.map(() => new Set<string>());
  for (const { entry, failureMode } of signals) {
    if (failureMode !== null || !entry.isAbsolute) continue;
    for await (const part of set.parts(entry)) {
      for (const [at, value] of extractLevels(part, window, levels).entries()) {
        if (!Number.isFinite(value)) continue;
        values[at % values.length]!.push(value);
        machines[at % values.length]!.add(entry.machine);
      }
    }
  }
  return values.map((each, at) =>
    each.length === 0
      ? null
      : {
          locationDb: computeMedian(each),
          scaleDb: computeScaledMad(each),
          machines: machines[at]!.size,
        },
  );
}
