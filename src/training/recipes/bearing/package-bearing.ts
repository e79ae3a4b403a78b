/** Puts together what travels with a bearing student: references, background, golden vectors, card, lineage. */

import { formatFigure } from "../../judge/figure.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import type { TrainedModel, TrainingContext } from "../recipe.ts";
import type { BearingConfig } from "./bearing-config.ts";
import type { JudgedBearing } from "./judge/bearing-evaluation.ts";
import type { GroupDivision } from "./learn/divide-by-groups.ts";
import { describeInvented, inventedDescription } from "./learn/invented-rows.ts";
import type { OpenRecordings } from "./learn/open-recordings.ts";
import { packageStudent, type StudentParts } from "./package-student.ts";
import { renderBearingCard } from "./report/bearing-card.ts";

interface BearingParts
  extends Pick<StudentParts, "student" | "calibration" | "healthyLogits" | "data" | "rows"> {
  readonly config: BearingConfig;
  readonly judged: StepOutput<JudgedBearing>;
  readonly division: GroupDivision;
  readonly recordings: OpenRecordings;
}

/** Makes what goes into the bundle. Fails with DATA_MISSING or DATA_FORMAT. */
export async function packageBearing(
  parts: BearingParts,
  { steps }: TrainingContext,
): Promise<Omit<TrainedModel, "report">> {
  const { config, data, division, rows, recordings } = parts;
  const { trainSignals, trainGroups } = division;
  const { evaluation } = parts.judged.value;
  const { heldOut, metrics } = evaluation;
  const { dataset } = config;
  const packaged = await packageStudent(
    {
      ...parts,
      set: recordings.set,
      signals: trainSignals,
      extra: rows.value.extra.filter(({ entry }) => trainGroups.includes(entry.machine)),
      parent: null,
    },
    steps,
  );
  const { teacher } = config.recipe;
  return {
    ...packaged,
    lineage: {
      data: [
        {
          name: dataset.name,
          sha256: data.value.fingerprint,
          trainGroups,
          heldOutGroups: dataset.heldOutGroups,
        },
        ...describeInvented(config),
      ],
      teacher:
        teacher.members === 0
          ? "none"
          : `mean of ${teacher.members} tied networks of ${teacher.hidden.join("-")} hidden neurons a failure mode; macro AUROC ${evaluation.steps.find(({ name }) => name === "teacher")!.heldOut.value.toFixed(3)} on the held-out bearings`,
    },
    evaluation,
    renderCard: (manifest) => renderBearingCard(manifest, config, evaluation),
    bom: {
      architecture: evaluation.student.architecture,
      task: "classification",
      outputs: "uint8 quantised logits, one per failure mode",
      dataDescriptions: {
        [dataset.name]: recordings.manifest.about,
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
