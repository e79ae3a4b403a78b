import { describeFeatureBits } from "./feature-bits-suite.ts";

// With and without a float unit the same source takes other ways; a core in QEMU is in the long suite.
describeFeatureBits("host");
describeFeatureBits("host-integers");
