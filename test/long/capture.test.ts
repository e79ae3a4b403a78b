import { testCapture } from "../mcu/capture-suite.ts";

testCapture("host");
testCapture("m3");
testCapture("m4");
testCapture("m7");
