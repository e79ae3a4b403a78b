/** Puts together what travels with a bearing student: references, background, golden vectors, card, lineage. */

import type { BaselineSpec, HealthyLogits } from "../../../core/contract/bundle/baseline-spec.ts";
import { type Calibration, mcuModelFileName } from "../../../core/contract/bundle/manifest.ts";
import { createMcuModel } from "../../bundle/create-mcu-model.ts";
import { listGroups } from "../../bundle/list-groups.ts";
import { formatFigure } from "../../judge/figure.ts";
import type { TrainedStudent } from "../../learn/train-student.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import type { TrainedModel, TrainingContext } from "../recipe.ts";
import { type BearingConfig, decideThreshold } from "./bearing-config.ts";
import type { JudgedBearing } from "./judge/bearing-evaluation.ts";
import { describeDivision, type GroupDivision } from "./learn/divide-by-groups.ts";
import { describeInvented, inventedDescription } from "./learn/invented-rows.ts";
import type { OpenRecordings } from "./learn/open-recordings.ts";
import type { RecordedRows } from "./learn/recorded-rows.ts";
import { fitLevelReference, makeHealthyFiles } from "./package-healthy.ts";
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
    () =>
      makeHealthyFiles({
        config,
        student,
        calibration,
        healthy: parts.division.trainSignals.filter(({ failureMode }) => failureMode === null),
        set: parts.recordings.set,
      }),
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
    () => fitLevelReference(recordings.set, [...trainSignals, ...extra], { window, levels: baseline.levels }),
  );
  return { ...baseline, healthy, reference: reference.value };
}
