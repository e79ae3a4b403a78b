/** Every question of the gate answers no when its bundle or its figures are doctored. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Bundle } from "../../../src/core/bundle/bundle.ts";
import { decodeGolden, encodeGolden } from "../../../src/core/bundle/golden.ts";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { readBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { createBundle } from "../../../src/core/bundle/write-bundle.ts";
import {
  bundleFileNames,
  type Manifest,
  mcuModelFileName,
} from "../../../src/core/contract/bundle/manifest.ts";
import { decodeReference, encodeReference } from "../../../src/core/drift/reference-codec.ts";
import { encodeBackground } from "../../../src/core/explain/background.ts";
import { digestTrainingCode } from "../../../src/training/bundle/training-code-digest.ts";
import { checkLatency, checkSize } from "../../../src/training/gate/budget-checks.ts";
import {
  checkAdditivity,
  checkBackground,
  checkDeviceModel,
  checkDriftReference,
  checkForm,
  findSharedGroups,
} from "../../../src/training/gate/bundle-checks.ts";
import {
  checkBaselines,
  checkCalibration,
  checkData,
  checkLeakage,
  checkParity,
  checkStatedFigures,
  readStatedMetrics,
} from "../../../src/training/gate/judged-checks.ts";
import type { JudgedCase, Judgement } from "../../../src/training/gate/judgement.ts";
import { compareRebuild } from "../../../src/training/gate/rebuild-check.ts";
import { checkDecisions, checkSlices } from "../../../src/training/gate/rival-checks.ts";
import { runGate } from "../../../src/training/gate/run-gate.ts";

const folder = new URL("../../../models/bearing-vibration", import.meta.url).pathname;
const signer = parsePrivateKey(createKeyPair().privateKeyPem);
let shipped: Bundle;

beforeAll(async () => {
  shipped = await readBundle(
    join(folder, readdirSync(folder).find((entry) => /^\d+\.\d+\.\d+$/.test(entry))!),
  );
});

/** The shipped bundle with something changed, signed anew: its form and digests are good. */
function doctor(
  changes: { files?: Readonly<Record<string, Uint8Array>>; manifest?: Partial<Manifest> } = {},
): Bundle {
  const { files: _files, ...manifest } = shipped.manifest;
  return createBundle(
    {
      manifest: { ...manifest, ...changes.manifest },
      files: new Map([...shipped.files, ...Object.entries(changes.files ?? {})]),
    },
    signer,
  );
}

describe("what a bundle answers by itself", () => {
  test("the shipped bundle passes every question", async () => {
    expect(checkForm(shipped).outcome).toBe("passed");
    expect(checkAdditivity(shipped).outcome).toBe("passed");
    expect(checkSize(shipped).outcome).toBe("passed");
    expect(checkDriftReference(shipped, shipped).outcome).toBe("passed");
    expect(findSharedGroups(shipped.manifest.lineage)).toEqual([]);
    expect((await checkLatency(shipped)).name).toBe("latency-budget");
  });

  test("a background of which the student calls a part faulty fails, and one of what is healthy passes", () => {
    // Per feature the mean of what was trained on, and the mean but for lines of an inner race.
    const features = shipped.manifest.features.list.map(({ name }) => name);
    const healthy = Float32Array.from(features, (name) => (/^(bpfi|bpfo|bsf)/.test(name) ? -1.5 : 0));
    const faulty = healthy.map((value, index) => (features[index]!.startsWith("bpfi") ? 4 : value));
    const backgroundOf = (rows: readonly Float32Array[], weights: readonly number[]): Uint8Array =>
      encodeBackground({
        rows: rows.length,
        features: features.length,
        values: Float32Array.from(rows.flatMap((row) => [...row])),
        weights: Float64Array.from(weights),
      });
    const check = (bytes: Uint8Array) =>
      checkBackground(doctor({ files: { [bundleFileNames.background]: bytes } }));
    expect(check(backgroundOf([healthy], [1]))).toMatchObject({
      outcome: "passed",
      measured: { faultyWeight: 0 },
    });
    const mixed = check(backgroundOf([healthy, faulty], [0.75, 0.25]));
    expect(mixed).toMatchObject({ outcome: "failed", measured: { faultyWeight: 0.25 } });
    expect(mixed.words).toContain("25.0 %");
    const normal = { ...shipped, manifest: { ...shipped.manifest, calibration: [] } };
    expect(checkBackground(normal).outcome).toBe("skipped");
  });

  test("explanations of the shipped bundle start from what its student calls healthy, if this code made it", async (context) => {
    const { trainingCodeSha256 } = shipped.manifest.lineage;
    const made = await digestTrainingCode("src/training/recipes/bearing/bearing-recipe.ts");
    context.skip(
      made !== trainingCodeSha256,
      "the shipped bundle was made by other training code: retrain it",
    );
    expect(checkBackground(shipped)).toMatchObject({ outcome: "passed", measured: { faultyWeight: 0 } });
  });

  test("a configuration that is not the lineage's fails the form", () => {
    const config = new TextEncoder().encode("name: other\n");
    expect(checkForm(doctor({ files: { "train.yaml": config } }))).toMatchObject({ outcome: "failed" });
  });

  test("golden vectors that state another explanation or prediction fail the additivity", () => {
    const golden = decodeGolden(shipped.files.get(bundleFileNames.golden)!);
    for (const change of ["shares", "logits"] as const) {
      const [first, ...rest] = golden.cases;
      const values = first![change].slice();
      values[0] = change === "logits" ? values[0]! ^ 1 : values[0]! + 0.5;
      const bytes = encodeGolden({ ...golden, cases: [{ ...first!, [change]: values }, ...rest] });
      expect(checkAdditivity(doctor({ files: { [bundleFileNames.golden]: bytes } }))).toMatchObject({
        outcome: "failed",
        measured: { differingCases: 1 },
      });
    }
  });

  test("a model past the size of a device class, or without one for it, fails the budget", () => {
    const budgets = [{ device: "gateway", maxModelBytes: 100, maxInferenceMicroseconds: 50 }];
    expect(checkSize(doctor({ manifest: { budgets } })).outcome).toBe("failed");
    const slow = [{ device: "cortex-m4", maxModelBytes: 4096, maxInferenceMicroseconds: 1 }];
    expect(checkSize(doctor({ manifest: { budgets: slow } })).outcome).toBe("failed");
    expect(checkSize(doctor({ manifest: { budgets: [] } })).outcome).toBe("failed");
  });

  test("a model may not give itself more room than the active one has, nor give a device up", async () => {
    const [gateway, device] = shipped.manifest.budgets;
    const roomy = doctor({ manifest: { budgets: [{ ...gateway!, maxModelBytes: 1e7 }] } });
    expect(checkSize(roomy, shipped)).toMatchObject({
      outcome: "passed",
      limits: { gateway: gateway!.maxModelBytes, [device!.device]: device!.maxModelBytes },
    });
    const narrow = doctor({ manifest: { budgets: [gateway!, { ...device!, maxModelBytes: 1000 }] } });
    expect(checkSize(roomy, narrow).outcome).toBe("failed");
    const { [mcuModelFileName]: _image, ...others } = Object.fromEntries(shipped.files);
    const { files: _files, ...manifest } = roomy.manifest;
    const deviceless = createBundle({ manifest, files: new Map(Object.entries(others)) }, signer);
    expect(checkSize(deviceless).outcome).toBe("passed");
    expect(checkSize(deviceless, shipped).outcome).toBe("failed");
    const swift = doctor({ manifest: { budgets: [{ ...gateway!, maxInferenceMicroseconds: 1e-3 }] } });
    expect((await checkLatency(roomy, swift)).outcome).toBe("failed");
  });

  test("an image for devices that is not made of the bundle's own parts fails", () => {
    expect(checkDeviceModel(shipped).outcome).toBe("passed");
    const image = shipped.files.get(mcuModelFileName)!;
    const foreign = doctor({ files: { [mcuModelFileName]: new Uint8Array(image.length).fill(7) } });
    expect(checkDeviceModel(foreign).outcome).toBe("failed");
    const thresholds = shipped.manifest.thresholds.map((one) => ({ ...one, raise: 0.99 }));
    expect(checkDeviceModel(doctor({ manifest: { thresholds } })).outcome).toBe("failed");
    const unnumbered = checkDeviceModel(doctor({ manifest: { version: "999.0.0" } }));
    expect(unnumbered).toMatchObject({ outcome: "failed", words: expect.stringContaining("999.0.0") });
    const { [mcuModelFileName]: _image, ...others } = Object.fromEntries(shipped.files);
    const { files: _files, ...manifest } = shipped.manifest;
    const deviceless = createBundle({ manifest, files: new Map(Object.entries(others)) }, signer);
    expect(checkDeviceModel(deviceless).outcome).toBe("skipped");
  });

  test("a model slower than its budget fails the latency, whatever the machine", async () => {
    const budgets = [{ device: "gateway", maxModelBytes: 16_384, maxInferenceMicroseconds: 1e-3 }];
    expect((await checkLatency(doctor({ manifest: { budgets } }))).outcome).toBe("failed");
  });

  test("a drift reference of other features fails, and so does one that the active model's cannot be added to", () => {
    const { features, outputs } = shipped.manifest;
    const renamed = { ...features, list: features.list.map((one) => ({ ...one, name: `${one.name}x` })) };
    expect(checkDriftReference(doctor({ manifest: { features: renamed } }), null)).toMatchObject({
      outcome: "failed",
      words: "entry 1 of the reference is bpfi.h1, of the model bpfi.h1x",
    });
    const active = doctor({ manifest: { outputs: outputs.map((one) => ({ ...one, title: "other" })) } });
    expect(checkDriftReference(shipped, active).outcome).toBe("passed");
  });

  test("a drift reference may come to watch the levels of the baseline, all of them, and not lose them again", () => {
    const reference = decodeReference(shipped.files.get(bundleFileNames.reference)!);
    const levels = shipped.manifest.baseline!.levels.list.map(({ name }) => name);
    const own = reference.features.filter(({ role }) => role !== "level");
    const bundleOf = (names: readonly string[]): Bundle =>
      doctor({
        files: {
          [bundleFileNames.reference]: encodeReference({
            ...reference,
            features: [...own, ...names.map((name) => ({ ...own[0]!, name, role: "level" as const }))],
          }),
        },
      });
    const plain = own.map(({ role: _role, ...column }) => column);
    const bytes = encodeReference({ ...reference, features: plain });
    const before = doctor({ files: { [bundleFileNames.reference]: bytes } });
    expect(checkDriftReference(bundleOf(levels), before)).toMatchObject({ outcome: "passed" });
    expect(checkDriftReference(bundleOf(levels.slice(1)), null).outcome).toBe("failed");
    expect(checkDriftReference(before, bundleOf(levels))).toMatchObject({
      outcome: "failed",
      measured: { changedAgainstActive: levels },
    });
  });

  test("a group on both sides of the lineage is found", () => {
    const [data, ...rest] = shipped.manifest.lineage.data;
    const shared = { ...data!, trainGroups: [...data!.trainGroups, data!.heldOutGroups[0]!] };
    const lineage = { ...shipped.manifest.lineage, data: [shared, ...rest] };
    expect(findSharedGroups(doctor({ manifest: { lineage } }).manifest.lineage)).toEqual([
      `${data!.name} ${data!.heldOutGroups[0]}`,
    ]);
  });
});

describe("what a rebuild is compared with", () => {
  const otherCode = "f".repeat(64);
  const ofOtherCode = (files: Readonly<Record<string, Uint8Array>> = {}): Bundle => {
    const { lineage } = shipped.manifest;
    const named = [bundleFileNames.card, bundleFileNames.bom].map((name): [string, Uint8Array] => {
      const text = new TextDecoder().decode(shipped.files.get(name)!);
      return [name, new TextEncoder().encode(text.replaceAll(lineage.trainingCodeSha256, otherCode))];
    });
    return doctor({
      manifest: { lineage: { ...lineage, trainingCodeSha256: otherCode } },
      files: { ...Object.fromEntries(named), ...files },
    });
  };

  test("with the same code the digest alone counts", () => {
    expect(compareRebuild(shipped, shipped)).toMatchObject({ outcome: "passed" });
    const card = new TextEncoder().encode("another card");
    expect(compareRebuild(shipped, doctor({ files: { [bundleFileNames.card]: card } }))).toMatchObject({
      outcome: "failed",
      measured: { differing: [bundleFileNames.card] },
    });
  });

  test("with other code a card that names it passes, one that reads differently passes and is named", () => {
    const renamed = compareRebuild(shipped, ofOtherCode());
    expect(renamed).toMatchObject({ outcome: "passed", measured: { reworded: [] } });
    expect(renamed.words).not.toContain("reads differently");
    const card = new TextEncoder().encode("another card");
    const reworded = compareRebuild(shipped, ofOtherCode({ [bundleFileNames.card]: card }));
    expect(reworded).toMatchObject({ outcome: "passed", measured: { reworded: [bundleFileNames.card] } });
    expect(reworded.words).toContain("MODEL_CARD.md of that code reads differently");
  });

  test("with other code a file that decides, or the manifest, may not differ", () => {
    const model = shipped.files.get(bundleFileNames.model)!.slice();
    model[model.length - 1]! ^= 1;
    expect(compareRebuild(shipped, ofOtherCode({ [bundleFileNames.model]: model })).outcome).toBe("failed");
    const { lineage } = ofOtherCode().manifest;
    const thresholds = shipped.manifest.thresholds.map((each) => ({ ...each, raise: 0.99 }));
    expect(compareRebuild(shipped, doctor({ manifest: { lineage, thresholds } })).outcome).toBe("failed");
    const [data, ...rest] = lineage.data;
    for (const forged of [
      { seed: lineage.seed + 1 },
      { parent: "other@9.9.9" },
      { data: [{ ...data!, trainGroups: [] }, ...rest] },
    ]) {
      const other = doctor({ manifest: { lineage: { ...lineage, ...forged } } });
      expect(compareRebuild(other, shipped).outcome).toBe("failed");
    }
    const libraries = { "@tensorflow/tfjs": "0.0.1" };
    const elsewhere = doctor({ manifest: { lineage: { ...lineage, libraries, teacher: "an oracle" } } });
    expect(compareRebuild(elsewhere, shipped)).toMatchObject({
      outcome: "passed",
      measured: { reworded: expect.arrayContaining(["lineage.teacher"]) },
    });
  });
});

describe("what the bundle states of itself", () => {
  test("figures that are as they are judged pass, also without an interval", () => {
    const metrics = readStatedMetrics(shipped);
    expect(Object.keys(metrics)).toContain("macroAuroc");
    expect(checkStatedFigures(shipped, { metrics }).outcome).toBe("passed");
    expect(checkStatedFigures(shipped, { metrics: {} }).outcome).toBe("failed");
  });

  test("a bundle that leaves out what is judged fails, and says what", () => {
    const { macroAuroc, ...others } = readStatedMetrics(shipped);
    const unknown = { ...others, other: macroAuroc! };
    expect(checkStatedFigures(shipped, { metrics: unknown })).toMatchObject({
      outcome: "failed",
      measured: { unstated: ["other"] },
      words: expect.stringContaining("does not state other"),
    });
  });

  test.each([
    ["not JSON", "not JSON"],
    ["null", "null"],
    ["a list", "[1]"],
  ])("an evaluation that is %s is refused, not taken for a bug", (_what, text) => {
    const bytes = new TextEncoder().encode(text);
    const doctored = doctor({ files: { [bundleFileNames.evaluation]: bytes } });
    expect(() => checkStatedFigures(doctored, { metrics: {} })).toThrow(/is no JSON object/);
  });

  test("metrics that are no figures are not taken for some", () => {
    const text = JSON.stringify({ metrics: { macroAuroc: null, quiet: 3, detected: { value: 1 } } });
    const bytes = new TextEncoder().encode(text);
    expect(readStatedMetrics(doctor({ files: { [bundleFileNames.evaluation]: bytes } }))).toEqual({});
  });

  test.each(["value", "low", "high"])("a figure that flatters in its %s fails by name", (part) => {
    const metrics = readStatedMetrics(shipped);
    const text = new TextDecoder().decode(shipped.files.get(bundleFileNames.evaluation));
    const evaluation = JSON.parse(text) as { metrics: Record<string, Record<string, number>> };
    evaluation.metrics.macroAuroc![part]! += 0.002;
    const bytes = new TextEncoder().encode(JSON.stringify(evaluation));
    const check = checkStatedFigures(doctor({ files: { [bundleFileNames.evaluation]: bytes } }), { metrics });
    expect(check.outcome).toBe("failed");
    expect(check.words).toContain("macroAuroc");
  });
});

const surely = { value: 0.05, low: 0.01, high: 0.09 };
const cases: JudgedCase[] = Array.from({ length: 64 }, (_, index) => ({
  id: `${index}`,
  slices: { bearing: `b${index % 4}` },
  loss: 0.1 + 0.001 * (index % 7),
}));
const good: Judgement = {
  fingerprints: { data: "0" },
  metrics: {},
  leakage: [{ by: "recording", shared: [] }],
  baselines: [{ name: "physics", gain: surely }],
  calibration: { error: { value: 0.04, low: 0.01, high: 0.2 }, limit: 0.15 },
  parity: {
    lost: 0.2,
    lostOf: "points of AUC",
    limit: 0.5,
    floatDetected: 32,
    int8Detected: 32,
    lostEventsLimit: 0,
  },
  cases,
};

describe("what the judgement answers", () => {
  test("what the gate does not ask stands in its verdict with the reason, and decides nothing", async () => {
    const unasked = [{ name: "savings", words: "eight failures cannot tell" }];
    const verdict = await runGate({ bundle: shipped, judgement: { ...good, unasked } }, null, {
      name: "reproducible-rebuild",
      outcome: "skipped",
      measured: {},
      limits: {},
      words: "",
    });
    expect(verdict.checks.at(-1)).toMatchObject({ ...unasked[0], outcome: "skipped" });
  });

  test("a baseline that is beaten on held-out data is told with what is known of it elsewhere", () => {
    const gain = { value: 0.0075, low: 0.0004, high: 0.0184 };
    const elsewhere = { where: "out of fold", gain: { value: 0.0153, low: -0.0037, high: 0.0354 } };
    const check = checkBaselines({ ...good, baselines: [{ name: "regression", gain, elsewhere }] });
    expect(check).toMatchObject({
      outcome: "passed",
      words: "ahead of regression by 0.0075 (0.0004 to 0.0184), out of fold by 0.0153 (-0.0037 to 0.0354)",
    });
  });

  test("a model that was judged on other data than its lineage names fails", () => {
    const { lineage } = shipped.manifest;
    const all = Object.fromEntries(lineage.data.map(({ name, sha256 }) => [name, sha256]));
    const { name, sha256 } = lineage.data[0]!;
    expect(checkData({ fingerprints: all }, lineage).outcome).toBe("passed");
    for (const fingerprints of [{ ...all, [name]: "0".repeat(64) }, {}, { ...all, more: sha256 }]) {
      expect(checkData({ fingerprints }, lineage).outcome).toBe("failed");
    }
  });

  test("good figures pass", () => {
    for (const check of [checkLeakage, checkBaselines, checkCalibration, checkParity]) {
      expect(check(good)).toMatchObject({ outcome: "passed" });
    }
    expect(checkSlices(good, good, 1).outcome).toBe("passed");
  });

  test.each([
    ["a recording on both sides", checkLeakage, { leakage: [{ by: "recording", shared: ["a.npy"] }] }],
    ["nothing looked at for leakage", checkLeakage, { leakage: [] }],
    [
      "a baseline that is only just beaten",
      checkBaselines,
      { baselines: [{ name: "physics", gain: { value: 0.05, low: -0.001, high: 0.1 } }] },
    ],
    [
      "a baseline without interval",
      checkBaselines,
      { baselines: [{ name: "x", gain: { value: 1, low: null, high: null } }] },
    ],
    ["no baseline", checkBaselines, { baselines: [] }],
    [
      "probabilities that are off",
      checkCalibration,
      { calibration: { error: { value: 0.16, low: 0.1, high: 0.2 }, limit: 0.15 } },
    ],
    ["half a point and more lost", checkParity, { parity: { ...good.parity!, lost: 0.51 } }],
    ["an event less", checkParity, { parity: { ...good.parity!, int8Detected: 31 } }],
    [
      "more events less than calendars excuse",
      checkParity,
      { parity: { ...good.parity!, int8Detected: 30, lostEventsLimit: 1 } },
    ],
  ] as const)("%s fails", (_, check, change) => {
    expect(check({ ...good, ...change })).toMatchObject({ outcome: "failed" });
  });

  test("what the integers lose is named, and events where there are any", () => {
    expect(checkParity(good).words).toBe(
      "int8 loses 0.200 points of AUC (at most 0.5); it detects 32 events (at least 32), its float parent 32",
    );
    const none = { ...good.parity!, lostOf: "% of the error" as const, floatDetected: 0, int8Detected: 0 };
    expect(checkParity({ ...good, parity: none }).words).toBe(
      "int8 loses 0.200 % of the error (at most 0.5)",
    );
  });

  test("a slice that is worse than the active model's fails by name, one that is better does not", () => {
    const shift = (by: number): Judgement => ({
      ...good,
      cases: cases.map((each) => (each.slices.bearing === "b2" ? { ...each, loss: each.loss + by } : each)),
    });
    const worse = checkSlices(shift(0.05), good, 1);
    expect(worse.outcome).toBe("failed");
    expect(worse.words).toContain("bearing b2");
    expect(checkSlices(shift(-0.05), good, 1).outcome).toBe("passed");
  });

  test("models that hold out nothing in common cannot be compared, and that fails", () => {
    const other = { ...good, cases: cases.map((each) => ({ ...each, id: `x${each.id}` })) };
    expect(checkSlices(good, other, 1).outcome).toBe("failed");
  });

  const decide = (wrong: number, decision: "missed" | "false-alarm"): Judgement => ({
    ...good,
    cases: cases.map((each, at) => ({ ...each, decision: at < wrong ? decision : "right" })),
  });

  test.each(["missed", "false-alarm"] as const)(
    "decisions that are more often %s than the active model's fail",
    (mistake) => {
      expect(checkDecisions(decide(7, mistake), decide(2, mistake))).toMatchObject({ outcome: "failed" });
      expect(checkDecisions(decide(4, mistake), decide(2, mistake))).toMatchObject({ outcome: "passed" });
      expect(checkDecisions(decide(2, mistake), decide(7, mistake))).toMatchObject({ outcome: "passed" });
    },
  );

  test("a decision rule that finds nothing fails, also where there is no model to compare with", () => {
    const quiet = { ...good, metrics: { detected: { value: 0, low: 0, high: 0.08 } } };
    expect(checkDecisions(quiet, null)).toMatchObject({ outcome: "failed" });
    expect(checkDecisions({ ...good, metrics: { detected: surely } }, null).outcome).toBe("skipped");
  });

  test("where nothing is decided case by case, or there is no other model, decisions are not compared", () => {
    expect(checkDecisions(good, good).outcome).toBe("skipped");
    expect(checkDecisions(decide(7, "missed"), null).outcome).toBe("skipped");
  });

  test("a limit for probabilities that is looser than the active model's does not count", () => {
    const error = { value: 0.2, low: 0.1, high: 0.3 };
    const loose: Judgement = { ...good, calibration: { error, limit: 0.9 } };
    expect(checkCalibration(loose).outcome).toBe("passed");
    expect(checkCalibration(loose, good)).toMatchObject({ outcome: "failed" });
  });
});
