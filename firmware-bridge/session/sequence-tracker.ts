/** Follows the 16-bit sequence numbers of one direction: what was lost, what came twice, what belongs elsewhere. */

/** What a packet's number says: 0 or more: it is new, and as many packets before it are missing; or one of the two below. */
type SequenceVerdict = number;
/** The packet came before. */
export const duplicateSequence: SequenceVerdict = -1;
/** The packet is far behind: it is of another session. */
export const staleSequence: SequenceVerdict = -2;

/** How far behind the newest packet a number counts as repeated and not as of another session. */
const duplicateSpan = 1024;

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
  return {
    start: (sequence) => {
      started = true;
      last = sequence;
    },
    accept: (sequence) => {
      if (!started) {
        started = true;
        last = sequence;
        return 0;
      }
      const ahead = (sequence - last) & 0xffff;
      if (ahead > 0 && ahead < 0x8000) {
        last = sequence;
        return ahead - 1;
      }
      return ((last - sequence) & 0xffff) < duplicateSpan ? duplicateSequence : staleSequence;
    },
    get last() {
      return last;
    },
  };
}
