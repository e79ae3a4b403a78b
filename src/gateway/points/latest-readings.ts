/**
 * The scalar readings that say how a turbine operates: shaft speed and power, as its devices and SCADA tell them. They stand
 * in where a block of samples says no speed, and they tell standby from operation. Who told a value is kept: two sources of one
 * quantity are never mixed, and of several the first counts until it has been quiet for long. Holds none against its contract:
 * whoever notes one has.
 */
import type { Reading } from "../../core/contract/stream.ts";
import { findOrMake } from "../../core/maths/find-or-make.ts";
import type { OperatingReadings } from "../../core/serving/measuring-point.ts";

/** A good reading, whose `deviceId` is the turbine. */
export interface ToldReading extends Reading {
  /** The device that told it; null: SCADA did. */
  readonly toldBy: string | null;
  /** That device sits on other turbines as well: nobody knows whose it tells. */
  readonly isShared: boolean;
}

/** What was last read of each turbine. */
export interface LatestReadings extends OperatingReadings {
  note(reading: ToldReading): void;
  /** What one teller says of a turbine; NaN as of `read`. */
  readOf(teller: Teller, channel: OperatingChannel, monotonicMs: number): number;
  /** The newest of each turbine, channel and teller. */
  readonly all: readonly ToldReading[];
}

type OperatingChannel = Parameters<OperatingReadings["read"]>[1];
type Teller = Pick<ToldReading, "toldBy"> & { readonly turbine: string };

/** A teller is gone when it has said nothing for so many times as long as a value counts: one that tells more rarely than that would else alternate with another. */
const goneAges = 3;

/** Creates an empty store; what is older than `maxAgeMs` says nothing of now. */
export function createLatestReadings(maxAgeMs: number): LatestReadings {
  const latest = new Map<string, Map<string | null, ToldReading>>();
  const find = (turbine: string, channel: string) => latest.get(`${turbine}/${channel}`);
  const freshValue = (reading: ToldReading | undefined, monotonicMs: number): number =>
    reading !== undefined && monotonicMs - reading.arrivedMonotonicMs <= maxAgeMs
      ? reading.value
      : Number.NaN;
  return {
    note: (reading) => {
      const key = `${reading.deviceId}/${reading.channel}`;
      findOrMake(latest, key, () => new Map()).set(reading.toldBy, reading);
    },
    read: ({ turbine, device }, channel, monotonicMs) => {
      const told = find(turbine, channel);
      if (told === undefined) return Number.NaN;
      // The device's own, SCADA's, then others' as they were first heard; what may be another turbine's comes after all these.
      const nearest = [device, null, ...told.keys()];
      const isShared = (teller: string | null): boolean => told.get(teller)?.isShared === true;
      const ordered = [...nearest.filter((each) => !isShared(each)), ...nearest.filter(isShared)];
      for (const teller of ordered) {
        const reading = told.get(teller);
        if (reading !== undefined && monotonicMs - reading.arrivedMonotonicMs <= goneAges * maxAgeMs)
          return freshValue(reading, monotonicMs);
      }
      return Number.NaN;
    },
    readOf: ({ turbine, toldBy }, channel, monotonicMs) =>
      freshValue(find(turbine, channel)?.get(toldBy), monotonicMs),
    get all() {
      return [...latest.values()].flatMap((told) => [...told.values()]);
    },
  };
}
