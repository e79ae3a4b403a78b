/**
 * Notices two that speak of one subject by turns: one that was followed by another and soon says something new. Who takes another's
 * place does not come back soon, and what a broker delivers again is nothing new. Stores nothing.
 */
import type { Clock } from "../../core/platform/clock.ts";
import type { Counter } from "../../core/platform/metrics.ts";
import { twoForMs } from "../record/clone-rules.ts";

/** Something that was said of a subject. */
interface Speech {
  readonly subject: string;
  /** Whoever said it; null: nobody speaks of the subject any more. */
  readonly speaker: string | null;
  /** By the speaker's own clock; null: it did not say. */
  readonly time: string | null;
  /** Kept by the broker, maybe for longer than the speaker lived: no sign. */
  readonly retained: boolean;
}

/**
 * Takes each, in the order of their coming. If the speaker has come back after others: they and itself; if it speaks first after
 * another: nobody; null: it, or nobody, spoke before.
 */
type TurnsWatch = (speech: Speech) => readonly string[] | null;

interface Speakers {
  /** What each said last, and when it was heard (monotonic); the one that spoke last is the last. */
  readonly said: ReadonlyMap<string, { readonly time: string | null; readonly heardMs: number }>;
  readonly toldMs: number;
}

const tellAgainMs = 3_600_000;
/** Speakers of a subject that are remembered: so many copies of a card are found out. */
const maxSpeakers = 4;
/** Subjects that are followed at once; the one followed for longest goes. */
const maxSubjects = 200_000;

/** Creates a watch that has heard nobody; tells of a subject once an hour. */
export function createTurnsWatch(options: {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly turnsTotal: Counter;
  readonly tell: (subject: string, speakers: readonly string[]) => void;
}): TurnsWatch {
  const followed = new Map<string, Speakers>();
  const note = (subject: string, speakers: readonly string[], toldMs: number): number => {
    options.turnsTotal.add(1, {});
    const nowMs = options.clock.monotonicMs();
    if (nowMs - toldMs < tellAgainMs) return toldMs;
    options.tell(subject, speakers);
    return nowMs;
  };
  return ({ subject, speaker, time, retained }) => {
    const known = followed.get(subject);
    if (known !== undefined && retained) return null;
    if (speaker === null) {
      followed.delete(subject);
      return null;
    }
    const before = known?.said.get(speaker);
    if (before !== undefined && before.time === time) return null;
    const heardMs = options.clock.monotonicMs();
    const said = new Map(known?.said);
    dropSilent(said, heardMs);
    const isKnown = said.has(speaker);
    const all = [...said.keys()];
    const since = isKnown ? all.slice(all.indexOf(speaker)) : [];
    const isBack = since.length > 1;
    let toldMs = known?.toldMs ?? Number.NEGATIVE_INFINITY;
    if (isBack) toldMs = note(subject, since, toldMs);
    said.delete(speaker);
    said.set(speaker, { time, heardMs });
    dropOldest(said, maxSpeakers);
    followed.delete(subject);
    followed.set(subject, { said, toldMs });
    dropOldest(followed, maxSubjects);
    if (isBack) return since;
    return all.length === 0 || isKnown ? null : [];
  };
}

/** Lets go of those that have been silent for long, but for the one that spoke last. */
function dropSilent(said: Map<string, { readonly heardMs: number }>, nowMs: number): void {
  for (const speaker of [...said.keys()].slice(0, -1)) {
    if (nowMs - (said.get(speaker)?.heardMs ?? 0) >= twoForMs) said.delete(speaker);
  }
}

function dropOldest(entries: Map<string, unknown>, most: number): void {
  for (const first of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(first);
  }
}
