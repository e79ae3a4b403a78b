/** Puts together what travels with a bearing student: references, background, golden vectors, card, lineage. */

import type {
  BaselineSpec,
  HealthyLogits,
  LevelStatistics,
} from "../../../core/contract/bundle/baseline-spec.ts";
import { type Calibration, mcuModelFileName } from "../../../core/contract/bundle/manifest.ts";
import { fitReference } from "../../../core/drift/fit-reference.ts";
import { computeMedian, computeScaledMad } from "../../../core/maths/robust.ts";
import { createMcuModel } from "../../bundle/create-mcu-model.ts";
import { clusterHealthyBackground } from "../../bundle/healthy-background.ts";
import { listGroups, makeStudentFiles } from "../../bundle/student-files.ts";
import { formatFigure } from "../../judge/figure.ts";
import { extractLevelRows, extractLevels } from "../../learn/extract-rows.ts";
import { standardiseRows } from "../../learn/fit-scaler.ts";
import { runStudent, type TrainedStudent } from "../../learn/train-student.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import type { TrainedModel, TrainingContext } from "../recipe.ts";
import { type BearingConfig, decideThreshold } from "./bearing-config.ts";
import type { JudgedBearing } from "./judge/bearing-evaluation.ts";
import { describeDivision, type GroupDivision } from "./learn/divide-by-groups.ts";
import { describeInvented, inventedDescription } from "./learn/invented-rows.ts";
import { seedStream } from "./learn/learn-student.ts";
import type { OpenRecordings } from "./learn/open-recordings.ts";
import type { RecordedRows, WaveformRows } from "./learn/recorded-rows.ts";
import { renderBearingCard } from "./report/bearing-card.ts";

interface BearingParts {
  readonly config: BearingConfig;
  readonly student: StepOutput<TrainedStudent>;
  readonly judged: StepOutput<JudgedBearing>;
  /** One an output. */
  readonly calibration: readonly Calibration[];
  readonly healthy: HealthyLogits;
  readonly rows: StepOutput<RecordedRows>;
  readonly fingerprint: string;
  readonly division: GroupDivision;
  readonly recordings: OpenRecordings;
}

/** Makes what goes into the bundle. Fails with DATA_MISSING or DATA_FORMAT. */
export async function packageBearing(
  parts: BearingParts,
  context: TrainingContext,
): Promise<Omit<TrainedModel, "report">> {
  const { config, calibration } = parts;
  const student = parts.student.value;
  const { evaluation } = parts.judged.value;
  const { heldOut, metrics } = evaluation;
  const groups = listGroups(config.features);
  const baseline = await describeBaseline(parts, context);
  const { backgroundRows, goldenCases, driftReplicates, seed, window, hypotheses, dataset } = config;
  const made = { backgroundRows, goldenCases, driftReplicates, seed, window, groups, dataset, hypotheses };
  const shares = { ...made, calibration };
  const levels = config.baseline?.levels;
  const files = await context.steps.run(
    "package",
    { config: { ...shares, levels }, from: [parts.rows, parts.student] },
    () => makeFiles(parts),
  );
  const { teacher } = config.recipe;
  const { scaler } = student;
  const thresholds = hypotheses.map(() => decideThreshold(config));
  const mcuModel = createMcuModel({ ...config, scaler, calibration, thresholds }, student.quantised);
  return {
    manifest: {
      task: "diagnosis",
      horizonHours: null,
      scaler,
      outputs: hypotheses.map(({ failureMode, title }) => ({ failureMode, title })),
      calibration,
      thresholds,
      groups,
      ...(baseline === undefined ? {} : { baseline }),
    },
    lineage: {
      data: [
        {
          name: dataset.name,
          sha256: parts.fingerprint,
          trainGroups: parts.division.trainGroups,
          heldOutGroups: dataset.heldOutGroups,
        },
        ...describeInvented(config),
      ],
      teacher:
        teacher.members === 0
          ? "none"
          : `mean of ${teacher.members} tied networks of ${teacher.hidden.join("-")} hidden neurons a failure mode; macro AUROC ${evaluation.steps.find(({ name }) => name === "teacher")!.heldOut.value.toFixed(3)} on the held-out bearings`,
    },
    files: { ...files.value, [mcuModelFileName]: mcuModel },
    evaluation,
    renderCard: (manifest) => renderBearingCard(manifest, config, evaluation),
    bom: {
      architecture: evaluation.student.architecture,
      task: "classification",
      outputs: "uint8 quantised logits, one per failure mode",
      dataDescriptions: {
        [dataset.name]: parts.recordings.manifest.about,
        ...(config.inventedRigs === undefined ? {} : { "invented-rigs": inventedDescription }),
      },
      metrics: {
        "held-out macro AUROC": metrics.macroAuroc!.value,
        "held-out Brier score": metrics.brier!.value,
      },
    },
    summary: [
      `held-out macro AUROC ${formatFigure(metrics.macroAuroc!, 4)}; ${heldOut.detected.right} of ${heldOut.detected.of} faulty recordings raised rightly, ${heldOut.quiet.right} of ${heldOut.quiet.of} healthy ones quiet`,
    ],
  };
}

async function makeFiles({
  config,
  student: { value: student },
  calibration,
  division,
  recordings,
}: BearingParts): Promise<Readonly<Record<string, Uint8Array>>> {
  const { seed, backgroundRows } = config;
  const healthy = division.trainSignals.filter((signal) => signal.failureMode === null);
  const rows = healthy.reduce((sum, { served }) => sum + served.rows, 0);
  const features = new Float32Array(rows * config.features.list.length);
  let at = 0;
  for (const { served } of healthy) {
    features.set(served.features, at);
    at += served.features.length;
  }
  return makeStudentFiles({
    config,
    student,
    background: clusterHealthyBackground(
      { quantised: student.quantised, calibration },
      { rows, standardised: standardiseRows(features, rows, student.scaler) },
      { count: backgroundRows, random: seedStream(seed, "background") },
    ),
    reference: fitHealthyReference(healthy, student, {
      config,
      levels: await readHealthyLevels(recordings, healthy, config),
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
  { config, levels }: { readonly config: BearingConfig; readonly levels: HealthyLevels | null },
): ReturnType<typeof fitReference> {
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
  { set }: OpenRecordings,
  healthy: readonly WaveformRows[],
  { window, features, baseline }: BearingConfig,
): Promise<HealthyLevels | null> {
  if (baseline === undefined) return null;
  const { levels } = baseline;
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

/** Where the levels of healthy machines lay; undefined where the configuration asks for no baseline. */
async function describeBaseline(
  { config, rows, healthy, recordings, division: { trainSignals, trainGroups } }: BearingParts,
  { steps }: TrainingContext,
): Promise<BaselineSpec | undefined> {
  const { baseline, window } = config;
  if (baseline === undefined) return undefined;
  // What is not learnt from may be all that holds the highest band.
  const extra = rows.value.extra.filter(({ entry }) => trainGroups.includes(entry.machine));
  const reference = await steps.run(
    "package",
    { part: "levels", config: { ...describeDivision(config), window, baseline }, from: [rows] },
    () => fitLevelReference(recordings, [...trainSignals, ...extra], { window, levels: baseline.levels }),
  );
  return { ...baseline, healthy, reference: reference.value };
}

/**
 * Median and scaled median absolute deviation of each level over the healthy windows of `signals`; null where none of
 * them is heard (a band above the rate of all recordings). A severity is compared with them while a machine's own
 * baseline is not known: another machine's level says little of this one's; only its trend is to be believed.
 */
async function fitLevelReference(
  { set }: OpenRecordings,
  signals: readonly WaveformRows[],
  { window, levels }: Pick<BearingConfig, "window"> & Pick<BaselineSpec, "levels">,
): Promise<readonly (LevelStatistics | null)[]> {
  const values: number[][] = levels.list.map(() => []);
  for (const { entry, failureMode } of signals) {
    if (failureMode !== null || !entry.isAbsolute) continue;
    for await (const part of set.parts(entry)) {
      for (const [at, value] of extractLevels(part, window, levels).entries()) {
        if (Number.isFinite(value)) values[at % values.length]!.push(value);
      }
    }
  }
  return values.map((each) =>
    each.length === 0 ? null : { locationDb: computeMedian(each), scaleDb: computeScaledMad(each) },
  );
}
