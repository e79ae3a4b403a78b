/** A run of raw samples without a gap, with what is known of them. */
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import type { RecordingAbout } from "../../core/contract/device/device-capture.ts";
import type { SampleBlock } from "../../core/contract/stream.ts";

/** The run. */
export interface Recording {
  /** Its first block; of that only what is true of all. */
  readonly first: Omit<SampleBlock, "counts" | "shaftRpm">;
  readonly parts: readonly Int16Array[];
  readonly samples: number;
  /** Mean, slowest and fastest shaft speed; NaN when any block did not know it. */
  readonly shaftRpm: number;
  readonly slowestRpm: number;
  readonly fastestRpm: number;
}

/** What is known of the place where it was recorded. */
export interface RecordingPlace {
  readonly bearing?: BearingOrders | undefined;
  /** Speed to assume where the device did not know it. */
  readonly shaftRpm?: number | null | undefined;
  readonly alert?: string | undefined;
}

/** What stands in the file beside it. */
export function describeRecording(recording: Recording, place: RecordingPlace): RecordingAbout {
  const { first, shaftRpm, slowestRpm, fastestRpm } = recording;
  const speed = Number.isFinite(shaftRpm) ? Math.abs(shaftRpm) : (place.shaftRpm ?? undefined);
  return {
    rateHz: first.sampleRateHz,
    // A standing shaft is no speed that windows could be cut by.
    ...(speed === undefined || speed === 0 ? {} : { shaftRpm: speed }),
    ...(fastestRpm > slowestRpm ? { shaftRpmRange: [slowestRpm, fastestRpm] as const } : {}),
    scale: first.scale,
    ...(place.bearing === undefined ? {} : { bearing: place.bearing }),
    device: first.deviceId,
    channel: first.channel,
    unit: first.unit,
    from: new Date(first.timestampMs).toISOString(),
    firstSample: first.firstSample,
    ...(place.alert === undefined ? {} : { alert: place.alert }),
  };
}
