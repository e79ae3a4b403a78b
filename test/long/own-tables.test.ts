/** A farm that independent code invents and exports awkwardly: checked, trained on, judged; minutes. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { checkScadaTable } from "../../src/training/dataset/scada/check/check-scada-table.ts";
import type { ScadaEvaluation } from "../../src/training/recipes/scada/judge/scada-evaluation.ts";
import { sourceOf } from "../../src/training/recipes/scada/learn/scada-rows.ts";
import type { ScadaRecipeConfig } from "../../src/training/recipes/scada/scada-config.ts";
import { type TrainingResult, train } from "../../src/training/train.ts";
import { loadTrainingConfig } from "../../src/training/training-config.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

const scripts = join(import.meta.dirname, "..", "..", "scripts", "own-data");
const configText = readFileSync(join(scripts, "invent_tables.yaml"), "utf8");
const signer = parsePrivateKey(createKeyPair().privateKeyPem);

function hasPython(): boolean {
  try {
    execFileSync("python3", ["-c", "import zoneinfo"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function invent(folder: string, ...options: readonly string[]): string {
  execFileSync("python3", [join(scripts, "invent_tables.py"), folder, ...options], { stdio: "ignore" });
  return folder;
}

const scratch = createScratchFolder("own-tables");
afterAll(() => scratch.remove());

/** As the command line does. */
function load(text: string): ReturnType<typeof loadTrainingConfig> {
  const path = join(createTemporaryFolder(), "train.yaml");
  writeFileSync(path, text);
  return loadTrainingConfig(path);
}

async function trainOn(
  dataDir: string,
  text: string,
  gated: boolean,
): Promise<TrainingResult & { readonly card: string; readonly log: readonly string[] }> {
  const log: string[] = [];
  const outDir = join(createTemporaryFolder(), "bundle");
  const result = await train(await load(text), {
    dataDir,
    outDir,
    workDir: null,
    reportDir: null,
    signer,
    gated,
    log: (line) => log.push(line),
    progress: () => {},
  });
  return { ...result, log, card: readFileSync(join(outDir, "MODEL_CARD.md"), "utf8") };
}

async function check(dataDir: string, text = configText): Promise<string[]> {
  const config = (await load(text)).recipe.config as ScadaRecipeConfig;
  const { findings } = await checkScadaTable(dataDir, sourceOf(config), {
    residuals: config.residuals,
    powerChannel: config.operation.powerChannel,
  });
  const notes = findings.filter(({ severity }) => severity === "note");
  // A day is behind the end of the period.
  expect(notes.map(({ problem }) => problem)).toEqual([expect.stringMatching(/ lie outside the days /)]);
  return findings
    .filter((each) => !notes.includes(each))
    .map((each) => `${each.severity} ${each.check}: ${each.problem}`);
}

describe.skipIf(!hasPython())("a farm of one's own (needs python3)", () => {
  let farm: string;
  beforeAll(() => {
    farm = invent(scratch.path);
  });

  test("passes the check as it is, and fails it where one turbine's or one log's words are wrong", async () => {
    expect(await check(farm)).toEqual([]);
    const flipped = await check(invent(createTemporaryFolder(), "--flip", "WEA3=C"));
    expect(flipped).toHaveLength(5);
    for (const line of flipped) expect(line).toMatch(/^error unit: .* of WEA 3 seems to be in degC/);
    expect(await check(invent(createTemporaryFolder(), "--flip", "utc-log"))).toEqual([
      "error log-clock: the log is in UTC, not in Europe/Berlin",
    ]);
    const [inUtc] = await check(
      farm,
      configText.replace("HH:mm, zone: Europe/Berlin }", "HH:mm, zone: UTC }"),
    );
    expect(inUtc).toMatch(/^error clock: the table is in local time/);
  }, 300_000);

  test("gives a bundle that passes the gate and names the component that warms before it fails", async () => {
    const { evaluation, card, manifest } = await trainOn(farm, configText, true);
    const { policies, metrics, hasCosts } = evaluation as ScadaEvaluation;
    const found = policies.policy!.failures.map(
      ({ turbine, component, detectedShare }) => [`${turbine} ${component}`, detectedShare] as const,
    );
    expect(found.map(([pair]) => pair)).toEqual([
      "WEA 3 gearbox",
      "WEA 1 generator-bearing",
      "WEA 4 generator",
    ]);
    for (const [, share] of found) expect(share).toBeGreaterThan(0.6);
    expect(policies.policy!.detected.value).toBeGreaterThan(policies.shuffledScores!.detected.value + 0.5);
    expect(metrics.windowAuc!.value).toBeGreaterThan(0.75);
    expect(hasCosts).toBe(false);
    expect(metrics.gainEur).toBeUndefined();
    expect(card).toContain("No costs were given");
    expect(card).toContain("3 failures in the test period tell the share found to within");
    expect(manifest.lineage.data.map(({ name }) => name)).toEqual(["invented-farm", "invented-farm-test"]);
  }, 900_000);

  test("of one turbine without log and costs watches, asks for nothing, and says why", async () => {
    const log = /\n {2}log:\n[\s\S]*?\n {2}components:\n[\s\S]*?(?=\n\n)/;
    const text = configText
      .replace(log, "")
      .replace("[WEA 1, WEA 2, WEA 3, WEA 4]", "[WEA 2]")
      .replaceAll(/steps: \d+/g, "steps: 120");
    const { card, manifest, evaluation, log: lines } = await trainOn(farm, text, false);
    const { policy } = manifest.normalBehaviour!;
    for (const { worthEur } of policy.components) expect(worthEur).toBeLessThan(policy.minWorthEur);
    expect((evaluation as ScadaEvaluation).metrics.detected).toBeUndefined();
    expect(evaluation.metrics.inspections!.value).toBe(0);
    expect(card).toContain("It asks for no inspection");
    expect(card).toContain("No failure was logged while it learnt");
    expect(card).toContain("There is one turbine");
    expect(lines.join("\n")).toContain("One turbine: how the student does on another one is not measured");
  }, 600_000);
});
