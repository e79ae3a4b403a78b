import { onTestFinished } from "vitest";
import type { DeviceConfig } from "../../src/contract/gateway-config.ts";
import { createTopics } from "../../src/contract/topics.ts";
import { type DeviceLinks, type DeviceSink, openDeviceLinks } from "../../src/gateway/device-links.ts";
import { createRandom } from "../../src/maths/random.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Logger } from "../../src/platform/logger.ts";
import { createFakeMqtt } from "./fakes.ts";

/** Opens the links to these devices for the length of a test; `sink` hears what it has a function for. */
export async function openLinks(
  devices: readonly DeviceConfig[],
  logger: Logger,
  sink: Partial<DeviceSink> = {},
): Promise<DeviceLinks> {
  const links = await openDeviceLinks({
    ...{ devices, logger, gatewayId: "gw-1", runtimeVersion: "0.1.0" },
    ...{ topics: createTopics("aurora/v1"), mqtt: createFakeMqtt() },
    ...{ clock: systemClock, random: createRandom(1) },
    bearingOf: () => undefined,
    sink: {
      onHello: () => {},
      onBlock: () => {},
      onReading: () => {},
      onCapture: () => {},
      onScore: () => {},
      onContact: () => {},
      onLost: () => {},
      onModelStatus: () => {},
      ...sink,
    },
  });
  onTestFinished(() => links.close());
  return links;
}
