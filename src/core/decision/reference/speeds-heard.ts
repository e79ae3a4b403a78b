/**
 * At which speeds a machine that has its own reference ran of late: how many windows of its last day were at speeds at which it was
 * never learnt. By the time of the data; what was before a restart is not known. Decides nothing.
 */
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { hourMs } from "../../maths/durations.ts";
import { sayLearntSpeeds } from "./learnt-speeds.ts";

/** Follows one machine. */
interface SpeedsHeard {
  /** One window that was held against the reference. */
  note(toMs: number, isBeyond: boolean): void;
  /** Windows of the last day, and those of them at speeds that were not learnt. */
  readonly lastDay: { readonly windows: number; readonly beyond: number };
  /** Begins anew, with another reference. */
  clear(): void;
}

/** Of an hour. */
interface HeardHour {
  readonly hour: number;
  windows: number;
  beyond: number;
}

/** Hours that are kept: a day, and that which has begun. */
const mostHours = 25;

/** Creates it for a machine of which nothing was heard. */
export function createSpeedsHeard(): SpeedsHeard {
  return new LastHours();
}

const noHours: readonly HeardHour[] = [];

class LastHours implements SpeedsHeard {
  #hours: readonly HeardHour[] = noHours;

  note(toMs: number, isBeyond: boolean): void {
    const hour = Math.floor(toMs / hourMs);
    let last = this.#hours.at(-1);
    if (last === undefined || last.hour !== hour) {
      last = { hour, windows: 0, beyond: 0 };
      // A clock that was put back begins a new count: hours ahead of it are none of its last day.
      this.#hours = this.#hours
        .filter((each) => each.hour < hour && each.hour > hour - mostHours)
        .concat(last);
    }
    last.windows++;
    if (isBeyond) last.beyond++;
  }

  get lastDay(): SpeedsHeard["lastDay"] {
    let [windows, beyond] = [0, 0];
    for (const hour of this.#hours) {
      windows += hour.windows;
      beyond += hour.beyond;
    }
    return { windows, beyond };
  }

  clear(): void {
    this.#hours = noHours;
  }
}

/** Less is a gust. */
const toldShare = 0.1;

/** What is not known at the speeds of the last day; null: at most of them all is. */
export function describeBeyond(
  { windows, beyond }: SpeedsHeard["lastDay"],
  baseline: Pick<SiteBaseline, "shaftRpm" | "later">,
): string | null {
  if (windows === 0 || beyond < toldShare * windows) return null;
  // Coarse: whoever watches a state is not told of every window.
  const share = 10 * Math.round((10 * beyond) / windows);
  return `it was learnt at ${sayLearntSpeeds(baseline)}, and about ${share} % of the last day's windows were at other speeds, at which its level is known roughly at best`;
}
