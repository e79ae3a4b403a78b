/**
 * Turns packets into messages; the same for both sides: version, sequence, decoding, and who has to be answered.
 * Bad packets are counted, never thrown.
 */
import type { DeviceMessage, HelloMessage } from "../../src/core/contract/device/device-message.ts";
import { shareCounts } from "../../src/core/maths/wasm-module.ts";
import type { ReceivedPacket } from "../framing/frame-parser.ts";
import type { LinkCounters, PacketLink } from "../framing/packet-link.ts";
import { decodeMessage } from "../messages/message-codec.ts";
import { createRawWindowDecoder, type RawWindowDecoder } from "../messages/raw-window-codec.ts";
import { maxMqttBytes, packetFlags, packetTypes, protocolVersion } from "../protocol.ts";
import type { PacketSender } from "./packet-sender.ts";
import { createSequenceTracker, lateSequence, staleSequence } from "./sequence-tracker.ts";

/** Counters of a receiver since it was created. */
interface ReceiverCounters {
  /** Hellos that could be read, whether they were welcome or not. */
  hellos: number;
  /** Sequence numbers that did not come in their turn. */
  lostFrames: number;
  /** Of these, packets that came after newer ones; not delivered, since their place in the stream is past. */
  lateFrames: number;
  /** Packets that came before, and were not delivered again. */
  duplicates: number;
  /** Packets of another session, of another major version, or before the hello; not delivered. */
  refusedFrames: number;
  /** Of these, packets without the flag "session" that should have it. */
  unflaggedFrames: number;
  /** Packets whose payload was not a valid message. */
  malformedMessages: number;
  /** Which rule the newest of them broke; empty: there was none. */
  lastMalformed: string;
  /** Packets of a type that this version does not know: a newer minor version on the other side. */
  unknownMessages: number;
}

/** What a receiver tells its user. */
interface PacketReceiverOptions {
  readonly link: PacketLink;
  readonly sender: PacketSender;
  /**
   * Packet type that begins the session beside a hello, whatever its number: a device is configured although the
   * gateway's hello was lost.
   */
  readonly opener?: number;
  /** May another hello be taken now? One that may not is counted and passed over, unread and unanswered. */
  admitsHello?(): boolean;
  /** A hello of any version; `sequence` is its number. Returns whether it begins the session. */
  onHello(hello: HelloMessage, sequence: number): boolean;
  /** A hello that breaks the rules came, and was answered by a Nack. */
  onUnreadableHello?(reason: string): void;
  /** Any other message; the reason if it must be refused. A raw window is valid only during the call. */
  onMessage(message: Exclude<DeviceMessage, HelloMessage>): string | undefined;
  /** A packet of another session or before a hello: the other side should introduce itself. */
  onStranger(): void;
}

export interface PacketReceiver {
  receive(packet: ReceivedPacket): void;
  /** Until the next hello (or opener), nothing else is delivered. */
  awaitHello(): void;
  /** The newest sequence number of this session. */
  readonly lastSequence: number;
  /** Numbered packets taken in since the last call of {@link takeUnacknowledged}. */
  readonly unacknowledged: number;
  /** How many of them say only how a transfer stands: those are no reason to hurry. */
  readonly unhurried: number;
  takeUnacknowledged(): void;
  readonly counters: Readonly<ReceiverCounters>;
}

const maxSamplesPerMessage = maxMqttBytes / 2;

let sharedRawWindows: RawWindowDecoder | undefined;

/** One for all receivers: what it has decoded is valid only during the call. */
function shareRawWindows(): RawWindowDecoder {
  sharedRawWindows ??= createRawWindowDecoder(maxSamplesPerMessage, shareCounts());
  return sharedRawWindows;
}

/** Creates a receiver that waits for a hello. */
export function createPacketReceiver(options: PacketReceiverOptions): PacketReceiver {
  return new Receiver(options);
}

class Receiver implements PacketReceiver {
  readonly counters: ReceiverCounters = {
    hellos: 0,
    lostFrames: 0,
    lateFrames: 0,
    duplicates: 0,
    refusedFrames: 0,
    unflaggedFrames: 0,
    malformedMessages: 0,
    lastMalformed: "",
    unknownMessages: 0,
  };
  readonly #options: PacketReceiverOptions;
  readonly #rawWindows = shareRawWindows();
  readonly #tracker = createSequenceTracker();
  #introduced = false;
  #sessionId: number | undefined;
  unacknowledged = 0;
  unhurried = 0;

  constructor(options: PacketReceiverOptions) {
    this.#options = options;
  }

  get lastSequence(): number {
    return this.#tracker.last;
  }

  receive({ version, type, flags, sequence, bytes, start, end }: ReceivedPacket): void {
    const { counters } = this;
    const { sender, opener, admitsHello, onStranger, onMessage } = this.#options;
    if (type === packetTypes.hello) {
      if (admitsHello?.() !== false) this.#receiveHello(sequence, bytes.subarray(start, end));
      else counters.refusedFrames++;
      return;
    }
    if (version !== protocolVersion.major) {
      counters.refusedFrames++;
      onStranger();
      return;
    }
    if ((flags & packetFlags.session) === 0 && sender.isBound) {
      counters.refusedFrames++;
      counters.unflaggedFrames++;
      return;
    }
    const isAnswer = type === packetTypes.ack || type === packetTypes.nack;
    if (!isAnswer) {
      if (!this.#introduced && type !== opener) {
        counters.refusedFrames++;
        onStranger();
        return;
      }
      if (!this.#introduced) {
        this.#tracker.start((sequence - 1) & 0xffff);
        this.#introduced = true;
      }
      if (!this.#isNew(type, sequence, flags)) return;
    }
    let reason: string | undefined;
    if (type === packetTypes.rawWindow) {
      const message = this.#rawWindows.decode(bytes, start, end);
      reason = message === undefined ? "not a valid RawWindow" : onMessage(message);
    } else {
      const decoded = decodeMessage(type, bytes.subarray(start, end));
      if (decoded === undefined) {
        counters.unknownMessages++;
        if ((flags & packetFlags.acknowledge) !== 0)
          sender.send({ type: "nack", sequence, reason: `packet type ${type} is not known here` });
        return;
      }
      reason = !decoded.ok
        ? decoded.error
        : decoded.value.type === "hello"
          ? "a hello in another packet"
          : onMessage(decoded.value);
    }
    if (reason !== undefined) {
      if (type === opener) this.#introduced = false;
      this.#refuse(sequence, flags, reason);
      return;
    }
    if (!isAnswer && (flags & packetFlags.acknowledge) !== 0) sender.send({ type: "ack", sequence });
  }

  awaitHello(): void {
    this.#introduced = false;
    this.takeUnacknowledged();
  }

  takeUnacknowledged(): void {
    this.unacknowledged = 0;
    this.unhurried = 0;
  }

  #refuse(sequence: number, flags: number, reason: string): void {
    this.#noteMalformed(reason);
    if ((flags & packetFlags.acknowledge) !== 0)
      this.#options.sender.send({ type: "nack", sequence, reason });
  }

  #noteMalformed(reason: string): void {
    this.counters.malformedMessages++;
    this.counters.lastMalformed = reason;
  }

  #receiveHello(sequence: number, payload: Uint8Array): void {
    const { counters } = this;
    const tracker = this.#tracker;
    const decoded = decodeMessage(packetTypes.hello, payload);
    if (decoded?.ok !== true || decoded.value.type !== "hello") {
      // A hello always wants an answer, or the other side would repeat it for ever without knowing why.
      const reason = decoded?.ok === false ? decoded.error : "not a hello";
      this.#noteMalformed(reason);
      this.#options.sender.send({ type: "nack", sequence, reason });
      this.#options.onUnreadableHello?.(reason);
      return;
    }
    const hello = decoded.value;
    counters.hellos++;
    if (hello.sessionId !== this.#sessionId) {
      this.#sessionId = hello.sessionId;
      tracker.start(sequence);
    } else {
      // Repeated, or the same session after a new connection: what was sent in between is lost.
      const verdict = tracker.accept(sequence);
      if (verdict > 0) counters.lostFrames += verdict;
      else if (verdict < 0 && sequence === tracker.last) counters.duplicates++;
      // A device that draws no number at its boot: all that it sends would be taken for repeated.
      else if (verdict < 0) tracker.start(sequence);
    }
    this.takeUnacknowledged();
    this.#introduced = this.#options.onHello(hello, sequence);
  }

  /** Is this packet new in this session? Counts what it is otherwise. */
  #isNew(type: number, sequence: number, flags: number): boolean {
    const { counters } = this;
    const verdict = this.#tracker.accept(sequence);
    if (verdict >= 0) {
      counters.lostFrames += verdict;
      this.unacknowledged++;
      if (type === packetTypes.modelStatus) this.unhurried++;
      return true;
    }
    if (verdict === staleSequence) {
      counters.refusedFrames++;
      this.#options.onStranger();
      return false;
    }
    if (verdict === lateSequence) counters.lateFrames++;
    else counters.duplicates++;
    // The acknowledgement was lost: the other side needs it again.
    if ((flags & packetFlags.acknowledge) !== 0) this.#options.sender.send({ type: "ack", sequence });
    return false;
  }
}

/** Everything that a session or an endpoint counts, since it was created. */
export type LinkStatistics = LinkCounters & Readonly<ReceiverCounters>;
