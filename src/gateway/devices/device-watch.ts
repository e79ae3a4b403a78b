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
import { createDeviceContact, type DeviceContact } from "../diagnosis/device-contact.ts";
import type { ModelStanding, ModelTrouble } from "../diagnosis/device-facts.ts";
import {
  createDeviceObserver,
  type DeviceObserver,
  type DeviceObserverOptions,
} from "../diagnosis/device-observer.ts";
import { diagnoseDevice, isRestarting } from "../diagnosis/diagnose-device.ts";
import {
  createDiagnosisLedger,
  type DiagnosisNews,
  type DiagnosisRules,
} from "../diagnosis/diagnosis-ledger.ts";

export interface DeviceWatchOptions {
  readonly device: Pick<DeviceConfig, "id" | "connect" | "mode">;
  /** Channels that measuring points take from it. */
  readonly expected: readonly string[];
  readonly operation: DeviceObserverOptions["operation"];
  readonly clock: Clock;
  readonly logger: Logger;
  onNews(deviceId: string, news: DiagnosisNews): void;
}

export interface DeviceWatch
  extends Pick<DeviceObserver, "setAside" | "window" | "configured" | "clockAheadMs" | "windows"> {
  hello(hello: HelloMessage): void;
  /** Raw samples are valid only during the call. */
  message(message: DeviceDataMessage, hello: HelloMessage, arrival: Arrival): void;
  /** Where the link stands, why, and what to do, as far as the link knows. */
  state(state: ContactState, reason: string, hint?: string): void;
  /** What the link advises about the last problem that it told. */
  problem(hint: string): void;
  /** It comes and goes, which is told as such, and not each time. */
  readonly isRestarting: boolean;
  /** Its broker is back, and the device has its time to come back as well. */
  readonly isAwaited: boolean;
  /** Why there is no contact, and what to do, as the link says it; null while there is. */
  readonly noContact: string | null;
  readonly diagnoses: readonly DeviceDiagnosis[];
  /**
   * Call it about once a second, with what the link has counted, and why the newest push of a model left the device
   * without (null: it did not).
   */
  tick(totals: DeviceSession["statistics"], modelTrouble: ModelTrouble | null, model: ModelStanding): void;
}

type ContactState = Parameters<DeviceContact["become"]>[0];

/** What the link itself has told already. */
const toldByLink: readonly string[] = ["no-contact", "refused"];

const rules: DiagnosisRules<DeviceDiagnosis["code"]> = {
  codes: diagnosisCodes,
  plain: [
    "no-contact",
    "refused",
    "wrong-channel",
    "clock",
    "model-push",
    "no-model",
    "no-scores",
    "not-configured",
  ],
};

/** Creates the watch of a device that was never heard of. */
export function createDeviceWatch(options: DeviceWatchOptions): DeviceWatch {
  return new DiagnosingWatch(options);
}

class DiagnosingWatch implements DeviceWatch {
  readonly #options: DeviceWatchOptions;
  readonly #observer: DeviceObserver;
  readonly #ledger = createDiagnosisLedger(rules);
  readonly #contact: DeviceContact;
  isRestarting = false;

  constructor(options: DeviceWatchOptions) {
    const { device, expected, clock, operation } = options;
    const infersItself = device.mode === "edge";
    this.#options = options;
    this.#observer = createDeviceObserver({
      infersItself,
      isOverMqtt: device.connect === "mqtt",
      expected,
      operation,
    });
    this.#contact = createDeviceContact(clock.monotonicMs());
  }

  get clockAheadMs(): number {
    return this.#observer.clockAheadMs;
  }

  get isAwaited(): boolean {
    return this.#contact.isAwaited(this.#options.clock.monotonicMs());
  }

  get noContact(): string | null {
    const { state, reason, hint } = this.#contact.read(this.#options.clock.monotonicMs());
    if (state === "established") return null;
    return hint === "" ? reason : `${reason} (${hint})`;
  }

  get windows(): number {
    return this.#observer.windows;
  }

  get diagnoses(): readonly DeviceDiagnosis[] {
    return this.#ledger.diagnoses;
  }

  hello(hello: HelloMessage): void {
    this.#observer.hello(hello, this.#options.clock.monotonicMs());
  }

  message(message: DeviceDataMessage, hello: HelloMessage, arrival: Arrival): void {
    // Of all that a gateway sends only a configuration is answered so.
    if (message.type === "nack") this.#contact.object(message.reason);
    else observe(this.#observer, { message, hello, arrival });
  }

  state(state: ContactState, reason: string, hint = ""): void {
    this.#contact.become(state, { reason, hint }, this.#options.clock.monotonicMs());
  }

  problem(hint: string): void {
    this.#contact.advise(hint);
  }

  configured(): void {
    this.#contact.configured();
    this.#observer.configured();
  }

  setAside(...aside: Parameters<DeviceObserver["setAside"]>): void {
    this.#observer.setAside(...aside);
  }

  window(...decided: Parameters<DeviceObserver["window"]>): void {
    this.#observer.window(...decided);
  }

  tick(totals: DeviceSession["statistics"], modelTrouble: ModelTrouble | null, model: ModelStanding): void {
    const { clock } = this.#options;
    const observer = this.#observer;
    observer.modelTrouble = modelTrouble;
    observer.model = model;
    const now = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    const facts = observer.read(this.#contact.read(now.monotonicMs), totals, now.monotonicMs);
    this.isRestarting = isRestarting(facts);
    for (const news of this.#ledger.update(diagnoseDevice(facts), now)) this.#tell(news);
  }

  #tell({ kind, diagnosis }: DiagnosisNews): void {
    const { device, logger, onNews } = this.#options;
    const { code, text, cure } = diagnosis;
    if (!toldByLink.includes(code)) {
      if (kind === "onset") logger.warn(`device ${device.id}: ${text}`, { code, hint: cure });
      else logger.info("a diagnosis of the device is over", { code, was: text });
    }
    onNews(device.id, { kind, diagnosis });
  }
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
      if (message.scores !== undefined) observer.scored(message.scores);
      return;
    case "model-status":
      return;
  }
}
