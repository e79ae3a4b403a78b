import { testCapture } from "./capture-suite.ts";

// The other cores are in the long suite.
testCapture("host");
