/**
 * Keeps the streams of several devices together while they play faster than time passes: on a busy machine one would lag behind the
 * others by minutes of its clock, as no devices of one site do.
 */

/** One stream among those that keep together. */
interface ConvoyPlace {
  /** Samples that it may have sent by now. */
  readonly limit: number;
  moveTo(samples: number): void;
  /** Lets the others go on without it. */
  leave(): void;
}

export interface Convoy {
  /** Each joins before the first one moves. */
  join(): ConvoyPlace;
}

/** @param leadSamples how far one may be ahead of the slowest, > 0 */
export function createConvoy(leadSamples: number): Convoy {
  const places = new Set<{ samples: number }>();
  return {
    join: () => {
      const place = { samples: 0 };
      places.add(place);
      return {
        get limit() {
          let slowest = place.samples;
          for (const { samples } of places) slowest = Math.min(slowest, samples);
          return slowest + leadSamples;
        },
        moveTo: (samples) => {
          place.samples = samples;
        },
        leave: () => void places.delete(place),
      };
    },
  };
}
