import { describeFirmware } from "../mcu/firmware-suite.ts";

describeFirmware("m3");
describeFirmware("m4");
describeFirmware("m7");
