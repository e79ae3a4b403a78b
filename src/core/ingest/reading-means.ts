/**
 * Means of the readings of a channel over the intervals that a bundle's rows have. A field bus is asked every few
 * seconds, while a bundle of ten-minute values has learnt from means, and its contract counts such rows. An interval of
 * which more than half is missing has no mean.
 */
import type { Quarantine, Reading } from "../contract/stream.ts";
import { describeSource, maxStreams, streamKey } from "./schema-watch.ts";

interface ReadingMeansOptions {
  /** Length of an interval; intervals begin at multiples of it since the epoch. */
  readonly lengthMs: number;
  onMean(reading: Reading): void;
  onQuarantine(quarantine: Quarantine): void;
}

/** Of any number of channels, each known by device and name. */
export interface ReadingMeans {
  /** Takes a trusted reading, of which one comes every `everyMs`. */
  accept(reading: Reading, everyMs: number): void;
  /** Time has passed: the last interval does not wait for a reading that never comes. */
  advance(nowMs: number): void;
}

/** After its end an interval waits so long for readings that are late, ms; less than a row waits for its channels. */
const graceMs = 20_000;

interface Open {
  readonly fromMs: number;
  readonly expected: number;
  last: Reading;
  count: number;
  mean: number;
}

export function createReadingMeans({ lengthMs, onMean, onQuarantine }: ReadingMeansOptions): ReadingMeans {
  const open = new Map<string, Open>();

  const end = ({ fromMs, expected, last, count, mean }: Open): void => {
    if (count * 2 >= expected) {
      onMean({ ...last, timestampMs: fromMs, value: mean });
      return;
    }
    const detail = `${count} of ${expected} readings of an interval`;
    onQuarantine({ ...describeSource(last), timestampMs: fromMs, reason: "gap", detail, samples: 1 });
  };

  return {
    accept: (reading, everyMs) => {
      const key = streamKey(reading.deviceId, reading.channel);
      const fromMs = Math.floor(reading.timestampMs / lengthMs) * lengthMs;
      let current = open.get(key);
      if (current !== undefined && current.fromMs !== fromMs) {
        open.delete(key);
        end(current);
        current = undefined;
      }
      if (current === undefined) {
        if (open.size >= maxStreams) return;
        const expected = Math.max(1, Math.floor(lengthMs / everyMs));
        open.set(key, { fromMs, expected, last: reading, count: 1, mean: reading.value });
        return;
      }
      current.count++;
      current.mean += (reading.value - current.mean) / current.count;
      current.last = reading;
    },
    advance: (nowMs) => {
      for (const [key, current] of open) {
        if (nowMs < current.fromMs + lengthMs + graceMs) continue;
        open.delete(key);
        end(current);
      }
    },
  };
}
