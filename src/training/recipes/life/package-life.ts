/** Puts together what travels with a remaining-life student: its evaluation, drift reference, background, golden vectors, card. */
import { encodeGolden } from "../../../core/bundle/golden.ts";
import { bundleFileNames } from "../../../core/contract/bundle/manifest.ts";
import { fitReference } from "../../../core/drift/fit-reference.ts";
import { encodeReference } from "../../../core/drift/reference-codec.ts";
import { encodeBackground } from "../../../core/explain/background-codec.ts";
import { encodeStudent } from "../../../core/inference/onnx-codec.ts";
import { createRandom, type Random } from "../../../core/maths/random.ts";
import { clusterBackground } from "../../bundle/cluster-background.ts";
import { describeNetwork } from "../../bundle/describe-network.ts";
import { createGoldenCases } from "../../bundle/golden-cases.ts";
import type { CmapssEngine } from "../../dataset/cmapss.ts";
import { standardiseRows } from "../../learn/train-student.ts";
import type { TrainedModel } from "../../recipe.ts";
import type { FittedLifeContract } from "./fit-life-contract.ts";
import {
  compareForms,
  judgeOutOfFold,
  judgeTest,
  nameMetrics,
  type OutOfFoldLife,
  specifyLife,
} from "./judge-life.ts";
import { renderLifeCard } from "./life-card.ts";
import type { LifeConfig } from "./life-config.ts";
import type { LifeEvaluation } from "./life-evaluation.ts";
import { summariseLife } from "./life-protocols.ts";
import { reportLife } from "./life-report.ts";
import { type LifeRows, selectLastRows } from "./life-rows.ts";
import { describeCut, sliceLife } from "./life-slices.ts";
import { type LifeStudent, predictLife } from "./train-life-student.ts";

/** What is judged. */
export interface LifeSubject {
  readonly config: LifeConfig;
  readonly contract: FittedLifeContract;
  readonly student: LifeStudent;
  readonly oof: OutOfFoldLife;
  readonly foldOf: ArrayLike<number>;
  /** All rows of test engines. */
  readonly testRows: LifeRows;
  readonly testEngines: readonly CmapssEngine[];
}

/** Words about the data set. */
const dataDescription =
  "NASA C-MAPSS turbofan degradation, simulated engines (A. Saxena, K. Goebel, D. Simon, N. Eklund, PHM 2008); US government work";

/** Judges everything; the one place of the recipe that looks at test engines' remaining lives. */
export function evaluateLife(
  subject: LifeSubject & { readonly trainingEngines: number; readonly trainingRows: number },
): LifeEvaluation {
  const { config, contract, student, oof, foldOf, testRows, testEngines } = subject;
  const spec = specifyLife(config, oof, () => true);
  const predict = ({ features, rows }: LifeRows): Float32Array =>
    predictLife(student, "int8", features, rows, config.capCycles);
  const tests = judgeTest(config, spec, predict, testRows);
  const last = selectLastRows(testRows);
  return {
    formatVersion: 1,
    name: config.name,
    version: config.version,
    metrics: nameMetrics(tests),
    dataDescription,
    capCycles: config.capCycles,
    trainingEngines: subject.trainingEngines,
    trainingRows: subject.trainingRows,
    droppedChannels: contract.dropped,
    outOfRangeReadings: contract.outOfRange,
    test: tests.last,
    testUncapped: tests.uncapped,
    testAllRows: tests.allRows,
    slices: sliceLife(
      tests.lastScores,
      Array.from(last.engine, (engine) => describeCut(testEngines[engine]!)),
      config.seed,
    ),
    outOfFold: judgeOutOfFold(config, oof, foldOf),
    interval: spec.interval,
    ...compareForms(config, student, oof, last),
    architecture: describeNetwork(student.quantised),
    limitations: config.limitations,
  };
}

/** Packages. */
export function packageLife(
  subject: LifeSubject & {
    readonly evaluation: LifeEvaluation;
    /** Rows that were learnt from. */
    readonly rows: LifeRows;
    readonly trainIds: readonly string[];
    readonly fingerprint: string;
  },
): TrainedModel {
  const { config, contract, student, oof, evaluation } = subject;
  const { channels, features } = contract;
  const groups = [...new Set(features.list.map((feature) => feature.group))];
  const teacherStep = evaluation.steps.find((step) => step.form === "teacher")!;
  return {
    manifest: {
      task: "remaining-life",
      horizonHours: null,
      channels,
      features,
      scaler: student.scaler,
      outputs: [{ failureMode: "remaining-life", title: "share of the cap that is left" }],
      calibration: [],
      thresholds: [],
      groups,
      remainingLife: specifyLife(config, oof, () => true),
    },
    lineage: {
      data: [
        {
          name: `cmapss-${config.dataset.subset.toLowerCase()}`,
          sha256: subject.fingerprint,
          trainGroups: subject.trainIds,
          heldOutGroups: subject.testEngines.map((engine) => engine.id),
        },
      ],
      teacher: `mean of ${config.recipe.teacher.members} networks of ${config.recipe.teacher.hidden.join("-")} hidden neurons; RMSE ${teacherStep.outOfFold.value.toFixed(2)} cycles out of fold`,
    },
    files: makeFiles(config, contract, groups, student, subject.rows),
    evaluation,
    renderCard: (manifest) => renderLifeCard(manifest, config, evaluation),
    bom: {
      architecture: evaluation.architecture,
      task: "regression",
      outputs: "uint8 share of the cap that is left",
      dataDescriptions: { [`cmapss-${config.dataset.subset.toLowerCase()}`]: dataDescription },
      metrics: {
        "RMSE on test engines, capped": evaluation.test.rmse.value,
        "coverage of the interval on test engines": evaluation.test.coverage.value,
      },
    },
    summary: summariseLife(evaluation.test, config),
    report: reportLife(evaluation, student, subject.testRows, config),
  };
}

function makeFiles(
  config: LifeConfig,
  { features }: FittedLifeContract,
  groups: readonly string[],
  student: LifeStudent,
  rows: LifeRows,
): Readonly<Record<string, Uint8Array>> {
  const stream = (purpose: string): Random => createRandom(config.seed).fork(`package: ${purpose}`);
  const standardised = standardiseRows(rows.features, rows.rows, student.scaler);
  const background = encodeBackground(
    clusterBackground(standardised, rows.rows, config.backgroundRows, stream("background")),
  );
  const golden = createGoldenCases(
    {
      spec: features,
      window: config.window,
      groups,
      scaler: student.scaler,
      student: student.quantised,
      background,
    },
    config.goldenCases,
    stream("golden"),
  );
  const width = features.list.length;
  const scores = predictLife(student, "int8", rows.features, rows.rows, config.capCycles);
  const segments: number[] = [];
  for (const [row, engine] of rows.engine.entries()) {
    if (row > 0 && engine === rows.engine[row - 1]) segments[segments.length - 1]!++;
    else segments.push(1);
  }
  const reference = fitReference(
    Array.from({ length: rows.rows }, (_, row) => rows.features.subarray(row * width, (row + 1) * width)),
    features.list.map((feature) => feature.name),
    Array.from(scores, (score) => [score]),
    {
      seed: stream("drift").integer(2 ** 31),
      replicates: config.driftReplicates,
      segments,
      scoreNames: ["remaining-life"],
    },
  );
  return {
    [bundleFileNames.model]: encodeStudent(student.quantised),
    [bundleFileNames.reference]: encodeReference(reference),
    [bundleFileNames.background]: background,
    [bundleFileNames.golden]: encodeGolden({
      features: width,
      outputs: 1,
      groups: groups.length,
      cases: golden,
    }),
  };
}
