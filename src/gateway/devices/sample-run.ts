/** Gathers the samples of one channel until so many came without a gap, and keeps the longest such run meanwhile. */
import type { SampleBlock } from "../../core/contract/stream.ts";
import type { Recording } from "./recording.ts";

/** A run that is being gathered. */
export interface SampleRun {
  /** `block.counts` are valid only during the call. */
  accept(block: SampleBlock): void;
  /** The longest so far; null before the first sample. */
  readonly longest: Recording | null;
  /** It is as long as it was to be; nothing more is taken. */
  readonly isComplete: boolean;
  readonly receivedSamples: number;
  readonly gaps: number;
}

interface OpenRun {
  readonly first: Recording["first"];
  readonly parts: Int16Array[];
  samples: number;
  /** Σ speed · samples. */
  turns: number;
  slowestRpm: number;
  fastestRpm: number;
}

/** Creates a run that shall have `samples` (≥ 1) of them. Holds at most twice as many. */
export function createSampleRun(samples: number): SampleRun {
  let open: OpenRun | null = null;
  let best: OpenRun | null = null;
  let receivedSamples = 0;
  let gaps = 0;

  function begin({ counts: _counts, shaftRpm: _shaftRpm, ...first }: SampleBlock): OpenRun {
    return {
      first,
      parts: [],
      samples: 0,
      turns: 0,
      slowestRpm: Number.POSITIVE_INFINITY,
      fastestRpm: Number.NEGATIVE_INFINITY,
    };
  }

  return {
    accept: (block) => {
      if (best !== null && best.samples >= samples) return;
      const { counts, shaftRpm } = block;
      receivedSamples += counts.length;
      if (open !== null && block.firstSample !== open.first.firstSample + open.samples) {
        gaps++;
        open = null;
      }
      open ??= begin(block);
      const taken = Math.min(counts.length, samples - open.samples);
      open.parts.push(counts.slice(0, taken));
      open.samples += taken;
      open.turns += shaftRpm * taken;
      open.slowestRpm = Math.min(open.slowestRpm, shaftRpm);
      open.fastestRpm = Math.max(open.fastestRpm, shaftRpm);
      if (best === null || open.samples > best.samples) best = open;
    },
    get longest() {
      return best === null ? null : { ...best, shaftRpm: best.turns / best.samples };
    },
    get isComplete() {
      return best !== null && best.samples >= samples;
    },
    get receivedSamples() {
      return receivedSamples;
    },
    get gaps() {
      return gaps;
    },
  };
}
