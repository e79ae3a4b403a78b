import { describeFirmware } from "../mcu/firmware-suite.ts";

describeFirmware("m3");
describeFirmware("m7");
