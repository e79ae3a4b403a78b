/**
 * Brings a device its configuration: only the newest counts, and it is repeated until the device has taken or refused
 * it. Knows nothing of the session but its number.
 */
import type { Random } from "../src/core/maths/random.ts";
import type { Timers } from "../src/core/platform/clock.ts";
import type { DeviceSessionOptions } from "./device-session-options.ts";
import type { PacketSender } from "./packet-sender.ts";
import { packetFlags } from "./protocol.ts";
import { createReliableSender, type Delivery, type ReliableSender } from "./reliable-sender.ts";

/** What it needs. */
export interface ConfigDeliveryOptions extends Pick<DeviceSessionOptions, "mode" | "configuration"> {
  readonly sender: PacketSender;
  readonly timers: Timers;
  readonly random: Pick<Random, "uniform">;
  /** Number of the session that is established; undefined: there is nobody to configure. */
  sessionId(): number | undefined;
  onDelivery(outcome: Delivery): void;
}

/** Delivers. */
export interface ConfigDelivery extends Pick<ReliableSender, "settle"> {
  /** Another session begins: it is asked for the raw samples that the options name. */
  restart(): void;
  /** Sends the newest configuration in place of one that is under way. */
  send(): void;
  /** Sends a configuration that asks for so many raw samples from now on, once; 0: no more of them. */
  askRaw(samples: number): void;
  /** Repeats nothing any more. */
  stop(): void;
}

/** Creates it with nothing to deliver. */
export function createConfigDelivery(options: ConfigDeliveryOptions): ConfigDelivery {
  const { sender, timers, random, mode } = options;
  const { rawSamples: firstRawSamples = 0, ...configuration } = options.configuration ?? {};
  let rawSamples = 0;

  const reliable = createReliableSender({
    timers,
    random,
    transmit: (message, repeated) => {
      if (repeated === undefined) return sender.send(message, packetFlags.acknowledge);
      sender.repeat(message, repeated);
      return repeated;
    },
    onDelivery: (_config, outcome) => options.onDelivery(outcome),
  });

  function send(): void {
    const sessionId = options.sessionId();
    if (sessionId === undefined) return;
    // A repeated hello says that the last one did not arrive.
    reliable.reset();
    const raw = rawSamples > 0 ? { rawSamples } : {};
    reliable.send({ type: "config", ...configuration, ...raw, mode, sessionId });
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
    settle: reliable.settle,
    stop: reliable.reset,
  };
}
