import { expect, test } from "vitest";
import type { FeatureDeclaration } from "../../../src/core/contract/bundle/feature-spec.ts";
import { describeEvidence, type EvidenceSubject } from "../../../src/core/explain/physical-evidence.ts";

/** The places of a fault's three harmonics, and of the shaft's first two. */
type Places = readonly [number, number, number, shaft?: number, shaftTwice?: number];

const nan = Number.NaN;

function subjectOf(bpfi: number): EvidenceSubject {
  const harmonic = (order: string, number: number): FeatureDeclaration => ({
    name: `${order}.h${number}`,
    operator: "order-log-snr",
    chain: "envelope",
    params: { order, harmonic: number, tolerance: 0.02 },
    group: order,
  });
  const list = [
    ...[1, 2, 3].map((each) => harmonic("bpfi", each)),
    ...[1, 2].map((each) => harmonic("shaft", each)),
  ];
  return {
    failureMode: "inner-race",
    features: {
      catalogueVersion: 1,
      chains: [{ name: "envelope", kind: "envelope-order", params: {} }],
      list,
    },
    window: { unit: "revolutions", length: 60, hop: 60 },
    bearing: { bpfo: 3.6, bpfi, bsf: 4.3, ftf: 0.4 },
  };
}

/** What speaks against an inner race whose lines stand there, window after window. */
function listAgainst(bpfi: number, windows: readonly Places[], revolutions = 60): string {
  const heard = windows.map((places) => ({
    features: Float32Array.of(2.3, 2.3, 2.3, 2.3, 2.3),
    lineOrders: Float32Array.from([...places, nan, nan].slice(0, 5)),
    shaftRpm: 1500,
    revolutions,
  }));
  return describeEvidence(subjectOf(bpfi), heard)!.against.join("; ");
}

const halves = "looseness and rubs make half orders";
const wanders = "from window to window: a fault's keeps its order, if the speed is stated rightly";

test("says of lines that stand on half orders of the shaft which these are, and what makes them", () => {
  expect(listAgainst(5.415, [[5.501, nan, 16.504]])).toContain(
    `1× and 3× stand on 5.5 and 16.5 times the shaft's speed: ${halves}`,
  );
  // The second stands on a whole order.
  expect(listAgainst(5.415, [[5.501, 11.003, nan]])).toContain(
    `1× stands on 5.5 times the shaft's speed: ${halves}`,
  );
  // 0.25 / 60 and 0.05 % of 5.5 are 0.0069, of 16.5 0.0124.
  expect(listAgainst(5.415, [[5.508, nan, nan]])).not.toContain(halves);
  expect(listAgainst(5.415, [[5.501, nan, 16.514]])).not.toContain(halves);
  expect(listAgainst(5.415, [[5.501, 10.9, 16.5]])).not.toContain(halves);
  // Whole orders alone are objected to elsewhere.
  expect(listAgainst(5.02, [[5, 10, 15]])).not.toContain(halves);
  expect(listAgainst(5.415, [[5.501, nan, 16.504]], 44)).not.toContain(halves);
});

test("of a bearing whose own lines may stand on half orders says that they may be these", () => {
  expect(listAgainst(5.468, [[5.5, 11, 16.5]])).toContain(
    `1× and 3× may be the bearing's own, or 5.5 and 16.5 times the shaft's speed: ${halves}`,
  );
});

test("tells half orders by how fast the shaft is heard to turn, where it is", () => {
  const turned = (order: number, share: number): Places => [
    order * share,
    nan,
    3 * order * share,
    share,
    2 * share,
  ];
  const words = `1× and 3× stand on 5.5 and 16.5 times the shaft's speed: ${halves}`;
  expect(listAgainst(5.415, [turned(5.5, 1.004)])).toContain(words);
  expect(listAgainst(5.415, [turned(5.45, 5.5 / 5.45)])).not.toContain(halves);
  // Not heard in most.
  const stated: Places = [5.5 * 1.004, nan, 16.5 * 1.004];
  expect(listAgainst(5.415, [stated, turned(5.5, 1.004), stated])).toContain(words);
});

const at = (order: number): Places => [order, 2 * order, 3 * order];

test("says of a line that moves in turns of the shaft between which orders it does", () => {
  const words = `1× moves between orders 5.36 and 5.48 ${wanders}`;
  expect(listAgainst(5.4, [at(5.48), at(5.36), at(5.41)])).toContain(words);
  // Two windows say too little, and 1.5 % may be a slip that changes.
  expect(listAgainst(5.4, [at(5.48), at(5.36)])).not.toContain(wanders);
  expect(listAgainst(5.4, [at(5.44), at(5.36), at(5.41)])).not.toContain(wanders);
  // One place in 12 revolutions is known to 0.8 %, three times that is more than 2.2 %.
  expect(listAgainst(5.4, [at(5.48), at(5.36), at(5.41)], 12)).not.toContain(wanders);
});

test("of a line that moves counts windows alone in which another one moves with it, of ten one odd one is passed over", () => {
  const steady = [at(5.4), at(5.4), at(5.4)];
  expect(listAgainst(5.4, [...steady, [5.3, 10.8, 16.2], [5.5, nan, nan]])).not.toContain(wanders);
  const nine = [...steady, ...steady, ...steady];
  expect(listAgainst(5.4, [...nine, at(5.3)])).not.toContain(wanders);
  expect(listAgainst(5.4, [...nine, at(5.3), at(5.31)])).toContain(wanders);
});

test("of a line that moves with how fast the shaft is heard to turn says nothing: its speed is stated wrong", () => {
  const turned = (share: number): Places => [5.4 * share, 10.8 * share, 16.2 * share, share, 2 * share];
  expect(listAgainst(5.4, [turned(1.012), turned(0.99), turned(1)])).not.toContain(wanders);
  const still = (share: number): Places => [5.4 * share, 10.8 * share, 16.2 * share, 1, 2];
  expect(listAgainst(5.4, [still(1.012), still(0.99), still(1)])).toContain(wanders);
});

test("of a line that moves counts windows in which the shaft is heard alone, where it is in some", () => {
  const stated = (order: number): Places => at(0.983 * order);
  const turned = (order: number): Places => [
    0.983 * order,
    2 * 0.983 * order,
    3 * 0.983 * order,
    0.983,
    2 * 0.983,
  ];
  expect(
    listAgainst(
      5.4,
      [5.4, 5.4, 5.4].flatMap((each) => [turned(each), stated(each)]),
    ),
  ).not.toContain(wanders);
  const words = `1× moves between orders 5.36 and 5.48 ${wanders}`;
  expect(
    listAgainst(
      5.4,
      [5.48, 5.36, 5.41].flatMap((each) => [turned(each), stated(each)]),
    ),
  ).toContain(words);
});

test("of lines at no multiples of one order says so also where the shaft is heard in other windows alone", () => {
  const apart: Places = [5.4, 10.9, 16.2];
  expect(listAgainst(5.4, [apart, apart, [nan, nan, nan, 1, 2]])).toContain(
    "2× and 3× do not stand at multiples",
  );
});

test("says that lines keep their hertz by speeds that are heard or by stated ones, never by what lies between both", () => {
  const placesAt = (order: number, turn: number): Places => [order, 2 * order, 3 * order, turn, 2 * turn];
  const notHeard = (order: number): Places => [order, 2 * order, 3 * order];
  // A fault: the shaft turns at one speed, 1.4 % faster than is stated.
  const slips = [5.43, 5.445, 5.42].map((order) => order * 1.014);
  const fault = slips.flatMap((order) => [placesAt(order, 1.014), notHeard(order)]);
  expect(listAgainst(5.415, fault)).not.toContain("while the speed goes");
  const pump = [0.992, 1, 1.008].flatMap((turn) => [placesAt(5.44, turn), notHeard(5.44)]);
  expect(listAgainst(5.415, pump)).toContain(
    "3× keep 136.0, 272.0 and 408.0 Hz while the speed goes 1488 to 1512 rpm",
  );
});
