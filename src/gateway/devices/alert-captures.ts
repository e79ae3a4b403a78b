/**
 * Raw samples to an alert that rests on a device's own scores: the device is asked for them once the alert is raised,
 * since it holds none of the past. At most one recording of a device in so many minutes, and never beside another.
 */
import type { AlertEvent } from "../../core/contract/alert.ts";
import { maxCaptureSeconds } from "../../core/contract/device/device-capture.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Captured } from "./capture-attempt.ts";
import type { DeviceCaptures } from "./device-captures.ts";
import type { RawCaptures } from "./raw-captures.ts";
import { alertCaptureEveryMs } from "./recording.ts";

/** Where an alert's samples come from. */
export interface AlertSource {
  readonly deviceId: string;
  readonly channel: string;
  /** Length of a recording; 0: none; null: by the alert's window. */
  readonly seconds: number | null;
}

/** The shaft may have slowed down since: a window is so many revolutions. */
const windowShare = 1.1;
const leastSeconds = 2;

/** Seconds of samples in which a whole window like the alert's is found. */
function measureCapture({ window }: AlertEvent["data"]): number {
  const seconds = (Date.parse(window.to) - Date.parse(window.from)) / 1000;
  return Math.min(maxCaptureSeconds, Math.max(leastSeconds, windowShare * seconds));
}

/** What is needed to record alerts. */
interface AlertCapturesOptions {
  readonly captures: Pick<DeviceCaptures, "capture" | "isBusy">;
  readonly recordings: Pick<RawCaptures, "keep">;
  /** The device that a component is watched by. */
  sourceOf(turbine: string, component: string): AlertSource | undefined;
  /** A recording was made for an alert. */
  onRecording(recording: Captured["recording"], event: AlertEvent): void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface AlertCaptures {
  /** Something was told to subscribers. */
  note(event: AlertEvent): void;
  /** Alerts without samples, because their device was busy, out of contact, or sent none. */
  readonly missed: number;
}

/** Creates captures of no alert yet. */
export function createAlertCaptures(options: AlertCapturesOptions): AlertCaptures {
  const { captures, recordings, clock, logger } = options;
  const begun = new Map<string, number>();
  let missed = 0;

  async function record(event: AlertEvent, { deviceId, channel, seconds }: AlertSource): Promise<void> {
    const asked = { deviceId, channel, seconds: seconds ?? measureCapture(event.data), partial: true };
    const { recording } = await captures.capture(asked);
    options.onRecording(recording, event);
    if (!(await recordings.keep(recording, event.id, clock.monotonicMs()))) {
      missed++;
      return;
    }
    logger.info("raw samples were kept for an alert", {
      device: deviceId,
      alert: event.id,
      samples: recording.samples,
    });
  }

  return {
    note: (event) => {
      const { turbine, component, inferredOn } = event.data;
      if (event.type !== "io.aurora.alert.raised.v1" || inferredOn !== "device") return;
      const source = options.sourceOf(turbine, component);
      if (source === undefined || source.seconds === 0) return;
      const nowMs = clock.monotonicMs();
      const beganMs = begun.get(source.deviceId);
      if (beganMs !== undefined && nowMs - beganMs < alertCaptureEveryMs) return;
      // Somebody captures by hand: those samples are as good.
      if (captures.isBusy(source.deviceId)) {
        missed++;
        return;
      }
      begun.set(source.deviceId, nowMs);
      record(event, source).catch((error: unknown) => {
        missed++;
        begun.delete(source.deviceId);
        logger.warn("no raw samples to an alert", { device: source.deviceId, alert: event.id, error });
      });
    },
    get missed() {
      return missed;
    },
  };
}
