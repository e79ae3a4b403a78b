/** Whether a sensor still hears its machine: how long it has heard far less than the machine's own healthy level. */
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { isLearntSpeed } from "./severity.ts";

/** Of a sensor that hears its machine no more, dB, for so many windows in a row. */
const deafDb = -9;
const deafWindows = 12;

/** Follows one sensor. */
export interface Deafness {
  readonly isDeaf: boolean;
  /** The last window was as quiet as of a sensor that is deaf. */
  readonly isQuiet: boolean;
  /** The sensor is deaf, or was as quiet in the last window: that it hears no fault says nothing. */
  readonly isFaint: boolean;
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
  let isQuiet = false;
  return {
    get isDeaf(): boolean {
      return quiet >= deafWindows;
    },
    get isQuiet(): boolean {
      return isQuiet;
    },
    get isFaint(): boolean {
      return isQuiet || quiet >= deafWindows;
    },
    get quietWindows(): number {
      return quiet;
    },
    note: (severityDb, baseline, shaftRpm) => {
      const isKnown = severityDb !== null && baseline !== null && isLearntSpeed(baseline, shaftRpm);
      isQuiet = isKnown && severityDb <= deafDb;
      if (baseline === null || isKnown) quiet = isQuiet ? quiet + 1 : 0;
    },
    begin: (quietWindows) => {
      quiet = quietWindows;
    },
  };
}
