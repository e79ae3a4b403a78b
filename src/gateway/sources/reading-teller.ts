/** Tells a sink what a field bus reads: a number as a scaled reading, nothing as a quarantined sample; both are counted. */
import type { ScaledChannel } from "../../core/contract/config/scaled-channel.ts";
import type { Arrival, Quarantine } from "../../core/contract/stream.ts";
import type { ReadingSink } from "./reading-source.ts";

interface ReadingTeller {
  /** `timestampMs` is the value's own, in ms since 1970. */
  tell(from: ToldChannel, number: number, at: Arrival & { readonly timestampMs: number }): void;
  /** A value that was due and did not come, or is none. */
  setAside(from: ToldChannel, fault: Pick<Quarantine, "reason" | "detail" | "timestampMs">): void;
}

/** A channel of a turbine. */
interface ToldChannel {
  readonly turbine: string;
  readonly channel: ScaledChannel;
}

/** Counts into `counts`. */
export function createReadingTeller(
  sink: ReadingSink,
  counts: { readings: number; bad: number },
): ReadingTeller {
  return {
    tell: ({ turbine, channel }, number, at) => {
      counts.readings++;
      const value = number * channel.scale + channel.offset;
      sink.onReading({ deviceId: turbine, channel: channel.name, unit: channel.unit, value, ...at });
    },
    setAside: ({ turbine, channel }, fault) => {
      counts.bad++;
      sink.onQuality({ ...fault, deviceId: turbine, channel: channel.name, samples: 1 });
    },
  };
}
