/** Holds every scalar reading against the data contract; a reading that breaks it is set aside with a reason. */
import type { ChannelContract } from "../contract/bundle/manifest.ts";
import type { QuarantineReason, Reading } from "../contract/stream.ts";
import { type ContractLookup, type IngestSink, maxStreams } from "./ingest-sink.ts";
import { createSchemaWatch, streamKey } from "./schema-watch.ts";

/** A reading may be stamped this much later than it arrives: clocks differ a little. */
const maxAheadMs = 60_000;
/** A step back by more is a clock that was set (the new time is taken over), by less a reading out of order. */
const clockSetBackMs = 60_000;
/** Readings may come this much further apart than the contract's slowest rate before some count as missing. */
const gapFactor = 1.5;

/** Settings of {@link createScalarIngest}. */
export interface ScalarIngestOptions {
  readonly contractOf: ContractLookup;
  readonly sink: IngestSink<Reading>;
}

/** Any number of streams, each known by device and channel. */
export interface ScalarIngest {
  /** Checks a reading that arrived at `arrivalMs` (epoch), hands it on or sets it aside, during the call. */
  accept(reading: Reading, arrivalMs: number): void;
}

interface Stream {
  lastMs: number;
  lastValue: number;
  run: number;
}

/** Creates the ingest. */
export function createScalarIngest(options: ScalarIngestOptions): ScalarIngest {
  const { contractOf, sink } = options;
  const watch = createSchemaWatch(contractOf, (drift) => sink.schemaDrift(drift));
  const streams = new Map<string, Stream>();

  const setAside = (reading: Reading, reason: QuarantineReason, detail: string, samples = 1): void =>
    sink.quarantine({
      reason,
      deviceId: reading.deviceId,
      channel: reading.channel,
      timestampMs: Number.isFinite(reading.timestampMs) ? reading.timestampMs : 0,
      detail,
      samples,
    });

  const streamOf = (reading: Reading): Stream | undefined => {
    const key = streamKey(reading.deviceId, reading.channel);
    let stream = streams.get(key);
    if (stream === undefined && streams.size < maxStreams) {
      stream = { lastMs: Number.NEGATIVE_INFINITY, lastValue: Number.NaN, run: 0 };
      streams.set(key, stream);
    }
    return stream;
  };

  /** Judges the time and takes it over where it may be believed. */
  const isTimely = (
    reading: Reading,
    arrivalMs: number,
    stream: Stream,
    contract: ChannelContract,
  ): boolean => {
    const { timestampMs } = reading;
    if (timestampMs > arrivalMs + maxAheadMs) {
      setAside(reading, "time-jump", `stamped ${Math.round(timestampMs - arrivalMs)} ms after its arrival`);
      return false;
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
      setAside(reading, "rate", `${stepMs} ms after the last one, at most ${contract.maxRateHz} a second`);
      return false;
    }
    const missing = Math.round((stepMs / 1000) * contract.minRateHz) - 1;
    if (Number.isFinite(stepMs) && (stepMs / 1000) * contract.minRateHz > gapFactor && missing > 0) {
      setAside(reading, "gap", `${missing} readings are missing before this one`, missing);
      stream.run = 0;
    }
    stream.lastMs = timestampMs;
    return true;
  };

  return {
    accept: (reading, arrivalMs) => {
      if (!Number.isFinite(reading.timestampMs)) {
        setAside(reading, "not-finite", `time stamp ${reading.timestampMs}`);
        return;
      }
      watch.observe(reading.deviceId, reading.channel, reading.unit, Number.NaN, reading.timestampMs);
      const contract = contractOf(reading.deviceId, reading.channel);
      if (contract === undefined) {
        setAside(reading, "unknown-channel", `nobody expects channel "${reading.channel}"`);
        return;
      }
      const stream = streamOf(reading);
      if (stream === undefined) {
        setAside(reading, "unknown-channel", `more than ${maxStreams} streams`);
        return;
      }
      if (contract.kind !== "scalar") {
        setAside(reading, "malformed", `channel "${contract.name}" is no scalar`);
        return;
      }
      if (reading.unit !== contract.unit) {
        setAside(reading, "unit", `expected ${contract.unit}, got ${reading.unit}`);
        return;
      }
      if (!isTimely(reading, arrivalMs, stream, contract)) return;
      const { value } = reading;
      stream.run = value === stream.lastValue ? stream.run + 1 : 1;
      stream.lastValue = value;
      if (!Number.isFinite(value)) {
        setAside(reading, "not-finite", `value ${value}`);
      } else if (value < contract.min || value > contract.max) {
        setAside(
          reading,
          "range",
          `expected ${contract.min} to ${contract.max} ${contract.unit}, got ${value}`,
        );
      } else if (stream.run >= contract.stuckAfter) {
        setAside(reading, "stuck", `${stream.run} identical readings in a row`);
      } else {
        sink.accept(reading);
      }
    },
  };
}
