/** Holds every scalar reading against the data contract; a reading that breaks it is set aside with a reason. */
import type { ChannelContract } from "../contract/bundle/manifest.ts";
import { earliestClockMs } from "../contract/iso-time.ts";
import type { QuarantineReason, Reading } from "../contract/stream.ts";
import { formatDuration } from "../maths/durations.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { createRecentReadings, type RecentReadings } from "./recent-readings.ts";
import {
  type ContractLookup,
  createSchemaWatch,
  describeSource,
  type IngestSink,
  streamKey,
} from "./schema-watch.ts";

/** A reading may be stamped this much later than it arrives: clocks differ a little. */
const maxAheadMs = 60_000;
/**
 * A step back by more is a clock that was set (the new time is taken over), by less a reading out of order. What was taken before,
 * of the same time and value, is neither: it was sent again, and changes nothing.
 */
const clockSetBackMs = 60_000;
/** Readings may come this much further apart than the contract's slowest rate before some count as missing. */
const gapFactor = 1.5;

interface ScalarIngestOptions {
  /** Something is remembered of every stream that it knows: it is to know those of a configuration, however many. */
  readonly contractOf: ContractLookup;
  readonly sink: IngestSink;
}

/** Any number of streams that are expected, each known by device and channel. */
interface ScalarIngest {
  /** True: the reading keeps its contract. False: it was set aside. */
  accept(reading: Reading): boolean;
}

interface Stream {
  lastMs: number;
  lastValue: number;
  run: number;
  readonly recent: RecentReadings;
}

const newStream = (): Stream => ({
  lastMs: Number.NEGATIVE_INFINITY,
  lastValue: Number.NaN,
  run: 0,
  recent: createRecentReadings(),
});

export function createScalarIngest(options: ScalarIngestOptions): ScalarIngest {
  const { contractOf, sink } = options;
  const watch = createSchemaWatch(contractOf, (drift) => sink.schemaDrift(drift));
  const streams = new Map<string, Stream>();

  /** @returns false, for the caller to pass on. */
  const setAside = (reading: Reading, reason: QuarantineReason, detail: string): false => {
    sink.quarantine({ ...describeSource(reading), reason, detail, samples: 1 });
    return false;
  };

  /** Checks the time and takes it over where it may be believed. */
  const isTimely = (reading: Reading, stream: Stream, contract: ChannelContract): boolean => {
    const { timestampMs, arrivedMs, value } = reading;
    if (stream.recent.has(timestampMs, value)) {
      // Where one before it looked like a clock that was set back, it was not.
      stream.lastMs = Math.max(stream.lastMs, timestampMs);
      const reason = { reason: "time-backwards", cause: "sent-again" } as const;
      const detail = "sent again: of the same time and value as one before";
      sink.quarantine({ ...describeSource(reading), ...reason, detail, samples: 1 });
      return false;
    }
    // Where the gateway has not been told the time, it knows no future.
    if (timestampMs > arrivedMs + maxAheadMs && arrivedMs >= earliestClockMs) {
      const ahead = formatDuration(timestampMs - arrivedMs);
      return setAside(reading, "time-jump", `stamped ${ahead} after its arrival`);
    }
    const stepMs = timestampMs - stream.lastMs;
    if (stepMs <= 0) {
      setAside(reading, "time-backwards", `stamped ${Math.round(-stepMs)} ms before the last one or with it`);
      if (stepMs < -clockSetBackMs) {
        stream.lastMs = timestampMs;
        stream.run = 0;
      }
      return false;
    }
    if (stepMs * contract.maxRateHz < 1000 * (1 - 1e-3)) {
      const detail = `${stepMs} ms after the last one, at most ${contract.maxRateHz} a second`;
      return setAside(reading, "rate", detail);
    }
    const missing = Math.round((stepMs / 1000) * contract.minRateHz) - 1;
    if (Number.isFinite(stepMs) && (stepMs / 1000) * contract.minRateHz > gapFactor && missing > 0) {
      const detail = `${missing} readings are missing before this one`;
      sink.quarantine({ ...describeSource(reading), reason: "gap", detail, samples: missing });
      stream.run = 0;
    }
    stream.lastMs = timestampMs;
    stream.recent.note(timestampMs, value);
    return true;
  };

  return {
    accept: (reading) => {
      if (!Number.isFinite(reading.timestampMs)) {
        return setAside(reading, "not-finite", `time stamp ${reading.timestampMs}`);
      }
      watch.observe(reading);
      const contract = contractOf(reading.deviceId, reading.channel);
      if (contract === undefined) {
        return setAside(reading, "unknown-channel", `nobody expects channel "${reading.channel}"`);
      }
      const stream = findOrMake(streams, streamKey(reading.deviceId, reading.channel), newStream);
      if (contract.kind !== "scalar") {
        return setAside(reading, "malformed", `channel "${contract.name}" is no scalar`);
      }
      if (reading.unit !== contract.unit) {
        return setAside(reading, "unit", `expected ${contract.unit}, got ${reading.unit}`);
      }
      if (!isTimely(reading, stream, contract)) return false;
      const { value } = reading;
      stream.run = value === stream.lastValue ? stream.run + 1 : 1;
      stream.lastValue = value;
      if (!Number.isFinite(value)) return setAside(reading, "not-finite", `value ${value}`);
      if (value < contract.min || value > contract.max) {
        const detail = `expected ${contract.min} to ${contract.max} ${contract.unit}, got ${value}`;
        return setAside(reading, "range", detail);
      }
      if (stream.run >= contract.stuckAfter) {
        return setAside(reading, "stuck", `${stream.run} identical readings in a row`);
      }
      return true;
    },
  };
}
