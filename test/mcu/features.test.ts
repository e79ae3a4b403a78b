import { describeFeatures } from "./features-suite.ts";

// The other targets are in the long suite.
describeFeatures(["m4"]);
