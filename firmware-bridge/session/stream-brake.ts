/**
 * Back-pressure on one device: makes it wait, by a word of no room or, in version 1.0, which knows no such word, by not
 * reading what it sends; and counts what comes all the same.
 */
import type { PacketLink } from "../framing/packet-link.ts";
import type { PacketSender } from "./packet-sender.ts";

interface StreamBrakeOptions {
  readonly link: Pick<PacketLink, "pauseReading" | "resumeReading">;
  /** Bound: the device understands a word of room. */
  readonly sender: Pick<PacketSender, "isBound">;
  /** Packets that a device may send beyond the acknowledged ones. */
  readonly roomFrames: number;
  /** Tells the device how much {@link StreamBrake.room} there is. */
  sayRoom(): void;
}

export interface StreamBrake {
  pause(): void;
  resume(): void;
  /** Reads nothing any more, whatever the device understands, and tells it to wait; several may hold it … */
  hold(): void;
  /** … until each of them has let go; a pause goes on. */
  letGo(): void;
  /** Packets that the device may send now beyond the acknowledged ones; undefined: it does not understand. */
  room(): number | undefined;
  /** A packet of the stream came. */
  countPacket(): void;
  /** Another session begins: what was on its way before breaks no word of this one. */
  restart(): void;
  /** Nothing is read, so that silence means nothing. */
  readonly isUnread: boolean;
  /** Packets that came although the device had to wait, beyond those that were on their way. */
  readonly ignoredStops: number;
}

/** Creates a brake that is off. */
export function createStreamBrake(options: StreamBrakeOptions): StreamBrake {
  return new Brake(options);
}

class Brake implements StreamBrake {
  readonly #options: StreamBrakeOptions;
  #state: "flowing" | "told-to-wait" | "unread" = "flowing";
  #sincePause = 0;
  #holders = 0;
  ignoredStops = 0;

  constructor(options: StreamBrakeOptions) {
    this.#options = options;
  }

  get isUnread(): boolean {
    return this.#holders > 0 || this.#state === "unread";
  }

  pause(): void {
    const { link, sender, sayRoom } = this.#options;
    this.#sincePause = 0;
    if (sender.isBound) {
      this.#state = "told-to-wait";
      sayRoom();
    } else {
      this.#state = "unread";
      link.pauseReading();
    }
  }

  resume(): void {
    this.#state = "flowing";
    if (this.#holders > 0) return;
    this.#readOn();
  }

  hold(): void {
    const { link, sender, sayRoom } = this.#options;
    if (this.#holders++ > 0) return;
    this.#sincePause = 0;
    link.pauseReading();
    if (sender.isBound) sayRoom();
  }

  letGo(): void {
    if (--this.#holders > 0 || this.#state === "unread") return;
    this.#readOn();
  }

  room(): number | undefined {
    if (!this.#options.sender.isBound) return undefined;
    return this.#isFlowing ? this.#options.roomFrames : 0;
  }

  countPacket(): void {
    if (!this.#isFlowing && ++this.#sincePause > this.#options.roomFrames) this.ignoredStops++;
  }

  restart(): void {
    this.#sincePause = 0;
  }

  get #isFlowing(): boolean {
    return this.#state === "flowing" && this.#holders === 0;
  }

  #readOn(): void {
    const { link, sender, sayRoom } = this.#options;
    link.resumeReading();
    if (sender.isBound) sayRoom();
  }
}
