import { testCapture } from "../mcu/capture-suite.ts";

testCapture("m3");
testCapture("m4");
testCapture("m7");
