import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { decodeGolden } from "../../src/core/bundle/golden.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../src/core/bundle/verify-bundle.ts";
import { bundleFileNames, mcuModelFileName } from "../../src/core/contract/bundle/manifest.ts";
import { decodeReference } from "../../src/core/drift/reference-codec.ts";
import { decodeBackground } from "../../src/core/explain/background.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { decodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { bundledConfigName } from "../../src/training/bundle/bundled-files.ts";
import { measureFaultyWeight } from "../../src/training/bundle/healthy-background.ts";
import { evaluateBundle } from "../../src/training/evaluate-bundle.ts";
import { checkBackground, checkDriftReference } from "../../src/training/gate/bundle-checks.ts";
import { extractRows } from "../../src/training/learn/extract-rows.ts";
import { standardiseRows } from "../../src/training/learn/fit-scaler.ts";
import { bearingConfigSchema } from "../../src/training/recipes/bearing/bearing-config.ts";
import type { BearingEvaluation } from "../../src/training/recipes/bearing/judge/bearing-evaluation.ts";
import { runBearingHeldOut } from "../../src/training/recipes/bearing/judge/bundle-figures.ts";
import type { TrainingReport } from "../../src/training/report/render-report.ts";
import type { TrainingOptions, TrainingResult } from "../../src/training/train.ts";
import { auroraHere } from "../cli/aurora.ts";
import { findFreePort } from "../support/free-port.ts";
import { writeSyntheticCwru } from "./synthetic-cwru.ts";
import { writeTinyConfig } from "./tiny-config.ts";
import { quiet, tinyOptions, trainFrom } from "./tiny-options.ts";

// Each trains once or several times.
vi.setConfig({ testTimeout: 180_000 });

const signer = parsePrivateKey(createKeyPair().privateKeyPem);
const { path: dir, remove } = createScratchFolder("train");
const reportDir = join(dir, "report");
let first: TrainingResult;

function evaluationOf(result: TrainingResult): BearingEvaluation {
  return result.evaluation as BearingEvaluation;
}

async function trainTiny(
  name: string,
  seed: number,
  options: Partial<TrainingOptions> = {},
): Promise<TrainingResult> {
  const config = join(dir, `${name}.yaml`);
  await writeTinyConfig(config, seed);
  return trainFrom(config, { ...tinyOptions(dir, name, signer), ...options });
}

beforeAll(async () => {
  await writeSyntheticCwru(dir, { seconds: 8, sizes: [7, 14, 21] });
  first = await trainTiny("first", 1, { reportDir });
});
afterAll(remove);

test("a signed bundle comes out that names what was trained on and what was held out", async () => {
  const bundle = await verifyBundle(first.dir, [signer.publicKey]);
  expect(bundle.digest).toBe(first.digest);
  const [data] = bundle.manifest.lineage.data;
  expect(data!.heldOutGroups).toEqual(["DE_IR_21", "DE_OR_21", "DE_B_21", "normal"]);
  expect(data!.trainGroups).toHaveLength(15);
  expect(data!.trainGroups.filter((group) => data!.heldOutGroups.includes(group))).toEqual([]);
  const { metrics, steps } = evaluationOf(first);
  expect(metrics.macroAuroc!.value).toBeGreaterThan(0.8);
  expect(steps.find(({ name }) => name === "physics")!.heldOut.value).toBeGreaterThan(0.9);
});

test("a run leaves a page that needs nothing from outside, and the same figures as data", async () => {
  const report: TrainingReport = JSON.parse(await readFile(join(reportDir, "report.json"), "utf8"));
  expect(report.digest).toBe(first.digest);
  expect(report.metrics).toEqual(JSON.parse(JSON.stringify(first.evaluation.metrics)));
  const names = report.steps.map((step) => step.name);
  expect(names).toEqual(
    expect.arrayContaining(["teacher", "wide", "float", "int8", "untaught", "direct", "logistic", "physics"]),
  );
  const int8 = report.steps.find((step) => step.name === "int8")!;
  expect(int8.bytes).toBeGreaterThan(0);
  expect(int8.latency.typescript).toBeGreaterThan(0);
  // Every kind is held out on one machine: nothing can be drawn anew.
  expect(int8.figures[0]).toMatchObject({ value: expect.any(Number), low: null, high: null });
  expect(report.findings.some((line) => line.startsWith("Distillation "))).toBe(true);
  const { heldOut } = evaluationOf(first);
  const isRight = ({ raised, truth }: BearingEvaluation["heldOut"]["recordings"][number]): boolean =>
    raised === truth;
  const titles = report.plots.map((plot) => plot.title);
  expect(titles).toEqual(expect.arrayContaining(["Reliability", "What was learnt"]));
  // Of the recordings that were decided wrongly the worst are shown, two of a machine and six in all at most.
  const worst = titles.filter((title) => /: .*raised/.test(title)).length;
  expect(worst > 0).toBe(!heldOut.recordings.every(isRight));
  const outcomes = report.tables.find(({ title }) => title === "Machine by machine")!;
  const counts = outcomes.rows.flatMap((row) => row.slice(2).map(Number));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(heldOut.recordings.length);
  const page = await readFile(join(reportDir, "report.html"), "utf8");
  expect(page).not.toMatch(/<script|<link|src=|url\(|https?:/);
  expect(page).not.toMatch(/NaN|undefined/);
  for (const { title } of report.steps) expect(page).toContain(title);
  // What a clock says stays out of the bundle.
  expect(await readFile(join(first.dir, bundleFileNames.evaluation), "utf8")).not.toContain("latency");
});

test("a bundle whose gate nobody asked says so on its card, wherever it is looked at, and is published on request only", async () => {
  const { files } = await verifyBundle(first.dir, [signer.publicKey]);
  const text = (name: string): string => new TextDecoder().decode(files.get(name));
  expect(text(bundleFileNames.card)).toMatch(/^> \*\*Ungated\.\*\* It was written without asking its gate/m);
  expect(text(bundleFileNames.bom)).toContain("written without asking its gate");
  expect(first.summary[0]).toMatch(/^UNGATED/);
  expect((await auroraHere("bundle", "inspect", first.dir)).stdout).toMatch(/^UNGATED +written without/m);
  const judged = await evaluateBundle(first.dir, "held-out", { dataDir: dir, ...quiet });
  expect(judged.json).toMatchObject({ ungated: true });
  expect(judged.lines.at(-1)).toContain("written without asking its gate");
  const keys = join(dir, "ungated-keys");
  await auroraHere("keys", "publisher", keys, "ci");
  const publish = ["bundle", "publish", first.dir, "--key", join(keys, "ci.key"), "--wait", "0"];
  const nobody = ["--collector", `http://127.0.0.1:${await findFreePort()}`];
  const refused = await auroraHere(...publish, ...nobody);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/without asking[\s\S]*--ungated/),
  ]);
  const meant = await auroraHere(...publish, ...nobody, "--ungated");
  expect(meant.stderr).not.toContain("without asking");
});

test("the manifest says where healthy levels lay, and nothing of a band that no recording holds", async () => {
  const { manifest } = await verifyBundle(first.dir, [signer.publicKey]);
  const { levels, reference } = manifest.baseline!;
  const at = (name: string) => reference[levels.list.findIndex((level) => level.name === name)];
  // At 12 kHz nothing is known of 4.5 to 10 kHz; the normal recording at 48 kHz is held out.
  expect(at("top.rms")).toBeNull();
  expect(at("high.rms")!.locationDb).toBeLessThan(0);
  expect(at("high.rms")!.scaleDb).toBeGreaterThan(0);
});

test("golden vectors are what the bundle's own student computes, and hold no recorded window", async () => {
  const bundle = await verifyBundle(first.dir, [signer.publicKey]);
  const golden = decodeGolden(bundle.files.get(bundleFileNames.golden)!);
  const kernel = createIntegerKernel(decodeStudent(bundle.files.get(bundleFileNames.model)!));
  expect(golden.cases.filter((each) => each.kind === "random")).toHaveLength(5);
  expect(golden.cases.filter((each) => each.kind === "window")).toHaveLength(5);
  for (const each of golden.cases) {
    const logits = new Uint8Array(kernel.outputs);
    kernel.runInto(each.standardised, 1, logits);
    expect(logits).toEqual(each.logits);
    if (each.kind === "window") {
      const { counts, sampleRateHz, shaftRpm } = each.window;
      const revolutions = (counts.length / sampleRateHz) * (shaftRpm / 60);
      expect(revolutions).toBeCloseTo(bundle.manifest.window.length, 1);
      expect(extractRows(each.window, bundle.manifest.window, bundle.manifest.features).features).toEqual(
        each.features,
      );
      expect(standardiseRows(each.features, 1, bundle.manifest.scaler)).toEqual(each.standardised);
    }
  }
});

test("drift reference, background, bill of materials and model card fit the manifest", async () => {
  const { manifest, files } = await verifyBundle(first.dir, [signer.publicKey]);
  const features = manifest.features.list.length;
  const reference = decodeReference(files.get(bundleFileNames.reference)!);
  expect(reference.featureCount).toBe(features);
  const levels = manifest.baseline!.levels.list.map(({ name }) => name);
  expect(reference.features).toHaveLength(features + manifest.outputs.length + levels.length);
  expect(reference.features.slice(-levels.length).map(({ name, role }) => [name, role])).toEqual(
    levels.map((name) => [name, "level"]),
  );
  // Of the signals at 12 kHz, the band from 4.5 kHz on is not heard, the others in every window.
  const heard = reference.features.slice(-levels.length).map(({ counts }) => counts.reduce((a, b) => a + b));
  expect(heard).toEqual(levels.map((name) => (name === "top.rms" ? 0 : reference.rows)));
  expect(reference.machines).toBeGreaterThan(1);
  expect(checkDriftReference(await verifyBundle(first.dir, [signer.publicKey]), null).outcome).toBe("passed");
  expect(decodeBackground(files.get(bundleFileNames.background)!).features).toBe(features);
  const text = (name: string): string => new TextDecoder().decode(files.get(name));
  const { microcontroller, steps } = evaluationOf(first);
  expect(microcontroller.modelBytes).toBe(files.get(mcuModelFileName)!.length);
  expect(text(bundleFileNames.card)).toMatch(
    new RegExp(`on a microcontroller\\*\\* \\| ${microcontroller.modelBytes} \\|`),
  );
  for (const { title, fitted } of steps) {
    expect(text(bundleFileNames.card)).toContain(`| ${title} |`);
    expect(text(bundleFileNames.card)).toContain(`| ${fitted} |`);
  }
  const bom = JSON.parse(text(bundleFileNames.bom));
  expect(bom).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
  const refs = [bom.metadata.component, ...bom.components].map(
    (part: { "bom-ref": string }) => part["bom-ref"],
  );
  expect(new Set(refs).size).toBe(refs.length);
  for (const ref of bom.dependencies[0].dependsOn) expect(refs).toContain(ref);
  for (const group of manifest.lineage.data[0]!.heldOutGroups) {
    expect(text(bundleFileNames.card)).toContain(group);
  }
});

test("explanations start from windows that the student itself calls healthy, by the gate too", async () => {
  const bundle = await verifyBundle(first.dir, [signer.publicKey]);
  const { manifest, files } = bundle;
  const background = decodeBackground(files.get(bundleFileNames.background)!);
  const quantised = decodeStudent(files.get(bundleFileNames.model)!);
  expect(measureFaultyWeight({ quantised, calibration: manifest.calibration }, background)).toBe(0);
  expect(background.rows).toBeGreaterThan(1);
  expect(checkBackground(bundle)).toMatchObject({ outcome: "passed", measured: { faultyWeight: 0 } });
});

test("a bundle evaluated again gives the figure that it states; other data are named", async () => {
  const again = await evaluateBundle(first.dir, "held-out", { dataDir: dir, ...quiet });
  expect(again.passed).toBe(true);
  expect(again.json).toMatchObject({
    sameData: true,
    metrics: { heldOut: { macroAuroc: evaluationOf(first).metrics.macroAuroc!.value } },
  });
});

test("a bundle that states more quiet healthy recordings than there are has not passed", async () => {
  const bundle = await verifyBundle(first.dir, [signer.publicKey]);
  const config = bearingConfigSchema.parse(
    parse(new TextDecoder().decode(bundle.files.get(bundledConfigName))),
  );
  const judge = (right: number) => {
    const stated = structuredClone(evaluationOf(first)) as { heldOut: { quiet: { right: number } } };
    stated.heldOut.quiet.right += right;
    const bytes = new TextEncoder().encode(JSON.stringify(stated));
    const files = new Map([...bundle.files, [bundleFileNames.evaluation, bytes]]);
    return runBearingHeldOut({ ...bundle, files }, config, { dataDir: dir, ...quiet });
  };
  expect((await judge(0)).passed).toBe(true);
  expect((await judge(1)).passed).toBe(false);
});

test("a bearing that is not there cannot be held out, and the message names those that are", async () => {
  const config = join(dir, "wrong.yaml");
  await writeTinyConfig(config, 1);
  await writeFile(config, (await readFile(config, "utf8")).replace("DE_B_21, normal]", "DE_B_22, normal]"));
  await expect(trainFrom(config, tinyOptions(dir, "wrong", signer))).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("DE_B_22"),
    hint: expect.stringContaining("DE_B_21"),
  });
});

test.each([
  ["[DE_IR_21, DE_OR_21]", "ball is held out"],
  ["[]", "inner-race, outer-race, ball is held out"],
  ["[DE_IR_21, DE_OR_21, DE_B_7, DE_B_14, DE_B_21, FE_B_7, FE_B_14, FE_B_21]", "ball is trained on"],
])("holding out %s is refused before anything is learnt", async (groups, message) => {
  const config = join(dir, "one-sided.yaml");
  await writeTinyConfig(config, 1);
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replace(/heldOutGroups: \[[^\]]*\]/, `heldOutGroups: ${groups}`));
  await expect(trainFrom(config, tinyOptions(dir, "one-sided", signer))).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(message),
  });
});

test("a folder of other things is refused before anything is learnt, a work folder that cannot be as a store", async () => {
  const config = join(dir, "first.yaml");
  await writeTinyConfig(config, 1);
  const steps: string[] = [];
  const options = { ...tinyOptions(dir, "cwru", signer), log: (line: string) => steps.push(line) };
  await expect(trainFrom(config, options)).rejects.toMatchObject({ code: "BUNDLE_FORMAT" });
  const workDir = join(config, "work");
  await expect(trainFrom(config, { ...tinyOptions(dir, "none", signer), workDir })).rejects.toMatchObject({
    code: "STORE",
  });
  expect(steps).toEqual([]);
});

test("without the recordings training says so before it begins", async () => {
  const config = join(dir, "first.yaml");
  const options = { ...tinyOptions(dir, "none", signer), dataDir: join(dir, "nowhere") };
  await expect(trainFrom(config, options)).rejects.toMatchObject({ code: "DATA_MISSING" });
});
