/** A recipe without a teacher, as the shipped one is: nothing may be said of one. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import type { BearingEvaluation } from "../../src/training/recipes/bearing/judge/bearing-evaluation.ts";
import type { TrainingResult } from "../../src/training/train.ts";
import { writeSyntheticCwru } from "../training/synthetic-cwru.ts";
import { writeTinyConfig } from "../training/tiny-config.ts";
import { tinyOptions, trainFrom } from "../training/tiny-options.ts";

const signer = parsePrivateKey(createKeyPair().privateKeyPem);
const { path: dir, remove } = createScratchFolder("no-teacher");
let result: TrainingResult;
let evaluation: BearingEvaluation;
let card: string;

beforeAll(async () => {
  const config = join(dir, "tiny.yaml");
  await writeSyntheticCwru(dir, { seconds: 8, sizes: [7, 21] });
  await writeTinyConfig(config, 1);
  await writeFile(config, (await readFile(config, "utf8")).replace("members: 1", "members: 0"));
  result = await trainFrom(config, tinyOptions(dir, "bundle", signer));
  evaluation = result.evaluation as BearingEvaluation;
  card = await readFile(join(dir, "bundle", "MODEL_CARD.md"), "utf8");
});
afterAll(remove);

test("no step is called distilled, nobody is compared with a teacher, and the heading names none", () => {
  const names = evaluation.steps.map(({ name }) => name);
  expect(names).not.toContain("teacher");
  expect(names).not.toContain("untaught");
  expect(evaluation.steps.map(({ title }) => title).join()).not.toMatch(/distil|taught/);
  expect(evaluation.findings.map(({ name }) => name)).not.toContain("distillation");
  expect(card).toContain("### From the wide student to the microcontroller");
  expect(result.manifest.lineage.teacher).toBe("none");
});

test("all failure modes have one calibration, and the lineage names the invented rigs", () => {
  const [first, ...others] = result.manifest.calibration!;
  expect(others).toEqual([first, first]);
  const [recordings, rigs] = result.manifest.lineage.data;
  expect(recordings!.name).toBe("cwru");
  expect(rigs).toMatchObject({ name: "invented-rigs", trainGroups: ["rigs 1 to 2"] });
  expect(evaluation.invented).toMatchObject({ rigs: 2 });
  expect(card).toContain("2 invented rigs");
});
