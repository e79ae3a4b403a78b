import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createScratchFolder } from "../../../../scripts/scratch-folder.ts";
import { createKeyPair, parsePrivateKey } from "../../../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../../../src/core/bundle/verify-bundle.ts";
import { bundleFileNames } from "../../../../src/core/contract/bundle/manifest.ts";
import { evaluateBundle } from "../../../../src/training/evaluate-bundle.ts";
import type { LevelFigures } from "../../../../src/training/recipes/life/judge-levels.ts";
import type { LifeEvaluation } from "../../../../src/training/recipes/life/life-evaluation.ts";
import { type TrainingResult, train } from "../../../../src/training/train.ts";
import { loadTrainingConfig } from "../../../../src/training/training-config.ts";
import { quiet, tinyOptions } from "../../tiny-options.ts";
import { writeSyntheticCmapss } from "./synthetic-engines.ts";

const signer = parsePrivateKey(createKeyPair().privateKeyPem);
const shipped = (subset: string): string =>
  new URL(`../../../../models/turbofan-life/${subset}.yaml`, import.meta.url).pathname;
const { path: dir, remove } = createScratchFolder("life");
let result: TrainingResult;
let evaluation: LifeEvaluation;

async function trainTiny(name: string, terms = ""): Promise<TrainingResult> {
  const text = (await readFile(shipped("fd001"), "utf8"))
    .replace(/^ {2}softShare:/m, `${terms}$&`)
    .replace(/steps: \d+, batchRows/g, "steps: 100, batchRows")
    .replace(/learningRate: [\d.]+/g, "learningRate: 0.01")
    .replace(/hidden: \[[^\]]*\]/g, "hidden: [16, 8]")
    .replace(/to: \[[^\]]*\]/, "to: [12, 8]")
    .replace(/batchRows: \d+/g, "batchRows: 64")
    .replace(/members: \d+/, "members: 1")
    .replace(/rounds: \d+/, "rounds: 1")
    .replace(/folds: \d+/, "folds: 3")
    .replace(/replicates: \d+/, "replicates: 100")
    .replace(/driftReplicates: \d+/, "driftReplicates: 100")
    .replace(/goldenCases: \d+/, "goldenCases: 5")
    .replace(/backgroundRows: \d+/, "backgroundRows: 4");
  const config = join(dir, `${name}.yaml`);
  await writeFile(config, text);
  return train(config, tinyOptions(dir, name, signer));
}

beforeAll(async () => {
  await writeSyntheticCmapss(dir, 12);
  result = await trainTiny("first");
  evaluation = result.evaluation as LifeEvaluation;
});
afterAll(remove);

test("channels that never change are dropped by the fitted contract, with their features", async () => {
  const { manifest } = await verifyBundle(result.dir, [signer.publicKey]);
  expect(manifest.task).toBe("remaining-life");
  expect(manifest.channels.map((channel) => channel.name)).toEqual(["t24", "nf", "ps30"]);
  expect(manifest.features.list).toHaveLength(3 * 3 + 1);
  expect(evaluation.droppedChannels).toHaveLength(18);
});

test("the int8 student learns what wears, and beats a line and the mean out of fold", () => {
  const rmse = (form: string): number => evaluation.steps.find((step) => step.form === form)!.outOfFold.value;
  expect(rmse("int8")).toBeLessThan(rmse("linear"));
  expect(rmse("linear")).toBeLessThan(rmse("mean"));
  // Six engines a part can fit an interval only so well.
  expect(evaluation.outOfFold.coverage.value).toBeGreaterThan(0.6);
});

test("test engines are held out by name, and none was learnt from", async () => {
  const { manifest } = await verifyBundle(result.dir, [signer.publicKey]);
  const data = manifest.lineage.data[0]!;
  expect(data.trainGroups).toHaveLength(12);
  expect(data.heldOutGroups[0]).toBe("FD001-test-1");
  expect(data.trainGroups.filter((group) => data.heldOutGroups.includes(group))).toEqual([]);
});

test("evaluating the bundle gives its own figures again, and fails on what the recipe requires", async () => {
  const outcome = await evaluateBundle(result.dir, "cmapss", { dataDir: dir, ...quiet });
  const json = outcome.json as {
    readonly metrics: LifeEvaluation["metrics"];
    readonly checks: Readonly<Record<string, boolean>>;
  };
  expect(json.metrics.rmse).toEqual(evaluation.metrics.rmse);
  expect(json.metrics.coverage).toEqual(evaluation.metrics.coverage);
  expect(json.checks).toMatchObject({ asClaimed: true, modelBytes: true });
  expect(outcome.passed).toBe(Object.values(json.checks).every((passed) => passed));
});

test("nested in the training engines, every engine is judged by a student and an interval that never saw it", async () => {
  const progress: string[] = [];
  const context = { dataDir: dir, log: () => {}, progress: (done: number) => progress.push(`${done}`) };
  const { json } = await evaluateBundle(result.dir, "cmapss-tuning", context);
  const { metrics, engines, levels, oneCut } = json as {
    readonly metrics: LifeEvaluation["metrics"];
    readonly engines: number;
    readonly levels: readonly LevelFigures[];
    readonly oneCut: { readonly low: number; readonly high: number };
  };
  expect(engines).toBe(12);
  expect(progress).toHaveLength(6);
  expect(metrics.calibratingRmse!.value).toBeGreaterThan(0);
  // Without one fold it is the student of the recipe's own cross-fit.
  expect(metrics.rmse!.value).toBeCloseTo(evaluation.outOfFold.rmse.value, 9);
  expect(levels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  const held = levels.reduce((sum, { share, coverage }) => sum + share * coverage.value, 0);
  expect(held).toBeCloseTo(metrics.coverage!.value, 6);
  expect(metrics.intervalScore!.value).toBeGreaterThanOrEqual(metrics.intervalWidth!.value);
  expect(oneCut.low).toBeLessThanOrEqual(metrics.coverage!.value);
  expect(oneCut.high).toBeGreaterThanOrEqual(metrics.coverage!.value);
});

test("with the optional terms the table shows the student before fine-tuning, and a line says what that changed", async () => {
  const fit = "{ steps: 10, batchRows: 64, learningRate: 0.01, weightDecay: 0, inputNoise: 0 }";
  const other = await trainTiny("terms", `  similarityWeight: 10\n  finetune: ${fit}\n`);
  const { steps, comparisons } = other.evaluation as LifeEvaluation;
  expect(steps.map(({ form }) => form)).toEqual([
    "teacher",
    "wide",
    "untuned",
    "untunedInt8",
    "pruned",
    "int8",
    "untaught",
    "linear",
    "mean",
  ]);
  const step = (form: string) => steps.find((each) => each.form === form)!;
  expect(step("untunedInt8").bytes).toBe(step("int8").bytes);
  expect(step("untunedInt8").outOfFold.value).not.toBe(step("int8").outOfFold.value);
  expect(step("untuned").title).toBe("distilled student, pruned");
  expect(step("pruned").title).toBe("distilled student, pruned and fine-tuned");
  const tuning = comparisons.find(({ what }) => what.startsWith("quantisation-aware fine-tuning"))!;
  expect(tuning.difference.value).toBeCloseTo(
    step("int8").outOfFold.value - step("untunedInt8").outOfFold.value,
    6,
  );
  expect(evaluation.comparisons).toHaveLength(comparisons.length - 1);
}, 120_000);

test("slices count every test engine once in each dimension, and the card and the evaluation show them", async () => {
  const { slices } = evaluation;
  for (const by of ["cycles left", "cycles seen", "operating point"]) {
    const own = slices.filter((slice) => slice.by === by);
    expect(own.reduce((sum, slice) => sum + slice.engines, 0)).toBe(12);
  }
  const card = await readFile(join(result.dir, bundleFileNames.card), "utf8");
  expect(card).toContain(`| ${slices[0]!.by}: ${slices[0]!.value} |`);
  expect(card).toMatch(/The interval holds \d+ of 12 test engines/);
});

test("the gate is told of baselines that are learnt anew, and of every test engine", async () => {
  const { recipe } = await loadTrainingConfig(join(dir, "first.yaml"));
  const bundle = await verifyBundle(result.dir, [signer.publicKey]);
  const judgement = (await recipe.judge(bundle, { dataDir: dir, ...quiet }))!;
  expect(judgement.metrics).toEqual(evaluation.metrics);
  expect(judgement.leakage).toEqual([{ by: "history of an engine", shared: [] }]);
  expect(judgement.cases.map((each) => each.id)).toEqual(
    Array.from({ length: 12 }, (_, index) => `FD001-test-${index + 1}`),
  );
  const linear = evaluation.steps.find((step) => step.form === "linear")!.test.value;
  expect(judgement.baselines[0]!.gain.value).toBeCloseTo(linear - evaluation.test.rmse.value, 6);
});

test("the same configuration, data and seed give the same bundle, with a card that says how good it is", async () => {
  expect((await trainTiny("again")).digest).toBe(result.digest);
  const card = await readFile(join(result.dir, bundleFileNames.card), "utf8");
  expect(card).toContain("RMSE out of fold, paired by engine");
});

test.each(["fd001", "fd003"])("the configuration of %s is valid", async (subset) => {
  const { recipe } = await loadTrainingConfig(shipped(subset));
  expect(recipe.config.name).toBe(`turbofan-life-${subset}`);
});
