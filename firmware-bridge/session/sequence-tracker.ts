/** Follows the 16-bit sequence numbers of one direction: what was lost, came twice or too late, and what belongs elsewhere. */

/** What a packet's number says: 0 or more: it is new, and as many packets before it are missing; or one of those below. */
type SequenceVerdict = number;
/** The packet came before. */
export const duplicateSequence: SequenceVerdict = -1;
/** The packet is far behind: it is of another session. */
export const staleSequence: SequenceVerdict = -2;
/** The packet was taken for missing when a newer one came: its place in the stream is past. */
export const lateSequence: SequenceVerdict = -3;

/** How far behind the newest packet a number counts as repeated and not as of another session. */
const duplicateSpan = 1024;
/** Numbers of which it is remembered that they came; a power of two, and no less than the span. */
const remembered = 1024;

interface SequenceTracker {
  /** Starts a session whose newest packet is `sequence`. */
  start(sequence: number): void;
  /** Classifies the next packet; before {@link start}, any number is new. */
  accept(sequence: number): SequenceVerdict;
  /** The newest number so far. */
  readonly last: number;
}

/** Creates a tracker without a session. */
export function createSequenceTracker(): SequenceTracker {
  let started = false;
  let last = 0;
  /** By number modulo {@link remembered}: 1 if it is missing. */
  const missing = new Uint8Array(remembered);

  function start(sequence: number): void {
    started = true;
    last = sequence;
    missing.fill(0);
  }

  /** Takes over `sequence`, which is `ahead` of the last. */
  function step(sequence: number, ahead: number): void {
    const gap = Math.min(ahead - 1, remembered);
    for (let back = 1; back <= gap; back++) missing[(sequence - back) & (remembered - 1)] = 1;
    missing[sequence & (remembered - 1)] = 0;
    last = sequence;
  }

  return {
    start,
    accept: (sequence) => {
      if (!started) {
        start(sequence);
        return 0;
      }
      const ahead = (sequence - last) & 0xffff;
      if (ahead > 0 && ahead < 0x8000) {
        step(sequence, ahead);
        return ahead - 1;
      }
      if (((last - sequence) & 0xffff) >= duplicateSpan) return staleSequence;
      const place = sequence & (remembered - 1);
      if (missing[place] === 0) return duplicateSequence;
      missing[place] = 0;
      return lateSequence;
    },
    get last() {
      return last;
    },
  };
}
