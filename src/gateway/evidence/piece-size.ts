/**
 * How large the next piece of evidence may be: larger after a prompt answer, so that a slow line is never full of one, and
 * never as large as what did not arrive. Pure but for what it remembers.
 */
import { dayMs } from "../../core/maths/durations.ts";

interface PieceSize {
  /** Bytes of samples. */
  readonly bytes: number;
  /** Above it pieces do not arrive, as far as is known; null: nothing is known of a bound. */
  readonly limitBytes: number | null;
  /** A piece was answered for. */
  answered(tookMs: number, nowMs: number): void;
  /** A piece of so many bytes was sent again and again, and never stored; false: it was as small as pieces get. */
  lost(bytes: number, nowMs: number): boolean;
}

/** The first: it takes a second of a line of 64 kbit/s, as do those of a line that is slow. */
const firstBytes = 8_192;
/** Spares the disks of both sides. */
const largestBytes = 32_768;
/** With its envelope about as small as what the uplink sends in any case. */
const smallestBytes = 1_024;
/** A piece that is answered within this time may be larger: an alert would not have waited for it. */
const promptMs = 500;
/** Then a larger one is tried again: the broker may have been mended. */
const limitHoldsMs = dayMs;

export function createPieceSize(): PieceSize {
  let bytes = firstBytes;
  let limit: { readonly bytes: number; readonly untilMs: number } | null = null;
  return {
    get bytes() {
      return bytes;
    },
    get limitBytes() {
      return limit?.bytes ?? null;
    },
    answered: (tookMs, nowMs) => {
      if (limit !== null && nowMs >= limit.untilMs) limit = null;
      const most = limit?.bytes ?? largestBytes;
      bytes =
        tookMs <= promptMs ? Math.min(most, 2 * bytes) : Math.max(Math.min(most, firstBytes), bytes / 2);
    },
    lost: (lostBytes, nowMs) => {
      if (lostBytes <= smallestBytes) return false;
      bytes = Math.max(smallestBytes, Math.floor(lostBytes / 2));
      limit = { bytes, untilMs: nowMs + limitHoldsMs };
      return true;
    },
  };
}
