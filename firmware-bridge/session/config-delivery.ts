/**
 * Brings a device its configuration: only the newest counts, and it is repeated with growing waits until the device has
 * acknowledged or refused it, or the attempts are used up. Of the session it knows only the number.
 */
import type { ConfigMessage } from "../../src/core/contract/device/device-message.ts";
import type { Random } from "../../src/core/maths/random.ts";
import { createBackoff } from "../../src/core/platform/backoff.ts";
import type { Timers } from "../../src/core/platform/clock.ts";
import { linkTiming, repeatBackoff } from "../link-timing.ts";
import { packetFlags } from "../protocol.ts";
import type { DeviceSessionOptions } from "./device-session-options.ts";
import type { PacketSender } from "./packet-sender.ts";

type Delivery = "acknowledged" | "refused" | "given-up";

interface ConfigDeliveryOptions extends Pick<DeviceSessionOptions, "mode" | "configuration"> {
  readonly sender: PacketSender;
  readonly timers: Timers;
  readonly random: Pick<Random, "uniform">;
  /** Number of the established session; undefined without one: nothing is sent then. */
  sessionId(): number | undefined;
  onDelivery(outcome: Delivery): void;
}

interface ConfigDelivery {
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
  const { sender, timers, random, mode } = options;
  const { rawSamples: firstRawSamples = 0, ...configuration } = options.configuration ?? {};
  const backoff = createBackoff({ random: () => random.uniform(), ...repeatBackoff });
  let rawSamples = 0;
  /** Of the configuration under way. */
  let sequence: number | undefined;
  let attempts = 0;
  let cancel = (): void => {};

  function stop(): void {
    cancel();
    sequence = undefined;
    attempts = 0;
    backoff.reset();
  }

  function finish(outcome: Delivery): void {
    stop();
    options.onDelivery(outcome);
  }

  function attempt(config: ConfigMessage): void {
    if (attempts === linkTiming.maxAttempts) {
      finish("given-up");
      return;
    }
    attempts++;
    if (sequence === undefined) sequence = sender.send(config, packetFlags.acknowledge);
    else sender.repeat(config, sequence);
    cancel = timers.after(backoff.nextMs(), () => attempt(config));
  }

  function send(): void {
    const sessionId = options.sessionId();
    if (sessionId === undefined) return;
    // A repeated hello says that the last one did not arrive.
    stop();
    const raw = rawSamples > 0 ? { rawSamples } : {};
    attempt({ type: "config", ...configuration, ...raw, mode, sessionId });
  }

  return {
    restart: () => {
      rawSamples = firstRawSamples;
    },
    send,
    askRaw: (samples) => {
      // A configuration that is equal to the newest asks for nothing: one more sample makes it another.
      rawSamples = samples > 0 && samples === rawSamples ? samples + 1 : samples;
      send();
    },
    settle: (settled, outcome) => {
      if (settled === sequence) finish(outcome);
    },
    stop,
  };
}
