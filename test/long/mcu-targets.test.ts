import { describeEngine } from "../mcu/engine-suite.ts";
import { describeFeatures } from "../mcu/features-suite.ts";

// This machine and a Cortex-M4 are in the quick suite.
for (const target of ["host-integers", "m0", "m3", "m7"] as const) describeEngine(target);
describeFeatures(["host-integers", "m3", "m7"]);
