/**
 * A fault that lasts or comes and goes: each of its causes is told once while it stays the same, and never more than one a minute, also
 * of faults that were over in between. Reads no clock, and writes no log itself.
 */
import { AuroraError, systemCodeOf } from "../contract/aurora-error.ts";

/** What stands, and what was told of it. */
interface LastingFault {
  readonly stands: boolean;
  /** It failed, at `atMs` of any one clock; is its cause to be told now? Where the system gave a code, operation, code and hint are the cause, else the message. */
  note(error: unknown, atMs: number): boolean;
  /** It works; was there a fault that was told? */
  clear(): boolean;
}

const betweenCausesMs = 60_000;

/** Creates it as of something that works. */
export function createLastingFault(): LastingFault {
  let stands = false;
  /** Of what was told of the fault that stands. */
  let toldCause: string | null = null;
  let toldMs: number | null = null;
  return {
    get stands() {
      return stands;
    },
    note: (error, atMs) => {
      stands = true;
      const cause = causeOf(error);
      // A calendar may be set back.
      if (toldCause === cause || (toldMs !== null && Math.abs(atMs - toldMs) < betweenCausesMs)) return false;
      toldCause = cause;
      toldMs = atMs;
      return true;
    },
    clear: () => {
      const wasTold = toldCause !== null;
      stands = false;
      toldCause = null;
      return wasTold;
    },
  };
}

/** What the system refuses it refuses of each file by another message: the code that it gives says why. */
function causeOf(error: unknown): string {
  const code = error instanceof AuroraError ? systemCodeOf(error.cause) : undefined;
  if (error instanceof AuroraError && code !== undefined && /^E[A-Z0-9]+$/.test(code))
    return `${error.op} ${code} ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
