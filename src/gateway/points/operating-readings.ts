/**
 * The scalar readings that say how a turbine operates: shaft speed and power from an existing SCADA bridge. They stand
 * in where a device has no tachometer, and they tell standby from operation. Readings are held against their contract
 * like any other.
 */
import { operatingChannels } from "../../core/contract/config/operating-channels.ts";
import type { Reading } from "../../core/contract/stream.ts";
import { createScalarIngest } from "../../core/ingest/scalar-ingest.ts";
import type { IngestSink } from "../../core/ingest/schema-watch.ts";

/** Does a reading of this channel say how a turbine operates? */
export function isOperatingChannel(channel: string): boolean {
  return Object.hasOwn(operatingChannels, channel);
}

/** What was last read of each turbine. */
export interface LatestReadings {
  /** Takes a good reading whose `deviceId` is the turbine. */
  note(reading: Reading): void;
  /** NaN when there is none, or it is too old at `monotonicMs`. */
  read(turbine: string, channel: "shaft-speed" | "power", monotonicMs: number): number;
  /** The newest of each turbine and channel. */
  readonly all: readonly Reading[];
}

/** Creates an empty store; what is older than `maxAgeMs` says nothing of now. */
export function createLatestReadings(maxAgeMs: number): LatestReadings {
  const latest = new Map<string, Reading>();
  return {
    note: (reading) => {
      latest.set(`${reading.deviceId}/${reading.channel}`, reading);
    },
    read: (turbine, channel, monotonicMs) => {
      const entry = latest.get(`${turbine}/${channel}`);
      return entry !== undefined && monotonicMs - entry.arrivedMonotonicMs <= maxAgeMs
        ? entry.value
        : Number.NaN;
    },
    get all() {
      return [...latest.values()];
    },
  };
}

/** As {@link LatestReadings}, of readings that may be bad. */
export interface OperatingReadings extends Omit<LatestReadings, "note"> {
  /** Takes a reading whose `deviceId` is the turbine. False: it was set aside. */
  accept(reading: Reading): boolean;
}

/** Creates an empty store of readings; older ones than `maxAgeMs` say nothing of now, and `sink` hears of bad ones. */
export function createOperatingReadings(maxAgeMs: number, sink: IngestSink): OperatingReadings {
  const latest = createLatestReadings(maxAgeMs);
  const ingest = createScalarIngest({
    contractOf: (_turbine, channel) =>
      Object.hasOwn(operatingChannels, channel) ? operatingChannels[channel] : undefined,
    sink,
  });
  return {
    accept: (reading) => {
      const isGood = ingest.accept(reading);
      if (isGood) latest.note(reading);
      return isGood;
    },
    read: latest.read,
    get all() {
      return latest.all;
    },
  };
}
