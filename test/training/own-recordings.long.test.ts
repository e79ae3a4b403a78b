/** Recordings as owners have them: a fault that no held-out machine shows, one shorter than a window, one with a sample out of range. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { evaluateBundle, evaluateGate } from "../../src/training/evaluate-bundle.ts";
import type { BearingEvaluation } from "../../src/training/recipes/bearing/judge/bearing-evaluation.ts";
import type { TrainingResult } from "../../src/training/train.ts";
import { encodeNpy } from "../cli/score/recordings.ts";
import { writeSyntheticCwru } from "./synthetic-cwru.ts";
import { writeTinyConfig } from "./tiny-config.ts";
import { quiet, tinyOptions, trainFrom } from "./tiny-options.ts";

vi.setConfig({ testTimeout: 180_000 });

const signer = parsePrivateKey(createKeyPair().privateKeyPem);
const { path: dir, remove } = createScratchFolder("own-recordings");
const log: string[] = [];
let result: TrainingResult;

/** Healthy noise of a fifth of a g at 12 kHz. */
function makeHealthy(seconds: number): Float32Array {
  const random = createRandom(5);
  return Float32Array.from({ length: 12_000 * seconds }, () => 0.2 * random.normal());
}

beforeAll(async () => {
  await writeSyntheticCwru(dir, { seconds: 8, sizes: [7, 14, 21] });
  const far = makeHealthy(8);
  far[5000] = 80;
  await writeFile(join(dir, "cwru", "short.npy"), encodeNpy(makeHealthy(1), [12_000]));
  await writeFile(join(dir, "cwru", "far.npy"), encodeNpy(far, [far.length]));
  const bearing =
    "rateHz: 12000, rpm: 1800, bearing: { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 }";
  const manifest = join(dir, "recordings.yaml");
  const lines = (await readFile(manifest, "utf8"))
    .split("\n")
    .filter((line) => !/machine: (?:DE_B_14|DE_B_21|FE_B_\d+)/.test(line));
  const own = [
    `  - { file: short.npy, machine: short, label: outer-race, ${bearing} }`,
    `  - { file: far.npy, machine: far, label: healthy, ${bearing} }`,
  ];
  await writeFile(manifest, [...lines.filter((line) => line !== ""), ...own, ""].join("\n"));
  const config = join(dir, "own.yaml");
  await writeTinyConfig(config, 1);
  const text = (await readFile(config, "utf8")).replace("DE_B_21, normal]", "normal, short, far]");
  await writeFile(config, text);
  result = await trainFrom(config, { ...tinyOptions(dir, "own", signer), log: (line) => log.push(line) });
});
afterAll(remove);

test("a bundle comes out whose figures leave out what the recordings do not show", async () => {
  const { metrics, heldOut, contract } = result.evaluation as BearingEvaluation;
  expect(Object.keys(heldOut.aurocPerMode)).toEqual(["inner-race", "outer-race"]);
  expect(metrics.macroAuroc!.value).toBeGreaterThan(0.8);
  const card = await readFile(join(result.dir, "MODEL_CARD.md"), "utf8");
  expect(card).toMatch(/^Per mode: inner-race \d\.\d+, outer-race \d\.\d+, ball –\./m);
  expect(log).toContainEqual(expect.stringMatching(/^short.* is shorter than a window/));
  expect(contract.refused.map(({ signal }) => signal)).toEqual([expect.stringMatching(/^far/)]);
  expect(heldOut.recordings.filter(({ file }) => /short|far/.test(file))).toEqual([]);
});

test("judged again it comes to the same figures, by protocol and gate", async () => {
  const context = { dataDir: dir, ...quiet };
  const stated = result.evaluation as BearingEvaluation;
  const again = await evaluateBundle(result.dir, "held-out", context);
  expect(again).toMatchObject({
    passed: true,
    json: {
      metrics: { heldOut: { macroAuroc: stated.metrics.macroAuroc!.value, quiet: stated.heldOut.quiet } },
    },
  });
  const gate = await evaluateGate(result.dir, { ...context, against: null, rebuild: "no", signer: null });
  expect(gate.json).toMatchObject({
    checks: expect.arrayContaining([expect.objectContaining({ name: "stated-figures", outcome: "passed" })]),
  });
});
