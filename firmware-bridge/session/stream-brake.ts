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
  const { link, sender, roomFrames } = options;
  let state: "flowing" | "told-to-wait" | "unread" = "flowing";
  let sincePause = 0;
  let ignoredStops = 0;
  let holders = 0;
  const isFlowing = (): boolean => state === "flowing" && holders === 0;
  return {
    pause: () => {
      sincePause = 0;
      if (sender.isBound) {
        state = "told-to-wait";
        options.sayRoom();
      } else {
        state = "unread";
        link.pauseReading();
      }
    },
    resume: () => {
      state = "flowing";
      if (holders > 0) return;
      link.resumeReading();
      if (sender.isBound) options.sayRoom();
    },
    hold: () => {
      if (holders++ > 0) return;
      sincePause = 0;
      link.pauseReading();
      if (sender.isBound) options.sayRoom();
    },
    letGo: () => {
      if (--holders > 0 || state === "unread") return;
      link.resumeReading();
      if (sender.isBound) options.sayRoom();
    },
    room: () => {
      if (!sender.isBound) return undefined;
      return isFlowing() ? roomFrames : 0;
    },
    countPacket: () => {
      if (!isFlowing() && ++sincePause > roomFrames) ignoredStops++;
    },
    restart: () => {
      sincePause = 0;
    },
    get isUnread() {
      return holders > 0 || state === "unread";
    },
    get ignoredStops() {
      return ignoredStops;
    },
  };
}
