/**
 * The light watch for drift on a site by itself: the reports that go to the collector are also held, day by day, against each
 * point's own days before, and what moved is told once, and once when it ends. Points are read together, for what all of a
 * site's points do is no machine's fault. References are kept over restarts, one entry a point.
 */

import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { DriftReport } from "../../core/contract/uplink-record.ts";
import { graceOf } from "../../core/drift/day-summary.ts";
import { findCausesByStep } from "../../core/drift/find-causes.ts";
import { findOrMake } from "../../core/maths/find-or-make.ts";
import { finishSteps, type Steps } from "../../core/maths/steps.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { type KeptPlace, nameComponent } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import { createDriftMemory, type WatchedDrift } from "./drift-memory.ts";
import { type DriftModel, type DriftRefusal, type DriftRules, driftRefusals } from "./drift-point.ts";
import type { DriftStanding } from "./drift-snapshot.ts";
import { advanceStanding, type DriftEventName, nothingSaid } from "./drift-standing.ts";

/** How a point stands against its own days. */
export interface PointDrift extends DriftStanding {
  readonly point: PointId;
  /** Days that its reference rests on, the column that knows most. */
  readonly referenceDays: number;
}

interface DriftPostOptions {
  readonly rules: DriftRules;
  /** All points of the gateway; one that is not among them is watched all the same once it reports. */
  readonly points: readonly PointId[];
  /** The bundle that serves under a name, or null. */
  readonly modelOf: (name: string) => DriftModel | null;
  /** Counts what makes another machine of a point; 0 or more. */
  readonly epochOf: (point: PointId) => number;
  readonly state: StateStore;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  /** Whether the collector has confirmed the clock: one by which days lie in the future may be behind. */
  readonly isClockConfirmed: () => boolean;
  readonly logger: Logger;
  readonly onEvent: (point: PointId, name: DriftEventName, detail: string) => void;
  /** Goes through steps of a few milliseconds each, at once or between other work; a thousand points end their day at one moment. */
  readonly run: (work: Steps<void>) => void;
}

export interface DriftPost {
  take(report: DriftReport): void;
  /** A point is not the machine any more that it was: its days are let go. */
  renew(place: KeptPlace, why: string): void;
  readonly standings: readonly PointDrift[];
  /** Reports that were not taken, since the start. */
  readonly refused: Readonly<Record<DriftRefusal, number>>;
  /** Ends days that are over; call it about once a second. */
  tick(): void;
  /**
   * Takes what `reportOpen` still reports, tells what waits, and writes down how far everything is, in one write: a thousand would not end
   * before the gateway has to.
   */
  close(reportOpen: () => void): void;
}

/** Creates the post; nothing is known of a point before its first report. */
export function createDriftPost(options: DriftPostOptions): DriftPost {
  const { points, clock, logger, onEvent } = options;
  const patienceMs = graceOf(options.rules);
  const memory = createDriftMemory(options);
  const watched = new Map<string, WatchedDrift>();
  const refused = Object.fromEntries(driftRefusals.map((reason) => [reason, 0])) as Record<
    DriftRefusal,
    number
  >;

  const find = (point: PointId): WatchedDrift => {
    const name = nameComponent(point);
    const held = watched.get(name);
    if (held !== undefined) return held;
    const entry = memory.open(point);
    watched.set(name, entry);
    return entry;
  };
  for (const point of points) find(point);

  const announce = (entry: WatchedDrift, verdict: DriftVerdict): void => {
    const { standing, event } = advanceStanding(entry.standing, verdict);
    entry.standing = standing;
    memory.save([entry]);
    if (event !== null) onEvent(entry.days.point, event.name, event.detail);
  };
  /** Ends what was told against days that were let go: what comes is held against others. */
  const beginAnew = (entry: WatchedDrift, why: string): void => {
    entry.waiting = null;
    if (entry.standing.raised !== null) onEvent(entry.days.point, "drift.ended", why);
    entry.standing = nothingSaid;
    memory.save([entry]);
  };
  const isExpected = (fromMs: number): boolean =>
    [...watched.values()].some(({ days: { day, ended } }) => {
      const oldest = ended ?? day;
      return oldest !== null && oldest.fromMs <= fromMs;
    });
  const listWaiting = (): WatchedDrift[] => [...watched.values()].filter(({ waiting }) => waiting !== null);
  /** Reads the verdicts of a period together. */
  const publish = function* (fromMs: number): Steps<void> {
    const together = listWaiting().flatMap((entry) =>
      entry.waiting?.fromMs === fromMs ? [{ entry, verdict: entry.waiting }] : [],
    );
    const caused = yield* findCausesByStep(
      together.map(({ verdict }) => verdict),
      { points: [...watched.values()].map(({ days }) => days.point) },
    );
    for (const [index, { entry, verdict }] of together.entries()) {
      yield;
      // Its days may have been let go meanwhile.
      if (entry.waiting !== verdict) continue;
      entry.waiting = null;
      announce(entry, caused[index]!);
    }
  };
  /** Reads the periods of which no other verdict is expected, or not for longer. A device that was cut off tells several. */
  const publishSettled = function* (): Steps<void> {
    const isTired = ({ waitingMonotonicMs }: WatchedDrift): boolean =>
      clock.monotonicMs() - waitingMonotonicMs > patienceMs;
    for (const [fromMs, together] of groupByPeriod(listWaiting())) {
      if (!isExpected(fromMs) || together.some(isTired)) yield* publish(fromMs);
    }
  };
  const assess = function* (entry: WatchedDrift): Steps<void> {
    const { point, ended } = entry.days;
    // What it said of an earlier day still waits for points that never came; other days may wait for longer.
    if (entry.waiting !== null) yield* publish(entry.waiting.fromMs);
    let verdict: DriftVerdict | null = null;
    try {
      verdict = yield* entry.days.assess();
    } catch (error) {
      // A fault of ours: it costs one day of one point, and not all that come after it.
      logger.error("a day of drift could not be assessed", { ...point, fromMs: ended?.fromMs, error });
    }
    if (verdict === null) return;
    entry.waiting = verdict;
    entry.waitingMonotonicMs = clock.monotonicMs();
  };

  /** Points with a day that is over, in the order in which their days ended. */
  const ended = new Set<WatchedDrift>();
  let work: Steps<void> | null = null;
  const workThrough = function* (): Steps<void> {
    try {
      do {
        for (const entry of ended) {
          ended.delete(entry);
          yield* assess(entry);
          yield;
        }
        yield* publishSettled();
      } while (ended.size > 0);
    } finally {
      work = null;
    }
  };
  const attend = (entry: WatchedDrift): void => {
    if (entry.days.ended !== null) ended.add(entry);
  };
  /** Begins to work on what there is to do, unless that has begun. */
  const begin = (): void => {
    if (work !== null || (ended.size === 0 && listWaiting().length === 0)) return;
    work = workThrough();
    options.run(work);
  };
  /** A point takes nothing before its last day is assessed. */
  const settle = (entry: WatchedDrift): void => {
    while (entry.days.ended !== null && work !== null) work.next();
  };

  return {
    take: (report) => {
      const { site, turbine, component } = report;
      const entry = find({ site, turbine, component });
      settle(entry);
      const moment = {
        nowMs: clock.nowMs(),
        monotonicMs: clock.monotonicMs(),
        isClockConfirmed: options.isClockConfirmed(),
      };
      const { ground } = entry.days;
      const taken = entry.days.take(report, moment, options.modelOf);
      if (taken.refused !== null) {
        const { reason, detail } = taken.refused;
        refused[reason]++;
        logger.debug("a drift report was not taken", { turbine, component, reason, detail });
      }
      if (taken.isRelearning) {
        const detail = `${report.modelName}@${report.modelVersion}: its features and scores are learnt anew`;
        onEvent(entry.days.point, "drift.relearning", detail);
        beginAnew(entry, "another model serves");
      }
      if (taken.isLost) {
        onEvent(entry.days.point, "drift.lost", "its days lie in the future; they are learnt anew");
        beginAnew(entry, "what is usual is learnt anew");
      }
      // A first day, and days that go on under another name, are found by it after a power cut, with the day that is being heard.
      if (entry.days.ground !== ground) memory.save([entry]);
      attend(entry);
      begin();
      memory.saveDay(entry);
    },
    renew: (place, why) => {
      const entry = watched.get(nameComponent(place));
      if (entry === undefined) return;
      settle(entry);
      entry.days.renew();
      beginAnew(entry, `what is usual is learnt anew: ${why}`);
    },
    get standings() {
      return [...watched.values()].map(({ days: { point, ground }, standing }) => ({
        point,
        ...standing,
        referenceDays: ground?.reference.days ?? 0,
      }));
    },
    refused,
    tick: () => {
      const monotonicMs = clock.monotonicMs();
      for (const entry of watched.values()) {
        entry.days.advance(monotonicMs);
        attend(entry);
      }
      begin();
    },
    close: (reportOpen) =>
      memory.saveAllAfter(() => {
        reportOpen();
        if (work !== null) finishSteps(work);
        for (const fromMs of groupByPeriod(listWaiting()).keys()) finishSteps(publish(fromMs));
      }),
  };
}

/** By the start of the period that their verdicts are of; all of them have one that waits. */
function groupByPeriod(waiting: readonly WatchedDrift[]): ReadonlyMap<number, readonly WatchedDrift[]> {
  const periods = new Map<number, WatchedDrift[]>();
  for (const entry of waiting) findOrMake(periods, entry.waiting!.fromMs, () => []).push(entry);
  return periods;
}
