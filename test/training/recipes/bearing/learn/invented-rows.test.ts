import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultKinds } from "../../../../../src/core/contract/bundle/bearing-fault.ts";
import { createRandom } from "../../../../../src/core/maths/random.ts";
import { joinLabelled } from "../../../../../src/training/learn/train-student.ts";
import type { BearingConfig } from "../../../../../src/training/recipes/bearing/bearing-config.ts";
import { inventBlows } from "../../../../../src/training/recipes/bearing/learn/invented-blows.ts";
import { recordInvented } from "../../../../../src/training/recipes/bearing/learn/invented-recording.ts";
import { inventRig } from "../../../../../src/training/recipes/bearing/learn/invented-rigs.ts";
import {
  createWiden,
  describeInvented,
  type InventedSignal,
  inventRows,
} from "../../../../../src/training/recipes/bearing/learn/invented-rows.ts";
import { loadTrainingConfig } from "../../../../../src/training/training-config.ts";

const learn = join(import.meta.dirname, "../../../../../src/training/recipes/bearing/learn");
const path = join(import.meta.dirname, "../../../../../models/bearing-vibration/train.yaml");
const shipped = (await loadTrainingConfig(path)).recipe.config as BearingConfig;
const inventedRigs = { training: 6, heldOut: 2, seed: 5, weight: 2 };
const config = { ...shipped, inventedRigs };
const rows = inventRows(config, () => {});

test("rigs share nothing with the demo's simulator nor with the rigs that judge", () => {
  for (const file of ["invented-rigs.ts", "invented-blows.ts", "invented-recording.ts", "invented-rows.ts"]) {
    expect(readFileSync(join(learn, file), "utf8")).not.toMatch(/from "[^"]*(core\/simulate|scripts)\//);
  }
});

test("a rig is the same whatever the number of rigs, and others judge than teach", () => {
  const fewer = inventRows(
    { ...config, inventedRigs: { ...inventedRigs, training: 2, heldOut: 1 } },
    () => {},
  );
  expect(fewer.training.length).toBeGreaterThan(0);
  expect(fewer.training).toEqual(rows.training.slice(0, fewer.training.length));
  const numbersOf = (signals: readonly InventedSignal[]): Set<number> =>
    new Set(signals.map(({ rig }) => rig));
  expect([...numbersOf(rows.training)].filter((rig) => numbersOf(rows.heldOut).has(rig))).toEqual([]);
  expect(inventRows({ ...config, inventedRigs: undefined }, () => {}).training).toEqual([]);
});

test("each recording gives a window at least, and every feature of it is a number", () => {
  for (const signal of [...rows.training, ...rows.heldOut]) {
    expect(signal.rows).toBeGreaterThan(0);
    expect(signal.features.every(Number.isFinite)).toBe(true);
  }
});

test("a bearing's orders are those of rolling elements that fit between its rings", () => {
  const random = createRandom(3);
  for (let draw = 0; draw < 200; draw++) {
    const { bearing, sampleRateHz, shaftRpm, revolutions } = inventRig(random.fork(`${draw}`));
    const { bpfi, bpfo, bsf, ftf } = bearing.orders;
    const elements = bpfi + bpfo;
    expect(Math.abs(elements - Math.round(elements))).toBeLessThan(1e-9);
    expect(ftf * elements).toBeCloseTo(bpfo, 9);
    expect(ftf).toBeLessThan(0.5);
    expect(bsf).toBeLessThan(60);
    expect(revolutions).toBeGreaterThanOrEqual(10);
    expect((revolutions / shaftRpm) * 60 * sampleRateHz).toBeLessThan(700_000);
  }
});

test.each(faultKinds)("blows of a damaged %s come at its order, within slip and chance", (kind) => {
  const random = createRandom(11);
  const { bearing } = inventRig(random.fork("rig"));
  const { bpfi, bpfo, bsf } = bearing.orders;
  const order = { "inner-race": bpfi, "outer-race": bpfo, ball: bsf }[kind];
  const turns = 400;
  const blows = inventBlows(kind, { ...bearing, loadZone: 1 }, { turns, random });
  const phases = blows.map(({ turn }) => turn);
  expect(Math.min(...phases)).toBeGreaterThan(-1);
  expect(blows.length).toBeGreaterThan(0.3 * order * turns);
  expect(blows.length).toBeLessThan(2.2 * order * turns);
  expect(blows.every(({ strength }) => strength > 0)).toBe(true);
});

test("the own kind's lines stand out of a fault's recordings, on the mean of rigs", () => {
  const names = shipped.features.list.map(({ name }) => name);
  const prefix = { "inner-race": "bpfi", "outer-race": "bpfo", ball: "bsf" };
  const meanOf = (label: string, feature: string): number => {
    const own = rows.training.filter((signal) => signal.label === label);
    const values = own.flatMap(({ rows: count, features }) =>
      Array.from({ length: count }, (_, row) => features[row * names.length + names.indexOf(feature)]!),
    );
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  for (const kind of faultKinds) {
    expect(meanOf(kind, `${prefix[kind]}.h1`)).toBeGreaterThan(meanOf("healthy", `${prefix[kind]}.h1`) + 0.3);
  }
});

test("invented rows weigh together what the configuration says, over the recorded ones", () => {
  const modes = shipped.hypotheses.map(({ failureMode }) => failureMode);
  const recorded = joinLabelled(rows.heldOut, modes);
  const joined = createWiden(config, rows)(recorded);
  const weights = joined.weights!;
  const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
  expect(sum(weights.subarray(0, recorded.rows))).toBe(recorded.rows);
  expect(sum(weights.subarray(recorded.rows)) / recorded.rows).toBeCloseTo(2, 3);
  expect(joined.labels.length).toBe(joined.rows * modes.length);
  expect(describeInvented(config)[0]!.heldOutGroups).toEqual(["rigs 7 to 8"]);
});

test("the counts stay within a converter's, and are the same for the same seed", () => {
  const rig = inventRig(createRandom(21));
  const record = (): Int16Array =>
    recordInvented(rig, { kind: "fault", fault: "ball" }, createRandom(4)).counts;
  expect(record()).toEqual(record());
  expect(record().every((count) => Math.abs(count) <= 30_000)).toBe(true);
});
