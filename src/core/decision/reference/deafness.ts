/** Whether a sensor still hears its machine: how long it has heard far less than the machine's own healthy level. */
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { isLearntSpeed } from "./severity.ts";

/** Of a sensor that hears its machine no more, dB, for so many windows in a row. */
const deafDb = -9;
const deafWindows = 12;

/** Follows one sensor. */
export interface Deafness {
  readonly isDeaf: boolean;
  /** Windows in a row that were as quiet as of a sensor that is deaf. */
  readonly quietWindows: number;
  /** One window: dB above `baseline`, null where not known. At a speed that was not learnt a level is a guess, and no news; without a baseline none counts. */
  note(severityDb: number | null, baseline: SiteBaseline | null, shaftRpm: number): void;
  /** Begins with `quietWindows` of the baseline that there is now. */
  begin(quietWindows: number): void;
}

/** Creates it for a sensor that hears. */
export function createDeafness(): Deafness {
  /** In a row. */
  let quiet = 0;
  return {
    get isDeaf(): boolean {
      return quiet >= deafWindows;
    },
    get quietWindows(): number {
      return quiet;
    },
    note: (severityDb, baseline, shaftRpm) => {
      if (baseline === null) quiet = 0;
      else if (severityDb !== null && isLearntSpeed(baseline, shaftRpm))
        quiet = severityDb <= deafDb ? quiet + 1 : 0;
    },
    begin: (quietWindows) => {
      quiet = quietWindows;
    },
  };
}
