import { describeFirmware } from "../mcu/firmware-suite.ts";

describeFirmware("m3");
describeFirmware("m4");
describeFirmware("m7");
describeFirmware("rv32imac");
describeFirmware("rv32imafc");
