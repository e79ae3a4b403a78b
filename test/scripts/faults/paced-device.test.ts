import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { createTcpTransport } from "../../../firmware-bridge/transports/tcp-transport.ts";
import { startPacedDevice } from "../../../scripts/faults/paced-device.ts";
import { listen } from "../../firmware-bridge/conversation.ts";
import { until } from "../../support/until.ts";

/** Longer than a device of the field waits for an acknowledgement. */
const busyMs = 2_000;

test("a piece that a busy gateway acknowledges late is an acknowledged one", async () => {
  const startMs = Date.UTC(2026, 0, 1);
  const channel = { name: "accel-de", unit: "g", sampleRateHz: 12_000, scale: 0.0005 };
  const bearing = { bpfo: 3.6, bpfi: 5.4, bsf: 2.4, ftf: 0.4 };
  const device = await startPacedDevice({
    id: "mcu-1",
    signal: { channel, bearing, read: () => 1500 },
    speed: Number.POSITIVE_INFINITY,
    startMs,
    findRun: () => 1,
  });
  onTestFinished(() => device.close());
  const port = Number(new URL(device.address).port);
  let isBusy = false;
  const { session } = listen(createFramedLink(createTcpTransport("127.0.0.1", port)), {
    onMessage: (message) => {
      if (message.type !== "raw-window" || isBusy) return;
      isBusy = true;
      session.hold();
      void delay(busyMs).then(() => session.letGo());
    },
  });
  onTestFinished(() => session.close());
  await session.open();
  await until(() => device.acknowledged.length > 0, "a piece is acknowledged");
  expect(device.acknowledged[0]).toMatchObject({ fromMs: startMs, run: 1 });
});
