/** A few turbines; many are among the long suites. */
import { describeShippedBundle } from "../support/shipped-bundle-suite.ts";

describeShippedBundle({
  seeds: 4,
  missedSeeds: 1,
  seedsOfKind: 3,
  missedOfKind: 1,
  healthySeconds: 60,
});
