/** Recordings that are clipped, in words for stderr; of a long one the beginning is looked at. */
import { createClippingMeter } from "../../../training/dataset/samples/clipped-samples.ts";
import type { Beginning } from "./beginning.ts";

/** Collects recordings that are clipped. */
interface ClippingDoubts {
  /** One that cannot be read says nothing here. */
  look(beginning: Beginning): Promise<void>;
  /** One sentence where any is clipped; the first is named. */
  list(): readonly string[];
}

/** Samples of a recording that are looked at: its first ones. */
const mostSamples = 2 ** 18;

/** Creates a collection without any. */
export function createClippingDoubts(): ClippingDoubts {
  const clipped: { path: string; share: number }[] = [];
  return {
    look: async (beginning) => {
      const samples = await beginning.take(mostSamples);
      const meter = createClippingMeter();
      meter.update(samples);
      const count = meter.finish();
      if (count > 0) clipped.push({ path: beginning.path, share: count / samples.length });
    },
    list: () => {
      const [first, ...others] = clipped;
      if (first === undefined) return [];
      const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
      return [
        `${first.path}${more} is clipped: ${(100 * first.share).toFixed(1)} % of its samples are exactly at its largest or smallest value: what a fault adds is lost there; choose a wider range`,
      ];
    },
  };
}
