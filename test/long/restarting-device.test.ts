import { expect, test } from "vitest";
import { startDeviceSimulator } from "../../src/cli/device/device-simulator.ts";
import { createInstallation, deviceOf, statusWhen } from "../gateway/installation.ts";
import { createTurbine } from "../gateway/turbines.ts";
import { findFreePort } from "../support/free-port.ts";

const boots = 10;
const lifeMs = 5_000;

test("a device that restarts every five seconds is named, and streams for most of its lives", {
  timeout: 300_000,
}, async () => {
  const installation = await createInstallation();
  await installation.startCollector();
  const port = await findFreePort();
  const { source, bearing } = createTurbine(31, null);
  const gateway = await installation.startGateway([
    { id: "WT01", bearing, connect: `tcp://127.0.0.1:${port}` },
  ]);
  let sent = 0;
  for (let boot = 0; boot < boots; boot++) {
    const device = await startDeviceSimulator({
      deviceId: deviceOf("WT01"),
      outlet: { kind: "tcp", host: "127.0.0.1", port },
      source,
    });
    await new Promise((resolve) => setTimeout(resolve, lifeMs));
    sent += device.sentSamples;
    await device.close();
  }
  const { devices } = await statusWhen(gateway, (status) => status.devices[0]!.diagnoses.length > 0);
  expect(devices[0]!.diagnoses).toMatchObject([
    { code: "restarts", text: expect.stringMatching(/^restarted \d+ times in 1 min$/) },
  ]);
  const heard = sent / 12 / (boots * lifeMs);
  process.stdout.write(
    `a device that restarts every 5 s: ${(heard * 100).toFixed(0)} % of its lives heard\n`,
  );
  expect(heard).toBeGreaterThan(0.6);
});
