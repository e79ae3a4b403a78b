import { describeFeatureBits } from "../mcu/feature-bits-suite.ts";

describeFeatureBits("m4");
