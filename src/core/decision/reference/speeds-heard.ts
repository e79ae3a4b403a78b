/**
 * At which speeds a machine that has its own reference ran of late: how many windows of its last day were at speeds at which it was
 * never learnt, or just beside those at which it was. By the time of the data; what was before a restart is not known. Decides nothing.
 */
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { hourMs } from "../../maths/durations.ts";
import { chooseLevels, isLearntSpeed, sayLearntSpeeds } from "./learnt-speeds.ts";
import { isJustBeside } from "./margin.ts";

/** Windows of a day. */
interface SpeedCounts {
  readonly windows: number;
  /** Those just beside the learnt speeds, where a fault has to stand out more. */
  readonly beside: number;
  /** Those at speeds that were not learnt. */
  readonly beyond: number;
}

/** Follows one machine. */
interface SpeedsHeard {
  /** One window that was held against the reference. */
  note(toMs: number, shaftRpm: number, baseline: SiteBaseline): void;
  readonly lastDay: SpeedCounts;
  /** Begins anew, with another reference. */
  clear(): void;
}

/** Of an hour. */
interface HeardHour {
  readonly hour: number;
  windows: number;
  beside: number;
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

  note(toMs: number, shaftRpm: number, baseline: SiteBaseline): void {
    const hour = Math.floor(toMs / hourMs);
    let last = this.#hours.at(-1);
    if (last === undefined || last.hour !== hour) {
      last = { hour, windows: 0, beside: 0, beyond: 0 };
      // A clock that was put back begins a new count: hours ahead of it are none of its last day.
      this.#hours = this.#hours
        .filter((each) => each.hour < hour && each.hour > hour - mostHours)
        .concat(last);
    }
    last.windows++;
    if (!isLearntSpeed(chooseLevels(baseline, shaftRpm), shaftRpm)) last.beyond++;
    else if (isJustBeside(shaftRpm, baseline)) last.beside++;
  }

  get lastDay(): SpeedCounts {
    let [windows, beside, beyond] = [0, 0, 0];
    for (const hour of this.#hours) {
      windows += hour.windows;
      beside += hour.beside;
      beyond += hour.beyond;
    }
    return { windows, beside, beyond };
  }

  clear(): void {
    this.#hours = noHours;
  }
}

/** Less is a gust. */
const toldShare = 0.1;
/** Less is a machine that comes back to the learnt speeds, where its faults are heard. */
const toldBesideShare = 0.5;

/** What is not known, or raises later, at the speeds of the last day; null: at most of them nothing is. */
export function describeSpeeds(
  { windows, beside, beyond }: SpeedCounts,
  baseline: Pick<SiteBaseline, "shaftRpm" | "later">,
): string | null {
  const learnt = `it was learnt at ${sayLearntSpeeds(baseline)}`;
  // Coarse: whoever watches a state is not told of every window.
  const sayShare = (count: number) => `about ${10 * Math.round((10 * count) / windows)} %`;
  if (windows === 0) return null;
  if (beyond >= toldShare * windows)
    return `${learnt}, and ${sayShare(beyond)} of the last day's windows were at other speeds, at which its level is known roughly at best`;
  if (beside >= toldBesideShare * windows)
    return `${learnt}, and ${sayShare(beside)} of the last day's windows were just beside, where a fault has to stand out more and is raised later: if that is its speed from now on, learn it anew (aurora baseline renew)`;
  return null;
}
