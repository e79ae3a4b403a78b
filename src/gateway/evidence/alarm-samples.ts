/** The rolling buffer of every watched channel, and the recordings that are taken out of it around alarms. */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { PointIndex } from "../../core/contract/config/index-points.ts";
import { maxCaptureSamples } from "../../core/contract/device/device-capture.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { type AlarmEvidence, type AlarmListener, createAlarmEvidence } from "./alarm-evidence.ts";
import { channelKey, createEvidenceBuffer } from "./evidence-buffer.ts";

interface AlarmSamples extends AlarmEvidence {
  readonly bufferBytes: number;
}

interface AlarmSamplesOptions {
  readonly settings: GatewayConfig["evidence"];
  readonly points: PointIndex;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly logger: Logger;
}

export function openAlarmSamples(options: AlarmSamplesOptions, listener: AlarmListener): AlarmSamples {
  const { settings, points, clock, logger } = options;
  const { secondsBefore, secondsAfter, bufferBytes } = settings;
  const buffer = createEvidenceBuffer({
    channels: new Set(points.all.map(({ device, channel }) => channelKey(device, channel))),
    seconds: secondsBefore,
    maxBytes: bufferBytes,
    onOpened: (device, channel, sampleRateHz) => {
      const seconds = maxCaptureSamples / sampleRateHz;
      if (secondsBefore + secondsAfter <= seconds) return;
      logger.warn("raw samples around an alarm are fewer than is configured, at this channel's rate", {
        device,
        channel,
        secondsBefore,
        secondsAfter,
        hint: `A recording holds ${maxCaptureSamples} samples, ${seconds.toFixed(1)} s: both sides are shortened in proportion.`,
      });
    },
    onFull: (device, channel) =>
      logger.warn("the buffer of raw samples has no room for a channel", { device, channel, bufferBytes }),
  });
  const alarms = createAlarmEvidence({
    ...listener,
    buffer,
    channelOf: (turbine, component) => {
      const point = points.find(turbine, component);
      return point && { deviceId: point.device, channel: point.channel };
    },
    secondsBefore,
    secondsAfter,
    maxSamples: maxCaptureSamples,
    clock,
  });
  return {
    ...alarms,
    accept: (block) => {
      alarms.accept(block);
      buffer.accept(block);
    },
    get bufferBytes() {
      return buffer.bytes;
    },
  };
}
