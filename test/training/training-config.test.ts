import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { shippedFeatureSpec } from "../../scripts/bearing-feature-spec.ts";
import { bearingLevelSpec } from "../../src/core/features/bearing-level-spec.ts";
import type { BearingConfig } from "../../src/training/recipes/bearing/bearing-config.ts";
import { deriveTying } from "../../src/training/recipes/bearing/learn/hypothesis-columns.ts";
import { parseTrainingConfig } from "../../src/training/training-config.ts";

const path = new URL("../../models/bearing-vibration/train.yaml", import.meta.url).pathname;
const shipped = await readFile(path, "utf8");
const parse = (text: string): BearingConfig =>
  parseTrainingConfig(new TextEncoder().encode(text), "train.yaml").config as BearingConfig;

test("the shipped configuration is valid and ties corresponding features", () => {
  const config = parse(shipped);
  const tying = deriveTying(config.features, config.hypotheses);
  const names = config.features.list.map((feature) => feature.name);
  for (const [input, column] of tying.own[0]!.entries()) {
    const rest = names[column]!.slice("bpfi.".length);
    expect(tying.own.map((own) => names[own[input]!])).toEqual([
      `bpfi.${rest}`,
      `bpfo.${rest}`,
      `bsf.${rest}`,
    ]);
  }
  expect(tying.own.flat().length + tying.shared.length).toBe(names.length);
});

test("the shipped feature list is the one that the features room chose and tests", () => {
  expect(parse(shipped).features).toEqual(shippedFeatureSpec);
});

test("the shipped levels are those that the features room tests, and none of them enters the student", () => {
  const { baseline, features } = parse(shipped);
  expect(baseline!.levels).toEqual(bearingLevelSpec);
  const chains = new Set(baseline!.levels.chains.map((chain) => chain.kind));
  expect(features.chains.filter((chain) => chains.has(chain.kind))).toEqual([]);
});

test("an unknown key and a wrong value are refused with their line", () => {
  expect(() => parse(shipped.replace("trainingHop:", "traningHop:"))).toThrow(/train\.yaml:\d+:\d+/);
  expect(() => parse(shipped.replace("clamp: 5", "clamp: -5"))).toThrow(/train\.yaml:\d+:\d+.*clamp/);
  expect(() => parse(shipped.replace("found: 12500", "found: 30000"))).toThrow(
    /train\.yaml:\d+:\d+.*costs\.found.*must cost less/,
  );
  expect(() => parse(shipped.replace("clamp: 5", "clamp: -5"))).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("turbine-scada/train.yaml"),
    }),
  );
});

test("a name or a version that could not be a bundle's is refused before anything is learnt", () => {
  expect(() => parse(shipped.replace("version: 1.0.0", "version: ../1"))).toThrow(/version.*semantic/);
  expect(() => parse(shipped.replace("name: bearing-vibration", "name: ../x"))).toThrow(/name.*lower-case/);
});

test("a term that was tried and taken out is refused at its place, by its name", () => {
  const fit = "{ steps: 9, batchRows: 8, learningRate: 0.1, weightDecay: 0, inputNoise: 0 }";
  for (const [key, from, to] of [
    ["finetune", "  distillation:", `  finetune: ${fit}\n  distillation:`],
    ["sharedNoise", "  distillation:", "  sharedNoise: [1, 2, 3]\n  distillation:"],
    ["similarityWeight", "softShare: 0.5 }", "softShare: 0.5, similarityWeight: 3 }"],
  ] as const) {
    expect(() => parse(shipped.replace(from, to))).toThrow(new RegExp(`train\\.yaml:\\d+:\\d+: .*${key}`));
  }
});

test("a data set of an unknown kind is refused, and the message names those that are known", () => {
  expect(() => parse(shipped.replace("kind: recordings", "kind: unknown"))).toThrow(
    /train\.yaml:\d+:\d+.*recordings/,
  );
});

test("hypotheses whose features do not correspond cannot be tied", () => {
  const config = parse(shipped);
  const list = config.features.list.filter((feature) => feature.name !== "bsf.h2");
  expect(() => deriveTying({ ...config.features, list }, config.hypotheses)).toThrow(/bsf\./);
});

const scada = await readFile(new URL("../../models/turbine-scada/train.yaml", import.meta.url), "utf8");

test.each([
  ["min: -50", "min: 60", "channels[0].max: is not above min, 60"],
  ["minRateHz: 10000", "minRateHz: 60000", "channels[0].maxRateHz: is below minRateHz, 60000"],
  ["kind: waveform", "kind: scalar", "channels: has no waveform"],
  ["length: 60, hop: 60", "length: 60, hop: 61", "window.hop: is longer than a window"],
  ['">=0.1.0 <1.0.0"', "^0.1", "runtime: is not a range of semantic versions"],
  ["catalogueVersion: 1", "catalogueVersion: 9", "features.catalogueVersion: there is no such version"],
  ["fftSize: 4096", "fftSize: 4000", "features.chains[0].params.fftSize: chain envelope: fftSize 4000"],
  ["kind: envelope-order", "kind: envelop", "features.chains[0].kind: chain envelope: no chain kind"],
  ["operator: order-log-snr", "operator: snr", "features.list[0].operator: feature bpfi.h1: chain kind"],
  ["order: bpfi", "order: bfpi", 'features.list[0].params.order: feature bpfi.h1: parameter "order"'],
  ["featurePrefix: bpfi.", "featurePrefix: x.", "hypotheses[0].featurePrefix: no feature's name begins with"],
  ["failureMode: ball", "failureMode: Ball", "hypotheses[2].failureMode: lower-case letters"],
  ["onCount: 6", "onCount: 11", "thresholds.onCount: is above onWindows: of 10 windows"],
  ["to: [8, 4]", "to: [8, 9]", "recipe.student.prune.to[1]: is wider than the layer of 8 neurons"],
  ["operator: rms-db", "operator: rms", "baseline.levels.list[0].operator: feature"],
])("what a bundle would be refused for is refused in its configuration: %s as %s", (from, to, complaint) => {
  expect(shipped).toContain(from);
  const place = /^\S+:\d+:\d+: /;
  let message = "";
  try {
    parse(shipped.replace(from, to));
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toMatch(place);
  expect(message.replace(place, "")).toContain(complaint);
});

test("a table's features read channels that there are, by operators that there are", () => {
  const parseScada = (text: string): unknown =>
    parseTrainingConfig(new TextEncoder().encode(text), "train.yaml").config;
  expect(parseScada(scada)).toBeDefined();
  expect(() => parseScada(scada.replace("params: { channel: power }", "params: { channel: pwoer }"))).toThrow(
    /train\.yaml:\d+:\d+: features\.chains\[\d+\]\.params\.channel: there is no channel pwoer; did you mean "power"/,
  );
  expect(() => parseScada(scada.replace("operator: mean", "operator: meen"))).toThrow(
    /train\.yaml:\d+:\d+: features\.list\[\d+\]\.operator: .*no operator "meen"/,
  );
});
