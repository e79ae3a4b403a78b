import { expect, test } from "vitest";
import { shippedFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { findSnapshotGuard, listGearedKinds } from "../../../src/core/explain/masked-kinds.ts";
import { widenShaftGuard } from "../../../src/core/features/order-spectrum.ts";

const chains = [{ name: "envelope", kind: "envelope-order", params: { shaftGuardOrders: 0.04 } }];
const features = { catalogueVersion: 1, chains, list: [] };

test("snapshots leave as much free beside the shaft's harmonics as their features do", () => {
  const window = { unit: "revolutions", length: 60, hop: 60 } as const;
  for (const revolutions of [1, 2.5, 7, 12, 33.3, 59.9])
    expect(findSnapshotGuard({ features, window }, revolutions)).toBe(
      widenShaftGuard(0.04, window.length / revolutions),
    );
  for (const whole of [60, 1000, Number.NaN]) expect(findSnapshotGuard({ features, window }, whole)).toBe(0);
  const inSeconds = { unit: "seconds", length: 1, hop: 1 } as const;
  expect(findSnapshotGuard({ features, window: inSeconds }, 3)).toBe(0);
});

test("a kind whose first line stands where one of a geared shaft's first six does is hidden by it, unless the own shaft hides it", () => {
  const window = { unit: "revolutions", length: 60, hop: 60 } as const;
  const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };
  const hidden = (gearedShafts: readonly number[], more = {}) =>
    listGearedKinds({ features: shippedFeatureSpec, window, bearing, ...more }, gearedShafts).map(
      ({ kind, turns, harmonic }) => [kind, turns, harmonic],
    );
  expect(hidden([])).toEqual([]);
  expect(hidden([5.4, 1.79])).toEqual([
    ["inner-race", 5.4, 1],
    ["outer-race", 1.79, 2],
  ]);
  // A width of a line and 0.45 % to either side, and six harmonics of a slow shaft.
  expect([hidden([5.47]), hidden([5.37]), hidden([5.42 / 7])]).toEqual([[], [], []]);
  expect(hidden([5.42 / 6])).toEqual([
    ["inner-race", 5.42 / 6, 6],
    ["outer-race", 5.42 / 6, 4],
  ]);
  expect(hidden([5.01], { bearing: { ...bearing, bpfi: 5.01 } })).toEqual([]);
  expect(hidden([5.42], { window: { unit: "seconds", length: 2, hop: 2 } })).toEqual([]);
});
