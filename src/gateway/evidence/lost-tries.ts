/**
 * Counts how often a piece was put on the line and not stored while the collector stored other things: neither a line that is
 * down nor a collector that is away counts against a piece. Reads no clock.
 */
export interface LostTries {
  /** Looks again; how many tries are known to be lost. */
  look(): number;
}

interface LostTriesOptions {
  /** Of the piece, as it is put on the line at least. */
  readonly bytes: number;
  /** Bytes that the piece's lane has put on the line since the start, repetitions included. */
  readonly laneBytesSent: () => number;
  /** Acknowledgements of any lane since the start. */
  readonly acknowledgements: () => number;
}

/** For a piece that goes into its lane now, which is empty. */
export function createLostTries({ bytes, laneBytesSent, acknowledgements }: LostTriesOptions): LostTries {
  const bytesBefore = laneBytesSent();
  let tries = 0;
  let lost = 0;
  let acknowledged = 0;
  return {
    look: () => {
      const sent = Math.floor((laneBytesSent() - bytesBefore) / bytes);
      if (sent <= tries) return lost;
      if (tries > 0 && acknowledgements() > acknowledged) lost++;
      tries = sent;
      acknowledged = acknowledgements();
      return lost;
    },
  };
}
