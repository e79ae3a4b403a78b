import { expect, test } from "vitest";
import { cutUpdates } from "../../scripts/mcu/cut-updates.ts";
import { findMissingForBoard } from "../../scripts/mcu/virtual-board.ts";
import { createMcuWorkshop } from "../firmware-bridge/mcu-host.ts";
import { describeFirmware } from "./firmware-suite.ts";

// The other cores are in the long suite.
describeFirmware("host");
describeFirmware("m4");

test.skipIf(findMissingForBoard("host", "tcp").length > 0)(
  "a power cut at any flash operation of a push leaves a board that runs, and the push goes on (needs a C compiler)",
  async () => {
    const workshop = createMcuWorkshop();
    const program = workshop.build("firmware-host");
    // Cuts at every operation, torn in eight ways, are the slots' own test; here the whole firmware and the gateway's push.
    const counts = await cutUpdates("host", program, workshop.folder, 13);
    expect(counts.violations).toEqual([]);
    expect(counts.cuts).toBeGreaterThan(3);
    expect(counts.resumed).toBeGreaterThan(0);
    await workshop.close();
  },
);
