/** Repeats and delays MQTT messages (PUBLISH of QoS 1), as a network of brokers may. Other packets pass as they come. */
import type { Random } from "../../src/core/maths/random.ts";

export interface MessageShuffler {
  /** Takes bytes of a connection; hands whole packets on, now or later. */
  push(bytes: Uint8Array, send: (packet: Uint8Array) => void): void;
}

export interface MessageShufflerOptions {
  readonly twiceShare: number;
  readonly lateShare: number;
  readonly lateMs: number;
  readonly random: Pick<Random, "uniform">;
}

const publishType = 3;
const duplicateFlag = 0x08;

/** Creates one for one way of a connection. */
export function createMessageShuffler(options: MessageShufflerOptions): MessageShuffler {
  const { twiceShare, lateShare, lateMs, random } = options;
  let rest = Buffer.alloc(0);
  return {
    push(bytes, send) {
      rest = Buffer.concat([rest, bytes]);
      for (let length = packetLength(rest); length !== null; length = packetLength(rest)) {
        const packet = Buffer.from(rest.subarray(0, length));
        rest = rest.subarray(length);
        const isMessage = packet[0]! >> 4 === publishType && ((packet[0]! >> 1) & 3) === 1;
        if (isMessage && random.uniform() < twiceShare) {
          const again = Buffer.from(packet);
          again[0]! |= duplicateFlag;
          setTimeout(() => send(again), lateMs * random.uniform());
        }
        if (isMessage && random.uniform() < lateShare)
          setTimeout(() => send(packet), lateMs * random.uniform());
        else send(packet);
      }
    },
  };
}

/** Bytes of the packet at the front (MQTT 3.1.1 section 2.2.3), or null while it is not whole. */
function packetLength(bytes: Buffer): number | null {
  let remaining = 0;
  for (let index = 1; index <= 4; index++) {
    const byte = bytes[index];
    if (byte === undefined) return null;
    remaining += (byte & 0x7f) * 128 ** (index - 1);
    if ((byte & 0x80) === 0) {
      const length = 1 + index + remaining;
      return bytes.length >= length ? length : null;
    }
  }
  throw new Error("no packet is longer than four bytes can say");
}
