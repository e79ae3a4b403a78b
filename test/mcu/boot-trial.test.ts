import { expect, test } from "vitest";
import { openBoardSession } from "../../scripts/mcu/board-session.ts";
import { createTestModel } from "../../scripts/mcu/test-models.ts";
import type { DeviceHealthMessage } from "../../src/contract/device-message.ts";
import type { ModelStatusMessage } from "../../src/contract/device-model-message.ts";
import { createMcuWorkshop, hasCompiler } from "../firmware-bridge/mcu-host.ts";
import { until } from "../support/until.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => index);

test.skipIf(!hasCompiler)(
  "a model on trial since the start is not decided over without its transfer, and is by one that a Begin gave it (needs a C compiler)",
  async () => {
    const workshop = createMcuWorkshop();
    try {
      const { image, probes } = createTestModel("1.0.1", 2);
      const { bytes, securityCounter } = image;
      const board = await workshop.start("host", {
        ...{
          deviceId: "mcu",
          key,
          sampleRateHz: 1_000,
          scale: 1,
          shaftRpm: 1_800,
          counts: new Int16Array(0),
        },
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
    } finally {
      await workshop.close();
    }
  },
);
