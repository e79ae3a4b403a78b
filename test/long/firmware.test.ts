import { afterAll, describe, expect, test } from "vitest";
import { openBoardSession } from "../../scripts/mcu/board-session.ts";
import { cutUpdates } from "../../scripts/mcu/cut-updates.ts";
import { createTestModel } from "../../scripts/mcu/test-models.ts";
import { findMissingForBoard } from "../../scripts/mcu/virtual-board.ts";
import type {
  DeviceHealthMessage,
  ModelStatusMessage,
} from "../../src/core/contract/device/device-message.ts";
import { createMcuWorkshop } from "../firmware-bridge/mcu-host.ts";
import { describeFirmware } from "../mcu/firmware-suite.ts";
import { until } from "../support/until.ts";

for (const target of ["host", "m3", "m4", "m7", "rv32imac", "rv32imafc"] as const) describeFirmware(target);

const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const missing = findMissingForBoard("host", "tcp");

describe.skipIf(missing.length > 0)("a push to the firmware on host (needs a C compiler)", () => {
  const workshop = createMcuWorkshop();
  afterAll(() => workshop.close());

  test("that is cut off by the power at any flash operation leaves a board that runs, and goes on", async () => {
    const program = workshop.build("firmware-host");
    // Cuts at every operation, torn in eight ways, are the slots' own test; here the whole firmware and the gateway's push.
    const counts = await cutUpdates({
      kind: "host",
      line: "tcp",
      program,
      folder: workshop.folder,
      stride: 13,
    });
    expect(counts.violations).toEqual([]);
    expect(counts.cuts).toBeGreaterThan(3);
    expect(counts.resumed).toBeGreaterThan(0);
  });

  test("decides over a model that is on trial since the start only by the transfer that a Begin gave it", async () => {
    const { image, probes } = createTestModel("1.0.1", 2);
    const { bytes, securityCounter } = image;
    const board = await workshop.start("host", {
      deviceId: "mcu",
      key,
      sampleRateHz: 1_000,
      scale: 1,
      shaftRpm: 1_800,
      counts: new Int16Array(0),
      // As after a reset between the last chunk and the trial.
      model: { image: bytes, securityCounter, isUntried: true },
    });
    const statuses: ModelStatusMessage[] = [];
    let health: DeviceHealthMessage | undefined;
    const gateway = await openBoardSession(board.address, {
      onData: (message) => {
        if (message.type === "model-status") statuses.push(message);
        if (message.type === "health") health = message;
      },
    });
    expect((await gateway.hello).modelVersion).toBe("1.0.1");
    const confirm = { type: "model-confirm", transferId: 0, outcome: "confirmed" } as const;
    await until(() => gateway.session.sendModel(confirm), "a session");
    await until(() => (health?.refusedPackets ?? 0) > 0, "a refused packet");
    expect(statuses).toEqual([]);
    // Still on trial: the gateway's push finds it there, tries it, and confirms.
    const pushed = await gateway.push(image, key, probes);
    expect(pushed).toMatchObject({ outcome: "confirmed", sentBytes: 0, probes: probes.length });
    expect(statuses[0]).toMatchObject({ state: "trial" });
    await gateway.close();
    await board.stop();
  });
});
