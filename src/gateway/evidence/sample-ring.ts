/** The newest raw samples of one channel, in a buffer that is made once; what is older is overwritten. */
import type { RecordedBlock } from "../../core/contract/stream.ts";

export interface SampleRing {
  /** `block.counts` are valid only during the call. */
  push(block: RecordedBlock): void;
  /** Gives the blocks that it holds, oldest first; their `counts` are valid only during the call. */
  replay(accept: (block: RecordedBlock) => void): void;
}

/** A block without its counts, and where these begin. */
interface Held {
  readonly block: Omit<RecordedBlock, "counts">;
  readonly at: number;
  readonly length: number;
}

/** Creates a ring of so many samples (≥ 1). */
export function createSampleRing(capacity: number): SampleRing {
  const buffer = new Int16Array(capacity);
  let held: Held[] = [];
  let samples = 0;
  let next = 0;

  return {
    push: (whole) => {
      const block = lastOf(whole, capacity);
      const { counts, ...about } = block;
      let gone = 0;
      while (samples + counts.length > capacity) samples -= held[gone++]!.length;
      if (gone > 0) held = held.slice(gone);
      const head = Math.min(counts.length, capacity - next);
      buffer.set(counts.subarray(0, head), next);
      buffer.set(counts.subarray(head), 0);
      held.push({ block: about, at: next, length: counts.length });
      next = (next + counts.length) % capacity;
      samples += counts.length;
    },
    replay: (accept) => {
      for (const { block, at, length } of held) {
        const head = buffer.subarray(at, Math.min(capacity, at + length));
        if (head.length === length) accept({ ...block, counts: head });
        else {
          const counts = new Int16Array(length);
          counts.set(head);
          counts.set(buffer.subarray(0, length - head.length), head.length);
          accept({ ...block, counts });
        }
      }
    },
  };
}

/** The block, or as much of its end as fits. */
function lastOf(block: RecordedBlock, capacity: number): RecordedBlock {
  const excess = block.counts.length - capacity;
  if (excess <= 0) return block;
  return {
    ...block,
    firstSample: block.firstSample + excess,
    timestampMs: block.timestampMs + (1000 * excess) / block.sampleRateHz,
    counts: block.counts.subarray(excess),
  };
}
