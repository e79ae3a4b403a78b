/** Puts together what travels with a fine-tuned student: references, background, golden vectors, card, lineage. */
import { describeNetwork } from "../../bundle/model-documents.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import type { TrainedModel, TrainingContext } from "../recipe.ts";
import type { JudgedTuned } from "./judge/tuned-evaluation.ts";
import { describeInvented, inventedDescription } from "./learn/invented-rows.ts";
import type { OpenRecordings } from "./learn/open-recordings.ts";
import type { ParentBundle } from "./learn/parent-bundle.ts";
import { packageStudent, type StudentParts } from "./package-student.ts";
import { renderTunedCard } from "./report/tuned-card.ts";
import { sayTuned } from "./report/tuned-tables.ts";
import { type TunedConfig, weighRigs } from "./tuned-config.ts";

interface TunedParts extends Pick<StudentParts, "student" | "data" | "rows"> {
  readonly config: TunedConfig;
  readonly parent: ParentBundle;
  readonly judged: StepOutput<JudgedTuned>;
  readonly recordings: OpenRecordings;
}

/** Makes what goes into the bundle. Fails with DATA_MISSING or DATA_FORMAT. */
export async function packageTuned(
  parts: TunedParts,
  { steps }: TrainingContext,
): Promise<Omit<TrainedModel, "report">> {
  const { config, data, parent, rows, recordings, student } = parts;
  const { evaluation, calibration, healthy: healthyLogits } = parts.judged.value;
  const { dataset } = config;
  const { signals, extra } = rows.value;
  const { background, digest, manifest } = parent;
  const packaged = await packageStudent(
    {
      ...parts,
      calibration,
      healthyLogits,
      set: recordings.set,
      signals,
      extra,
      parent: { digest, background: background.values, reference: manifest.baseline?.reference },
    },
    steps,
  );
  return {
    ...packaged,
    lineage: {
      data: [
        {
          name: dataset.name,
          sha256: data.value.fingerprint,
          trainGroups: [...new Set(signals.map(({ entry }) => entry.machine))].sort(),
          // Each is left out in turn for the figures, and none for good.
          heldOutGroups: [],
        },
        ...describeInvented({ ...config, inventedRigs: weighRigs(config) }),
      ],
      teacher: `its parent ${config.from.name}@${config.from.version}, whose word is ${config.tuning.parentWord} of what is said of a recording and all of what is said of invented rigs`,
    },
    evaluation,
    renderCard: (manifest) => renderTunedCard(manifest, config, evaluation),
    bom: {
      architecture: describeNetwork(student.value.quantised),
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
