/**
 * Brings a device its configuration: only the newest counts, and it is repeated with growing waits until the device has
 * acknowledged or refused it, or the attempts are used up. Of the session it knows only the number.
 */
import type { ConfigMessage } from "../../src/core/contract/device/device-message.ts";
import type { Random } from "../../src/core/maths/random.ts";
import { type Backoff, createBackoff } from "../../src/core/platform/backoff.ts";
import type { Timers } from "../../src/core/platform/clock.ts";
import { linkTiming, repeatBackoff } from "../link-timing.ts";
import { packetFlags } from "../protocol.ts";
import type { DeviceSessionOptions } from "./device-session-options.ts";
import type { PacketSender } from "./packet-sender.ts";

type Outcome = "acknowledged" | "refused" | "given-up";

interface ConfigDeliveryOptions extends Pick<DeviceSessionOptions, "mode" | "configuration"> {
  readonly sender: PacketSender;
  readonly timers: Timers;
  readonly random: Pick<Random, "uniform">;
  /** Number of the established session; undefined without one: nothing is sent then. */
  sessionId(): number | undefined;
  onDelivery(outcome: Outcome): void;
}

export interface ConfigDelivery {
  /** Another session begins: it is asked for the raw samples that the options name. */
  restart(): void;
  /** Sends the newest configuration in place of one that is under way. */
  send(): void;
  /** Sends a configuration that asks for this many raw samples from now on, once; 0 ends that. */
  askRaw(samples: number): void;
  /** An Ack or Nack came for `sequence`. */
  settle(sequence: number, outcome: "acknowledged" | "refused"): void;
  /** Stops repeating. */
  stop(): void;
}

/** Creates it with nothing to deliver. */
export function createConfigDelivery(options: ConfigDeliveryOptions): ConfigDelivery {
  return new Delivery(options);
}

class Delivery implements ConfigDelivery {
  readonly #options: ConfigDeliveryOptions;
  readonly #backoff: Backoff;
  #rawSamples = 0;
  /** Of the configuration under way. */
  #sequence: number | undefined;
  #attempts = 0;
  #cancel: (() => void) | null = null;

  constructor(options: ConfigDeliveryOptions) {
    const { random } = options;
    this.#options = options;
    this.#backoff = createBackoff({ random: () => random.uniform(), ...repeatBackoff });
  }

  restart(): void {
    this.#rawSamples = this.#options.configuration?.rawSamples ?? 0;
  }

  send(): void {
    const { mode } = this.#options;
    const sessionId = this.#options.sessionId();
    if (sessionId === undefined) return;
    // A repeated hello says that the last one did not arrive.
    this.stop();
    const { rawSamples: _first, ...configuration } = this.#options.configuration ?? {};
    const raw = this.#rawSamples > 0 ? { rawSamples: this.#rawSamples } : {};
    this.#attempt({ type: "config", ...configuration, ...raw, mode, sessionId });
  }

  askRaw(samples: number): void {
    // A configuration that is equal to the newest asks for nothing: one more sample makes it another.
    this.#rawSamples = samples > 0 && samples === this.#rawSamples ? samples + 1 : samples;
    this.send();
  }

  settle(settled: number, outcome: "acknowledged" | "refused"): void {
    if (settled === this.#sequence) this.#finish(outcome);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#sequence = undefined;
    this.#attempts = 0;
    this.#backoff.reset();
  }

  #finish(outcome: Outcome): void {
    this.stop();
    this.#options.onDelivery(outcome);
  }

  #attempt(config: ConfigMessage): void {
    const { sender, timers } = this.#options;
    if (this.#attempts === linkTiming.maxAttempts) {
      this.#finish("given-up");
      return;
    }
    this.#attempts++;
    if (this.#sequence === undefined) this.#sequence = sender.send(config, packetFlags.acknowledge);
    else sender.repeat(config, this.#sequence);
    this.#cancel = timers.after(this.#backoff.nextMs(), () => this.#attempt(config));
  }
}
