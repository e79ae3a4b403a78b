/** Puts together what travels with a normal-behaviour student: drift reference, background, golden vectors, lineage, card. */
import type { NormalBehaviourSpec } from "../../../core/contract/bundle/normal-behaviour.ts";
import type { DriftReference } from "../../../core/drift/drift-reference.ts";
import { defaultSampleSizes, fitReference } from "../../../core/drift/fit-reference.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import { gatherRows } from "../../../core/maths/gather-rows.ts";
import { createRandom, type Random } from "../../../core/maths/random.ts";
import { clusterBackground } from "../../bundle/cluster-background.ts";
import { listGroups } from "../../bundle/list-groups.ts";
import { describeNetwork } from "../../bundle/model-documents.ts";
import { makeStudentFiles } from "../../bundle/student-files.ts";
import { parseDay } from "../../dataset/scada/table-config.ts";
import type { TrainedModel } from "../recipe.ts";
import { renderScadaLines, type ScadaEvaluation } from "./judge/scada-evaluation.ts";
import { learnableRows, type ScadaCase } from "./learn/scada-case.ts";
import type { ScadaFingerprint } from "./learn/scada-rows.ts";
import { type PreparedScadaRows, runScadaForm, type ScadaStudent } from "./learn/train-scada-student.ts";
import { renderScadaCard } from "./report/scada-card.ts";
import type { ScadaRecipeConfig } from "./scada-config.ts";

/** Every so many rows go into the background: two hours apart, rows are less alike. */
const backgroundStride = 12;

interface ScadaSubject {
  readonly config: ScadaRecipeConfig;
  readonly student: ScadaStudent;
  readonly spec: NormalBehaviourSpec;
  readonly evaluation: ScadaEvaluation;
  readonly fingerprint: ScadaFingerprint;
}

export function packageScada(
  { config, student, spec, evaluation, fingerprint }: ScadaSubject,
  files: Readonly<Record<string, Uint8Array>>,
): Omit<TrainedModel, "report"> {
  const { teacher } = config.recipe;
  const { detected, gainEur } = evaluation.metrics;
  const form = evaluation.forms[0]!.find((each) => each.form === "teacher")!;
  const { name, turbines, description, period } = config.dataset;
  const lastTrained = new Date(parseDay(period.test) - dayMs).toISOString().slice(0, 10);
  const periods = { train: `until ${lastTrained}`, test: `${period.test} to ${period.end}` };
  return {
    manifest: {
      task: "normal-behaviour",
      horizonHours: 24 * spec.policy.maxLeadDays,
      scaler: student.scaler,
      outputs: config.residuals.map(({ channel, title }) => ({ failureMode: channel, title })),
      calibration: [],
      thresholds: [],
      groups: listGroups(config.features),
      normalBehaviour: spec,
    },
    lineage: {
      data: [
        {
          name,
          sha256: fingerprint.train,
          trainGroups: turbines.map((turbine) => `${turbine} ${periods.train}`),
          heldOutGroups: [],
        },
        {
          name: `${name}-test`,
          sha256: fingerprint.test,
          trainGroups: [],
          heldOutGroups: turbines.map((turbine) => `${turbine} ${periods.test}`),
        },
      ],
      teacher: `mean of ${teacher.members} networks of ${teacher.hidden.join("-")} hidden neurons; error ${form.maeKelvin.value.toFixed(3)} K on the test period`,
    },
    files,
    evaluation,
    renderCard: (manifest) => renderScadaCard(manifest, config, evaluation),
    bom: {
      architecture: describeNetwork(student.quantised),
      task: "regression",
      outputs: "uint8 quantised temperatures of components in healthy operation",
      dataDescriptions: { [name]: description, [`${name}-test`]: description },
      metrics: {
        ...(detected === undefined
          ? {}
          : { [`failures detected of ${evaluation.policies.policy!.failures.length}`]: detected.value }),
        ...(gainEur === undefined ? {} : { "EUR against never looking": gainEur.value }),
        "mean error in kelvin": evaluation.metrics.maeKelvin!.value,
      },
    },
    summary: renderScadaLines(evaluation),
  };
}

/** What they are made from. */
interface ScadaParts {
  readonly config: Pick<
    ScadaRecipeConfig,
    "seed" | "window" | "features" | "residuals" | "backgroundRows" | "goldenCases" | "driftReplicates"
  > & { readonly recipe: Pick<ScadaRecipeConfig["recipe"], "excludeDays"> };
  readonly subject: Omit<ScadaCase, "config">;
  readonly prepared: PreparedScadaRows;
  readonly student: ScadaStudent;
}

/** The binary files of the bundle. */
export function makeScadaFiles({
  config,
  subject,
  prepared,
  student,
}: ScadaParts): Readonly<Record<string, Uint8Array>> {
  const stream = (purpose: string): Random => createRandom(config.seed).fork(`package: ${purpose}`);
  const width = config.features.list.length;
  const rows = Math.floor(prepared.rows / backgroundStride);
  const spread = Array.from({ length: rows }, (_, index) => index * backgroundStride);
  return makeStudentFiles({
    config,
    student,
    background: clusterBackground(
      { values: gatherRows(prepared.features, width, spread), rows },
      config.backgroundRows,
      stream("background"),
    ),
    reference: fitScadaReference({ config, subject, student }, stream("drift")),
    random: stream("golden"),
  });
}

/**
 * Every row that may be learnt from, as they are served: held against rows two hours apart, each day of a healthy turbine
 * would look strange, for its own rows are more alike than those. The features say under what conditions a turbine runs, and
 * what the student leaves unexplained says how it is.
 */
function fitScadaReference(
  { config, subject, student }: Omit<ScadaParts, "prepared">,
  random: Random,
): DriftReference {
  const width = config.features.list.length;
  const outputs = config.residuals.length;
  const isLearnable = learnableRows({ ...subject, config });
  const rows: Float32Array[] = [];
  const scores: Float32Array[] = [];
  const segments: number[] = [];
  for (const turbine of subject.rows.turbines) {
    const predicted = runScadaForm(student, "int8", turbine);
    let taken = 0;
    for (let row = 0; row < turbine.rows; row++) {
      if (!isLearnable(turbine, row)) continue;
      rows.push(turbine.features.subarray(row * width, (row + 1) * width));
      scores.push(
        Float32Array.from({ length: outputs }, (_, output) => {
          const at = row * outputs + output;
          const expected = student.location[output]! + student.scale[output]! * predicted.outputs[at]!;
          return turbine.measured[at]! - expected;
        }),
      );
      taken++;
    }
    segments.push(taken);
  }
  return fitReference(
    { rows, featureNames: config.features.list.map((feature) => feature.name), scoreRows: scores },
    {
      seed: random.integer(2 ** 31),
      replicates: config.driftReplicates,
      segments,
      // What is served is one stretch of one turbine, and so is each that is drawn.
      blockRows: Math.max(...defaultSampleSizes),
      featureRole: "condition",
      machines: segments.filter((taken) => taken > 0).length,
      scoreNames: config.residuals.map((residual) => residual.channel),
    },
  );
}
