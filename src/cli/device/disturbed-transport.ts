/** A byte stream on a bad line: flips bits, loses and cuts frames, for trying how the other side copes. */
import type { ByteTransport } from "../../../firmware-bridge/transports/byte-transport.ts";
import type { Random } from "../../core/maths/random.ts";

/** How bad the line is. All are probabilities, 0 to 1. */
export interface Disturbance {
  /** Of every bit, to arrive inverted. */
  readonly bitErrorRate: number;
  /** Of every frame, to be lost. */
  readonly dropRate: number;
  /** Of every frame, to lose its rest from a random byte on. */
  readonly truncateRate: number;
}

/** Wraps a transport; what it receives is left alone. */
export function createDisturbedTransport(
  inner: ByteTransport,
  disturbance: Disturbance,
  random: Random,
): ByteTransport {
  const { bitErrorRate, dropRate, truncateRate } = disturbance;
  const bitsToNextError = (): number =>
    bitErrorRate > 0
      ? Math.floor(Math.log(1 - random.uniform()) / Math.log1p(-bitErrorRate))
      : Number.POSITIVE_INFINITY;
  let errorIn = bitsToNextError();

  const write = (bytes: Uint8Array): boolean => {
    // Frames stand between zero bytes, and a write holds whole frames.
    const kept = new Uint8Array(bytes.length);
    let length = 0;
    for (let from = 0; from < bytes.length; ) {
      let to = from;
      while (to < bytes.length && bytes[to] === 0) to++;
      while (to < bytes.length && bytes[to] !== 0) to++;
      // The delimiter that closes this frame goes with it, unless it also opens the next.
      if (to < bytes.length) to++;
      const fate = random.uniform();
      if (fate >= dropRate) {
        const cut = fate < dropRate + truncateRate;
        const end = cut ? from + random.integer(to - from) : to;
        kept.set(bytes.subarray(from, end), length);
        length += end - from;
      }
      from = to;
    }
    const passed = kept.subarray(0, length);
    for (; errorIn < length * 8; errorIn += 1 + bitsToNextError())
      passed[errorIn >> 3]! ^= 1 << (errorIn & 7);
    errorIn -= length * 8;
    return inner.write(passed);
  };
  return {
    get name() {
      return inner.name;
    },
    open: (handlers) => inner.open(handlers),
    write,
    pauseReading: () => inner.pauseReading(),
    resumeReading: () => inner.resumeReading(),
    drop: (reason) => inner.drop(reason),
    close: () => inner.close(),
  };
}
