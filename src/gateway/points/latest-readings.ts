/**
 * The scalar readings that say how a turbine operates: shaft speed and power from an existing SCADA bridge. They stand
 * in where a device has no tachometer, and they tell standby from operation. Holds none against its contract: whoever
 * notes one has.
 */
import type { Reading } from "../../core/contract/stream.ts";

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
