/** What a diagnosis bundle says and holds of its student, whoever that learnt from: its share of the manifest, and files. */
import type {
  BaselineSpec,
  HealthyLogits,
  LevelStatistics,
} from "../../../core/contract/bundle/baseline-spec.ts";
import { type Calibration, mcuModelFileName } from "../../../core/contract/bundle/manifest.ts";
import { createMcuModel } from "../../bundle/create-mcu-model.ts";
import { listGroups } from "../../bundle/list-groups.ts";
import type { RecordingSet } from "../../dataset/recordings/recording-set.ts";
import type { TrainedStudent } from "../../learn/train-student.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import type { CommonConfig } from "../common-config.ts";
import type { TrainedModel, TrainingContext } from "../recipe.ts";
import { type BearingConfig, type DiagnosisKeys, decideThreshold } from "./bearing-config.ts";
import type { RecordedData } from "./learn/read-training-rows.ts";
import type { RecordedRows, WaveformRows } from "./learn/recorded-rows.ts";
import { fitLevelReference, makeHealthyFiles, poolLevel } from "./package-healthy.ts";

/** What they are made of. */
export interface StudentParts {
  readonly config: CommonConfig & Pick<BearingConfig, DiagnosisKeys>;
  readonly student: StepOutput<TrainedStudent>;
  /** One an output. */
  readonly calibration: readonly Calibration[];
  readonly healthyLogits: HealthyLogits;
  readonly data: StepOutput<RecordedData>;
  readonly rows: StepOutput<RecordedRows>;
  readonly set: RecordingSet;
  /** What the student learnt from. */
  readonly signals: readonly WaveformRows[];
  /** Beside them what levels may be heard from: what is not learnt from may be all that holds the highest band. */
  readonly extra: readonly WaveformRows[];
  readonly parent: ParentsShare | null;
}

/** What a parent hands on. */
interface ParentsShare {
  readonly digest: string;
  /** Rows of its background, standardised. */
  readonly background: Float32Array;
  /** Where its levels lay, one a level; absent: it says nothing of levels. */
  readonly reference: readonly (LevelStatistics | null)[] | undefined;
}

/** Makes them. Fails with DATA_MISSING or DATA_FORMAT. */
export async function packageStudent(
  parts: StudentParts,
  steps: TrainingContext["steps"],
): Promise<Pick<TrainedModel, "manifest" | "files">> {
  const { config, calibration, data, parent, rows, set } = parts;
  const { hypotheses, features, backgroundRows, goldenCases, driftReplicates, seed, window } = config;
  const student = parts.student.value;
  const baseline = await describeBaseline(parts, steps);
  const levels = config.baseline?.levels;
  const healthy = parts.signals.filter(({ failureMode }) => failureMode === null);
  const made = { backgroundRows, goldenCases, driftReplicates, seed, window, features, hypotheses, levels };
  const chosen = { ids: healthy.map(({ entry }) => entry.id), parent: parent?.digest };
  const files = await steps.run(
    "package",
    { config: { ...made, ...chosen, calibration }, from: [data, rows, parts.student] },
    (own) =>
      makeHealthyFiles({
        config: own,
        student,
        calibration: own.calibration,
        healthy,
        known: parent?.background,
        set,
      }),
  );
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
      groups: listGroups(features),
      ...(baseline === undefined ? {} : { baseline }),
    },
    files: { ...files.value, [mcuModelFileName]: mcuModel },
  };
}

/**
 * Where the levels of these healthy machines lay, pooled with the parent's; undefined where the configuration
 * asks for no baseline.
 */
async function describeBaseline(
  { config, signals, extra, parent, data, rows, set, healthyLogits }: StudentParts,
  steps: TrainingContext["steps"],
): Promise<BaselineSpec | undefined> {
  const { baseline, window } = config;
  if (baseline === undefined) return undefined;
  const { levels } = baseline;
  const heard = [...signals, ...extra];
  const ids = heard.map(({ entry }) => entry.id);
  const own = await steps.run(
    "package",
    { part: "levels", config: { window, levels, ids }, from: [data, rows] },
    (own) => fitLevelReference(set, heard, own),
  );
  const reference = own.value.map((level, index) => poolLevel(level, parent?.reference?.[index] ?? null));
  return { ...baseline, healthy: healthyLogits, reference };
}
