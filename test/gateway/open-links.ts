import { onTestFinished } from "vitest";
import type { DeviceConfig } from "../../src/core/contract/config/gateway-config.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { systemClock, systemTimers } from "../../src/core/platform/clock.ts";
import type { Logger } from "../../src/core/platform/logger.ts";
import {
  type DeviceLinks,
  type DeviceLinksOptions,
  openDeviceLinks,
} from "../../src/gateway/devices/device-links.ts";
import { createFakeMqtt } from "./fakes.ts";

const idlePipeline: DeviceLinksOptions["pipeline"] = {
  announce: () => {},
  accept: () => {},
  acceptDeviceReading: () => {},
  acceptScore: () => {},
};

/** Opens the links to these devices for the length of a test. */
export async function openLinks(
  devices: readonly DeviceConfig[],
  logger: Logger,
  pipeline: DeviceLinksOptions["pipeline"] = idlePipeline,
): Promise<DeviceLinks> {
  const links = await openDeviceLinks({
    devices,
    logger,
    gatewayId: "gw-1",
    runtimeVersion: "0.1.0",
    topics: createTopics("aurora/v1"),
    mqtt: createFakeMqtt(),
    clock: systemClock,
    timers: systemTimers,
    random: createRandom(1),
    bearingOf: () => undefined,
    channelsOf: () => [],
    operation: { standbyBelowRpm: 300, dataTimeoutSeconds: 60 },
    onDiagnosis: () => {},
    pipeline,
    captures: { accept: () => false, contact: () => {}, lost: () => {} },
    recordings: { accept: () => {} },
    pushes: { contact: () => {}, lost: () => {}, status: () => {}, runs: () => null },
  });
  onTestFinished(() => links.close());
  return links;
}
