/** Whether a sensor still hears its machine: how long it has heard far less than the machine's own healthy level. */
import type { WindowSeverity } from "./window-severity.ts";

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
  /** One window. What may be of a deaf sensor and of one that hears is no news; without a baseline none counts. */
  note(severity: Pick<WindowSeverity, "atLeastDb" | "atMostDb">, hasBaseline: boolean): void;
  /** Begins with `quietWindows` of the baseline that there is now. */
  begin(quietWindows: number): void;
}

/** Creates it for a sensor that hears. */
export function createDeafness(): Deafness {
  return new Hearing();
}

class Hearing implements Deafness {
  quietWindows = 0;
  isQuiet = false;

  get isDeaf(): boolean {
    return this.quietWindows >= deafWindows;
  }

  get isFaint(): boolean {
    return this.isQuiet || this.isDeaf;
  }

  note({ atLeastDb, atMostDb }: Parameters<Deafness["note"]>[0], hasBaseline: boolean): void {
    this.isQuiet = atMostDb !== null && atMostDb <= deafDb;
    const isHeard = atLeastDb !== null && atLeastDb > deafDb;
    if (this.isQuiet) this.quietWindows++;
    else if (isHeard || !hasBaseline) this.quietWindows = 0;
  }

  begin(quietWindows: number): void {
    this.quietWindows = quietWindows;
  }
}
