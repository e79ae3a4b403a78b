/**
 * A fault that lasts: each of its causes is told once while it stays the same, and never more than one a minute. Reads no clock, and
 * writes no log itself.
 */

/** What stands, and what was told of it. */
export interface LastingFault {
  readonly stands: boolean;
  /** It failed, at a moment of whatever clock, ms. */
  note(error: unknown, atMs: number): void;
  /** It works; was there a fault? */
  clear(): boolean;
}

const betweenCausesMs = 60_000;

/** @param tell called for a cause that is news: one that follows another has another hint */
export function createLastingFault(tell: (error: unknown) => void): LastingFault {
  let told: { readonly reason: string; readonly atMs: number } | null = null;
  return {
    get stands() {
      return told !== null;
    },
    note: (error, atMs) => {
      const reason = error instanceof Error ? error.message : String(error);
      // A calendar may be set back.
      if (told !== null && (told.reason === reason || Math.abs(atMs - told.atMs) < betweenCausesMs)) return;
      told = { reason, atMs };
      tell(error);
    },
    clear: () => {
      const stood = told !== null;
      told = null;
      return stood;
    },
  };
}
