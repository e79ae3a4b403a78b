/** Whether a sensor still hears its machine: how long it has heard far less than the machine's own healthy level. */
import type { WindowSeverity } from "./window-severity.ts";

/** Of a sensor that hears its machine no more, dB, for so many windows with none between of one that hears. */
const deafDb = -9;
const deafWindows = 12;
/** So much louder than that a sensor that was deaf hears at once, dB; one nearer to the bound after as many windows, with no quiet one between, as made it deaf. */
const heardDb = 3;

/** At the fainter of two loads it hears as little as that load, but for so much, dB … */
const likeDb = 3;
/** … and at least so much of what it is quieter. */
const quieterShare = 2 / 3;

/** Follows one sensor. */
export interface Deafness {
  readonly isDeaf: boolean;
  /** The last window was as quiet as of a sensor that is deaf. */
  readonly isQuiet: boolean;
  /** The last window was as quiet as at the fainter of the machine's two loads: it says nothing of how loud it is. */
  readonly isQuieter: boolean;
  /** The sensor is deaf, or was as quiet in the last window: that it hears no fault says nothing. */
  readonly isFaint: boolean;
  /** Windows that were as quiet as of a sensor that is deaf, since one was loud enough to be of one that hears. */
  readonly quietWindows: number;
  /** One window. What may be of a deaf sensor and of one that hears is no news; without a baseline (null) none counts. */
  note(
    severity: Pick<WindowSeverity, "atLeastDb" | "atMostDb">,
    baseline: { readonly quieterDb: number | null } | null,
  ): void;
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
  isQuieter = false;
  /** Windows that were louder than of a sensor that is deaf, since it is, with no quiet one between. */
  #heardWindows = 0;

  get isDeaf(): boolean {
    return this.quietWindows >= deafWindows;
  }

  get isFaint(): boolean {
    return this.isQuiet || this.isDeaf;
  }

  note(
    { atLeastDb, atMostDb }: Pick<WindowSeverity, "atLeastDb" | "atMostDb">,
    baseline: { readonly quieterDb: number | null } | null,
  ): void {
    const quieterDb = baseline?.quieterDb ?? null;
    const quietDb = quieterDb === null ? deafDb : Math.min(deafDb, -quieterDb - likeDb);
    this.isQuiet = atMostDb !== null && atMostDb <= quietDb;
    this.isQuieter = quieterDb !== null && atMostDb !== null && atMostDb <= -quieterShare * quieterDb;
    const heardBy = atLeastDb === null ? Number.NEGATIVE_INFINITY : atLeastDb - quietDb;
    this.#heardWindows = this.isQuiet || !this.isDeaf ? 0 : this.#heardWindows + (heardBy > 0 ? 1 : 0);
    const isHeard = this.isDeaf ? heardBy > heardDb || this.#heardWindows >= deafWindows : heardBy > 0;
    if (this.isQuiet) this.quietWindows++;
    else if (isHeard || baseline === null) this.quietWindows = 0;
  }

  begin(quietWindows: number): void {
    this.quietWindows = quietWindows;
    this.#heardWindows = 0;
    this.isQuieter = false;
  }
}
