import { expect, test } from "vitest";
import { findSnapshotGuard } from "../../../src/core/explain/masked-kinds.ts";
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
