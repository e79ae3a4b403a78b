/** A simulated device that speaks MQTT with an installation's gateway; it is closed when the test is over. */
import { onTestFinished } from "vitest";
import { type DeviceSimulator, startDeviceSimulator } from "../../src/cli/device/device-simulator.ts";
import type { SampleSource } from "../../src/cli/device/sample-source.ts";
import { deviceOf, type Installation, names } from "./installation.ts";

/** What it sends, how fast, and as whom it logs in (default: as the installation lets it). */
interface MqttDevice {
  readonly turbine: string;
  readonly source: SampleSource;
  readonly speed: number;
  readonly username?: string;
}

/** Starts it. */
export async function startMqttDevice(
  { mqttUrl, password }: Installation,
  { turbine, source, speed, username = `${names.gateway}/${deviceOf(turbine)}` }: MqttDevice,
): Promise<DeviceSimulator> {
  const login = { username, password };
  const device = await startDeviceSimulator({
    deviceId: deviceOf(turbine),
    outlet: { kind: "mqtt", url: mqttUrl, base: "aurora/v1", gateway: names.gateway, ...login },
    source,
    speed,
  });
  onTestFinished(() => device.close());
  return device;
}
