/** Three hours of simulated turbines: most of a minute, so not among the quick tests. */
import { describeShippedBundle } from "../support/shipped-bundle-suite.ts";

describeShippedBundle({
  seeds: 20,
  missedSeeds: 2,
  seedsOfKind: 9,
  missedOfKind: 2,
  healthySeconds: 600,
});
