/**
 * Acknowledges a device's stream: cumulatively, after some packets or some time, and says how many may follow. A
 * gateway that cannot follow takes its word of room back; what comes all the same is answered, so that a lost
 * acknowledgement is made good by the next.
 */
import type { Timers } from "../../src/core/platform/clock.ts";
import type { PacketLink } from "../framing/packet-link.ts";
import type { PacketReceiver } from "./packet-receiver.ts";
import type { PacketSender } from "./packet-sender.ts";

interface StreamAcknowledgerOptions {
  readonly link: PacketLink;
  readonly sender: PacketSender;
  readonly receiver: Pick<
    PacketReceiver,
    "unacknowledged" | "unhurried" | "lastSequence" | "takeUnacknowledged"
  >;
  readonly timers: Timers;
  /** Acknowledges at the latest after this many packets … */
  readonly everyPackets: number;
  /** … or this long after the first unacknowledged one. */
  readonly afterMs: number;
  /** Packets that may follow; undefined: nothing is said of it. 0 stops the device. */
  room(): number | undefined;
  /** Is there a session whose packets are to be acknowledged? */
  isEstablished(): boolean;
}

export interface StreamAcknowledger {
  /** All packets of one read have been taken in. */
  onBatchEnd(): void;
  /** Says at once how much room there is, whether or not a packet came. */
  sayRoom(): void;
  stop(): void;
}

/** Creates an acknowledger with nothing to acknowledge. */
export function createStreamAcknowledger(options: StreamAcknowledgerOptions): StreamAcknowledger {
  return new Acknowledger(options);
}

class Acknowledger implements StreamAcknowledger {
  readonly #options: StreamAcknowledgerOptions;
  #cancel: (() => void) | null = null;
  #scheduled = false;
  readonly #acknowledge = (): void => {
    if (this.#options.receiver.unacknowledged > 0) this.sayRoom();
    else this.#scheduled = false;
  };

  constructor(options: StreamAcknowledgerOptions) {
    this.#options = options;
  }

  onBatchEnd(): void {
    const { receiver, everyPackets, room } = this.#options;
    if (receiver.unacknowledged === 0) return;
    if (receiver.unacknowledged >= everyPackets || room() === 0) this.sayRoom();
    else if (!this.#scheduled && receiver.unacknowledged > receiver.unhurried) this.#schedule();
  }

  sayRoom(): void {
    const { link, sender, receiver, isEstablished } = this.#options;
    this.stop();
    if (!isEstablished()) return;
    // One that does not fit into a full link is made good by the next.
    if (!link.isWritable) {
      this.#schedule();
      return;
    }
    receiver.takeUnacknowledged();
    const room = this.#options.room();
    sender.send({
      type: "ack",
      sequence: receiver.lastSequence,
      ...(room === undefined ? {} : { room: room + 1 }),
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#scheduled = false;
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#cancel = this.#options.timers.after(this.#options.afterMs, this.#acknowledge);
  }
}
