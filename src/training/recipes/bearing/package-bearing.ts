/** Puts together what travels with a bearing student: drift reference, background, golden vectors, card, lineage. */

import { encodeGolden } from "../../../core/bundle/golden.ts";
import type { BaselineSpec } from "../../../core/contract/bundle/baseline-spec.ts";
import {
  bundleFileNames,
  type Calibration,
  mcuModelFileName,
} from "../../../core/contract/bundle/manifest.ts";
import { fitReference } from "../../../core/drift/fit-reference.ts";
import { encodeReference } from "../../../core/drift/reference-codec.ts";
import { encodeBackground } from "../../../core/explain/background.ts";
import { encodeStudent } from "../../../core/inference/onnx-codec.ts";
import { clusterBackground } from "../../bundle/cluster-background.ts";
import { createMcuModel } from "../../bundle/create-mcu-model.ts";
import { createGoldenCases } from "../../bundle/golden-cases.ts";
import {
  type LabelledRows,
  runStudent,
  standardiseRows,
  type TrainedStudent,
} from "../../learn/train-student.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import type { TrainedModel, TrainingContext } from "../../recipe.ts";
import { type BearingConfig, decideThreshold } from "./bearing-config.ts";
import type { BearingEvaluation } from "./judge/bearing-evaluation.ts";
import { cwruDescription, type JudgedBearing } from "./judge/judge-bearing.ts";
import type { WaveformRows } from "./learn/cwru-rows.ts";
import { alwaysHeldOut } from "./learn/divide-by-groups.ts";
import { seedStream } from "./learn/seed-streams.ts";
import { renderBearingCard } from "./report/bearing-card.ts";

/** Steps that the package is made from. */
export interface BearingParts {
  readonly config: BearingConfig;
  readonly student: StepOutput<TrainedStudent>;
  readonly judged: StepOutput<JudgedBearing>;
  readonly rows: StepOutput<unknown>;
  /** One an output. */
  readonly calibration: readonly Calibration[];
  readonly baseline: BaselineSpec | undefined;
}

/** What it was learnt from. */
export interface BearingSources {
  readonly trainSignals: readonly WaveformRows[];
  readonly trainRows: LabelledRows;
  readonly trainGroups: readonly string[];
  readonly fingerprint: string;
}

/** Packages. */
export async function packageBearing(
  parts: BearingParts,
  sources: BearingSources,
  { steps }: TrainingContext,
): Promise<TrainedModel> {
  const { config, calibration } = parts;
  const student = parts.student.value;
  const evaluation = parts.judged.value.evaluation;
  const groups = [...new Set(config.features.list.map((feature) => feature.group))];
  const { backgroundRows, goldenCases, driftReplicates, seed, window, hypotheses, dataset } = config;
  const shares = { backgroundRows, goldenCases, driftReplicates, seed, window, groups, dataset, hypotheses };
  const files = await steps.run("package", { config: shares, from: [parts.rows, parts.student] }, () =>
    makeFiles(config, groups, student, sources),
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
      ...(parts.baseline === undefined ? {} : { baseline: parts.baseline }),
    },
    lineage: {
      data: [
        {
          name: "cwru",
          sha256: sources.fingerprint,
          trainGroups: sources.trainGroups,
          heldOutGroups: [...dataset.heldOutGroups, alwaysHeldOut],
        },
      ],
      teacher:
        teacher.members === 0
          ? "none"
          : `mean of ${teacher.members} tied networks of ${teacher.hidden.join("-")} hidden neurons a failure mode; macro AUROC ${evaluation.baselines.teacher!.toFixed(3)} on the held-out bearings`,
    },
    files: { ...files.value, [mcuModelFileName]: mcuModel },
    evaluation,
    renderCard: (manifest) => renderBearingCard(manifest, config, evaluation),
    bom: {
      architecture: evaluation.student.architecture,
      task: "classification",
      outputs: "uint8 quantised logits, one per failure mode",
      dataDescriptions: { cwru: cwruDescription },
      metrics: {
        "held-out macro AUROC": evaluation.heldOut.macroAuroc,
        "held-out Brier score": evaluation.heldOut.brier,
      },
    },
    summary: summarise(evaluation),
  };
}

function summarise({ heldOut }: BearingEvaluation): readonly string[] {
  const { detected, quiet } = heldOut;
  return [
    `held-out macro AUROC ${heldOut.macroAuroc.toFixed(4)}; ${detected.right} of ${detected.of} faulty recordings raised rightly, ${quiet.right} of ${quiet.of} healthy ones quiet`,
  ];
}

function makeFiles(
  config: BearingConfig,
  groups: readonly string[],
  student: TrainedStudent,
  sources: BearingSources,
): Readonly<Record<string, Uint8Array>> {
  const { seed, features, window } = config;
  const { trainRows, trainSignals } = sources;
  const standardised = standardiseRows(trainRows.features, trainRows.rows, student.scaler);
  const background = encodeBackground(
    clusterBackground(standardised, trainRows.rows, config.backgroundRows, seedStream(seed, "background")),
  );
  const golden = createGoldenCases(
    { spec: features, window, groups, scaler: student.scaler, student: student.quantised, background },
    config.goldenCases,
    seedStream(seed, "golden"),
  );
  return {
    [bundleFileNames.model]: encodeStudent(student.quantised),
    [bundleFileNames.reference]: encodeReference(fitHealthyReference(config, trainSignals, student)),
    [bundleFileNames.background]: background,
    [bundleFileNames.golden]: encodeGolden({
      features: features.list.length,
      outputs: config.hypotheses.length,
      groups: groups.length,
      cases: golden,
    }),
  };
}

/** The drift reference: healthy training windows in time order, with the scores that the student gives them. */
function fitHealthyReference(
  config: BearingConfig,
  signals: readonly WaveformRows[],
  student: TrainedStudent,
): ReturnType<typeof fitReference> {
  const healthy = signals.filter((signal) => signal.waveform.failureMode === null);
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
  return fitReference(
    rows,
    config.features.list.map((feature) => feature.name),
    scores,
    {
      seed: seedStream(config.seed, "drift").integer(2 ** 31),
      replicates: config.driftReplicates,
      segments: healthy.map((signal) => signal.served.rows),
      scoreNames: config.hypotheses.map((hypothesis) => hypothesis.failureMode),
    },
  );
}
