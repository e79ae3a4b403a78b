/** A recipe with the terms that the shipped ones leave out: fine-tuning in the engine's integers and feature matching. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import type { BearingEvaluation } from "../../src/training/recipes/bearing/judge/bearing-evaluation.ts";
import type { TrainingReport } from "../../src/training/report/render-report.ts";
import type { TrainingOptions, TrainingResult } from "../../src/training/train.ts";
import { writeSyntheticCwru } from "../training/synthetic-cwru.ts";
import { writeTinyConfig } from "../training/tiny-config.ts";
import { tinyOptions, trainFrom } from "../training/tiny-options.ts";

const signer = parsePrivateKey(createKeyPair().privateKeyPem);
const { path: dir, remove } = createScratchFolder("terms");
const config = join(dir, "tiny.yaml");
const work = join(dir, "work");
const resumed: string[] = [];
let result: TrainingResult;

const run = (name: string, options: Partial<TrainingOptions>): Promise<TrainingResult> =>
  trainFrom(config, { ...tinyOptions(dir, name, signer), ...options });

beforeAll(async () => {
  await writeSyntheticCwru(dir, { seconds: 8, sizes: [7, 21] });
  await writeTinyConfig(config, 1);
  const fit = "{ steps: 8, batchRows: 64, learningRate: 0.002, weightDecay: 0, inputNoise: 0.1 }";
  const text = (await readFile(config, "utf8"))
    .replace("softShare: 0.5 }", "softShare: 0.5, similarityWeight: 50 }")
    .replace(/^ {2}distillation:/m, `  finetune: ${fit}\n$&`);
  await writeFile(config, text);
  const stop = new AbortController();
  const log = (line: string): void => {
    if (/ finetune: [0-9.]+ s$/.test(line)) stop.abort();
  };
  await expect(run("first", { workDir: work, log, signal: stop.signal })).rejects.toMatchObject({
    code: "TRAINING",
  });
  const log2 = (line: string): void => void resumed.push(line);
  result = await run("first", { workDir: work, log: log2, reportDir: join(dir, "report") });
});
afterAll(remove);

test("stopped after fine-tuning it goes on behind it, with the bytes of a run that was not stopped", async () => {
  expect(resumed).toContainEqual(expect.stringMatching(/ finetune: kept from an earlier run$/));
  expect((await run("whole", {})).digest).toBe(result.digest);
});

test("the table shows the student before and after it, and a sentence says whether it helped", async () => {
  const report: TrainingReport = JSON.parse(await readFile(join(dir, "report", "report.json"), "utf8"));
  const step = (name: string) => report.steps.find((each) => each.name === name)!;
  const names = report.steps.map(({ name }) => name);
  expect(names.slice(0, 5)).toEqual(["teacher", "wide", "untuned", "untunedInt8", "float"]);
  expect(step("untuned").title).toBe("distilled and pruned student");
  expect(step("float").title).toBe("distilled, pruned and fine-tuned student");
  for (const name of ["untuned", "float"]) {
    expect(step(name).parameters).toBe(step("int8").parameters);
    expect(step(name).multiplyAdds).toBe(step("int8").multiplyAdds);
    expect(step(name).bytes).toBe(4 * step(name).parameters!);
  }
  expect(step("untunedInt8").bytes).toBe(step("int8").bytes);
  expect(step("untunedInt8").latency.typescript).toBeGreaterThan(0);
  expect(step("untunedInt8").figures.map(({ value }) => value)).toEqual(
    step("untunedInt8").figures.map(() => expect.any(Number)),
  );
  expect(report.findings.filter((line) => line.startsWith("Quantisation-aware fine-tuning "))).toHaveLength(
    1,
  );
  const { findings, steps } = result.evaluation as BearingEvaluation;
  const finding = findings.find(({ name }) => name === "finetuning")!;
  expect(finding.heldOut.value).toBeCloseTo(
    step("int8").figures[0]!.value - step("untunedInt8").figures[0]!.value,
    9,
  );
  // The float parent of the integers is the network that was fine-tuned.
  const quantisation = findings.find(({ name }) => name === "quantisation")!;
  expect(quantisation.heldOut.value).toBeCloseTo(
    step("int8").figures[0]!.value - step("float").figures[0]!.value,
    9,
  );
  expect(steps.find(({ name }) => name === "float")!.fitted).toContain("gradient steps");
});
