/** Puts together what travels with a fine-tuned student: references, background, golden vectors, card, lineage. */
import type { BaselineSpec } from "../../../core/contract/bundle/baseline-spec.ts";
import { mcuModelFileName } from "../../../core/contract/bundle/manifest.ts";
import { createMcuModel } from "../../bundle/create-mcu-model.ts";
import { listGroups } from "../../bundle/list-groups.ts";
import { describeNetwork } from "../../bundle/model-documents.ts";
import type { TrainedStudent } from "../../learn/train-student.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import type { TrainedModel, TrainingContext } from "../recipe.ts";
import { decideThreshold } from "./bearing-config.ts";
import type { JudgedTuned } from "./judge/tuned-evaluation.ts";
import { describeInvented, inventedDescription } from "./learn/invented-rows.ts";
import type { OpenRecordings } from "./learn/open-recordings.ts";
import type { ParentBundle } from "./learn/parent-bundle.ts";
import type { RecordedRows } from "./learn/recorded-rows.ts";
import { fitLevelReference, makeHealthyFiles } from "./package-healthy.ts";
import { renderTunedCard } from "./report/tuned-card.ts";
import { sayTuned } from "./report/tuned-tables.ts";
import type { TunedConfig } from "./tuned-config.ts";

interface TunedParts {
  readonly config: TunedConfig;
  readonly parent: ParentBundle;
  readonly student: StepOutput<TrainedStudent>;
  readonly judged: StepOutput<JudgedTuned>;
  readonly rows: StepOutput<RecordedRows>;
  readonly fingerprint: string;
  readonly recordings: OpenRecordings;
}

/** Makes what goes into the bundle. Fails with DATA_MISSING or DATA_FORMAT. */
export async function packageTuned(
  parts: TunedParts,
  { steps }: TrainingContext,
): Promise<Omit<TrainedModel, "report">> {
  const { config, parent, rows, recordings } = parts;
  const student = parts.student.value;
  const { evaluation, calibration, healthy } = parts.judged.value;
  const { hypotheses, dataset } = config;
  const { signals } = rows.value;
  const quiet = signals.filter(({ failureMode }) => failureMode === null);
  const baseline = await describeBaseline(parts, steps);
  const { backgroundRows, goldenCases, driftReplicates, seed, window } = config;
  const made = { backgroundRows, goldenCases, driftReplicates, seed, window, hypotheses, calibration };
  const files = await steps.run(
    "package",
    { config: { ...made, levels: config.baseline?.levels }, from: [rows, parts.student] },
    () =>
      makeHealthyFiles({
        config,
        student,
        calibration,
        healthy: quiet,
        known: parent.background.values,
        set: recordings.set,
      }),
  );
  const { scaler } = student;
  const thresholds = hypotheses.map(() => decideThreshold(config));
  const mcuModel = createMcuModel({ ...config, scaler, calibration, thresholds }, student.quantised);
  const rigs = { ...config, inventedRigs: { ...config.inventedRigs, weight: 1 } };
  return {
    manifest: {
      task: "diagnosis",
      horizonHours: null,
      scaler,
      outputs: hypotheses.map(({ failureMode, title }) => ({ failureMode, title })),
      calibration,
      thresholds,
      groups: listGroups(config.features),
      ...(baseline === undefined ? {} : { baseline: { ...baseline, healthy } }),
    },
    lineage: {
      data: [
        {
          name: dataset.name,
          sha256: parts.fingerprint,
          trainGroups: [...new Set(signals.map(({ entry }) => entry.machine))].sort(),
          // Each is left out in turn for the figures, and none for good.
          heldOutGroups: [],
        },
        ...describeInvented(rigs),
      ],
      teacher: `its parent ${config.from.name}@${config.from.version}, whose word is ${config.tuning.parentWord} of what is said of a recording and all of what is said of invented rigs`,
    },
    files: { ...files.value, [mcuModelFileName]: mcuModel },
    evaluation,
    renderCard: (manifest) => renderTunedCard(manifest, config, evaluation),
    bom: {
      architecture: describeNetwork(student.quantised),
      task: "classification",
      outputs: "uint8 quantised logits, one per failure mode",
      dataDescriptions: { [dataset.name]: evaluation.dataDescription, "invented-rigs": inventedDescription },
      metrics: {
        [`${evaluation.headline} on machines left out in turn`]:
          evaluation.metrics[evaluation.headline]!.value,
        "Brier score on machines left out in turn": evaluation.metrics.brier!.value,
      },
    },
    summary: [
      ...sayTuned(evaluation),
      ...(evaluation.next.length === 0
        ? []
        : [`To learn the most, record next: ${evaluation.next[0]!.words}.`]),
    ],
  };
}

/** Where the levels of these healthy machines lay; the parent's where nobody heard one here. */
async function describeBaseline(
  { config, parent, rows, recordings }: TunedParts,
  steps: TrainingContext["steps"],
): Promise<Omit<BaselineSpec, "healthy"> | undefined> {
  const { baseline, window } = config;
  if (baseline === undefined) return undefined;
  const { levels } = baseline;
  const heard = [...rows.value.signals, ...rows.value.extra];
  const own = await steps.run("package", { part: "levels", config: { window, levels }, from: [rows] }, () =>
    fitLevelReference(recordings.set, heard, { window, levels }),
  );
  const inherited = parent.manifest.baseline?.reference;
  return { ...baseline, reference: own.value.map((level, index) => level ?? inherited?.[index] ?? null) };
}
