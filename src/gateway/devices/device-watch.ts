/**
 * Watches over one device: gives its messages to the observer, lets the table judge what is known, and tells each diagnosis
 * once when it begins and once when it is over. Mends nothing but the times of a clock that cannot be right.
 */
import type { DeviceSession } from "../../../firmware-bridge/session/device-session.ts";
import type { DeviceDataMessage } from "../../../firmware-bridge/session/device-session-options.ts";
import type { DeviceConfig } from "../../core/contract/config/gateway-config.ts";
import { type DeviceDiagnosis, diagnosisCodes } from "../../core/contract/device/device-diagnosis.ts";
import type { HelloMessage, NackMessage } from "../../core/contract/device/device-message.ts";
import type { Arrival } from "../../core/contract/stream.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { createDeviceContact } from "../diagnosis/device-contact.ts";
import type { DeviceFacts } from "../diagnosis/device-facts.ts";
import { createDeviceObserver, type DeviceObserver } from "../diagnosis/device-observer.ts";
import { diagnoseDevice, isRestarting } from "../diagnosis/diagnose-device.ts";
import { createDiagnosisLedger, type DiagnosisNews } from "../diagnosis/diagnosis-ledger.ts";

export interface DeviceWatchOptions {
  readonly device: Pick<DeviceConfig, "id" | "mode">;
  /** Channels that measuring points take from it. */
  readonly expected: readonly string[];
  readonly standbyBelowRpm: number;
  readonly clock: Clock;
  readonly logger: Logger;
  onNews(deviceId: string, news: DiagnosisNews): void;
}

export interface DeviceWatch
  extends Pick<DeviceObserver, "setAside" | "window" | "configured" | "clockAheadMs" | "windows"> {
  hello(hello: HelloMessage): void;
  /** Raw samples are valid only during the call. */
  message(message: DeviceDataMessage, hello: HelloMessage, arrival: Arrival): void;
  /** Where the link stands. */
  state(state: DeviceSession["state"], reason: string): void;
  /** What the link advises about the last problem that it told. */
  problem(hint: string): void;
  /** It comes and goes, which is told as such, and not each time. */
  readonly isRestarting: boolean;
  readonly diagnoses: readonly DeviceDiagnosis[];
  /**
   * Call it about once a second, with what the link has counted, and why the newest push of a model left the device
   * without (null: it did not).
   */
  tick(totals: DeviceSession["statistics"], modelTrouble: string | null): void;
}

/** What the link itself has told already. */
const toldByLink: readonly string[] = ["no-contact", "refused"];

/** Creates the watch of a device that was never heard of. */
export function createDeviceWatch(options: DeviceWatchOptions): DeviceWatch {
  const { device, expected, clock, logger } = options;
  const { standbyBelowRpm } = options;
  const observer = createDeviceObserver({ infersItself: device.mode === "edge", expected, standbyBelowRpm });
  const ledger = createDiagnosisLedger({
    codes: diagnosisCodes,
    plain: ["no-contact", "refused", "wrong-channel", "clock", "model-push", "not-configured"],
  });
  const contact = createDeviceContact(clock.monotonicMs());
  let facts: DeviceFacts | null = null;

  function tell({ kind, diagnosis }: DiagnosisNews): void {
    const { code, text, cure } = diagnosis;
    if (!toldByLink.includes(code)) {
      if (kind === "onset") logger.warn(`device ${device.id}: ${text}`, { code, hint: cure });
      else logger.info("a diagnosis of the device is over", { code, was: text });
    }
    options.onNews(device.id, { kind, diagnosis });
  }

  return {
    hello: (hello) => observer.hello(hello, clock.monotonicMs()),
    message: (message, hello, arrival) => {
      // Of all that a gateway sends only a configuration is answered so.
      if (message.type === "nack") contact.object(message.reason);
      else observe(observer, { message, hello, arrival });
    },
    state: (state, reason) => contact.become(state, reason, clock.monotonicMs()),
    problem: contact.advise,
    configured: () => {
      contact.configured();
      observer.configured();
    },
    setAside: (quarantine, monotonicMs) => observer.setAside(quarantine, monotonicMs),
    window: (levels, reference, shaftRpm) => observer.window(levels, reference, shaftRpm),
    get clockAheadMs() {
      return observer.clockAheadMs;
    },
    get windows() {
      return observer.windows;
    },
    get isRestarting() {
      return facts !== null && isRestarting(facts);
    },
    get diagnoses() {
      return ledger.diagnoses;
    },
    tick: (totals, modelTrouble) => {
      observer.modelTrouble = modelTrouble;
      const now = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
      facts = observer.read(contact.read(now.monotonicMs), totals, now.monotonicMs);
      for (const news of ledger.update(diagnoseDevice(facts), now)) tell(news);
    },
  };
}

function observe(
  observer: DeviceObserver,
  came: {
    readonly message: Exclude<DeviceDataMessage, NackMessage>;
    readonly hello: HelloMessage;
    readonly arrival: Arrival;
  },
): void {
  const { message, hello, arrival } = came;
  switch (message.type) {
    case "raw-window":
      observer.samples(message, hello.channels[message.channel]!, arrival);
      return;
    case "reading":
      observer.reading(message, arrival);
      return;
    case "score":
      observer.score(message, hello.channels[message.channel]!, arrival);
      return;
    case "health":
      observer.uptime(message.uptimeMs, arrival.arrivedMonotonicMs);
      return;
    case "model-status":
      return;
  }
}
