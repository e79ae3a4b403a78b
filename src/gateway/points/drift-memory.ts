/** What the watch for drift keeps of points over a restart, one entry a point; texts are on the disk alone. */
import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { nameComponent, readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import { createDriftPoint, type DriftPoint, type DriftRules } from "./drift-point.ts";
import {
  type DriftDaySnapshot,
  type DriftSnapshot,
  type DriftStanding,
  driftDaySnapshotSchema,
  driftSnapshotSchema,
} from "./drift-snapshot.ts";
import { nothingSaid } from "./drift-standing.ts";
import { unpackDay } from "./packed-day.ts";
import { unpackReference } from "./packed-reference.ts";

/** A day is written down so many times: a kill costs an hour of it. */
const savesPerDay = 24;

/** A point under watch, and how it stands. */
export interface WatchedDrift {
  readonly days: DriftPoint;
  readonly epoch: number;
  standing: DriftStanding;
  /** A verdict that waits to be read together with others, and since when. */
  waiting: DriftVerdict | null;
  waitingMonotonicMs: number;
  savedSlot: number;
  /** What is on the disk; null: not known. */
  saved: (Pick<WatchedDrift, "standing"> & Pick<DriftPoint, "ground">) | null;
}

interface DriftMemoryOptions {
  readonly rules: DriftRules;
  /** Counts what makes another machine of a point; 0 or more. */
  readonly epochOf: (point: PointId) => number;
  readonly state: StateStore;
  readonly logger: Logger;
  /** What became of the days that were kept. */
  readonly onEvent: (
    point: PointId,
    name: "drift.lost" | "drift.ended" | "baseline-renewed",
    detail: string,
  ) => void;
}

/** What is kept of points, and how. */
interface DriftMemory {
  /** The watch of a point as the last run left it. */
  open(point: PointId): WatchedDrift;
  /** In one write. */
  save(entries: readonly WatchedDrift[]): void;
  /** Once an hour of the day. */
  saveDay(entry: WatchedDrift): void;
  /** Does `work`, then writes all points down in one write; nothing before that, so that a kill meanwhile costs what one before it does. */
  saveAllAfter(work: () => void): void;
}

/** Opens it with nothing read. */
export function createDriftMemory({
  rules,
  state,
  logger,
  epochOf,
  onEvent,
}: DriftMemoryOptions): DriftMemory {
  const keyOf = (point: PointId): string => `drift/${nameComponent(point)}`;
  const dayKeyOf = (point: PointId): string => `drift-day/${nameComponent(point)}`;
  const describeDay = ({ ground, day, ended }: DriftPoint): string | null => {
    // After a kill the older of the two is assessed, and the other one begins with what comes then.
    const kept = ended ?? day;
    if (ground === null || kept === null) return null;
    const modelDigest = ground.model.digest;
    return JSON.stringify({ version: 1, modelDigest, day: unpackDay(kept) } satisfies DriftDaySnapshot);
  };
  /** False, and told: a machine that was mended is another one, and periods of another length are other days. */
  const isOfNow = (point: PointId, read: DriftSnapshot, epoch: number): boolean => {
    if (read.epoch !== epoch) {
      onEvent(
        point,
        "baseline-renewed",
        `by the configuration: ${epoch} renewals, where ${read.epoch} were known`,
      );
      return false;
    }
    if ((read.reference.periodMs ?? rules.periodMs) === rules.periodMs) return true;
    onEvent(point, "drift.lost", "a day is of another length now; its days are learnt anew");
    return false;
  };
  const opened: WatchedDrift[] = [];
  let isHeld = false;
  const describe = (entries: readonly WatchedDrift[]): Record<string, string | null> => {
    const texts: Record<string, string | null> = {};
    for (const entry of entries) {
      const { days, epoch, standing } = entry;
      const { point, ground } = days;
      if (ground === null) continue;
      texts[dayKeyOf(point)] = describeDay(days);
      const { model, scoringDigest } = ground;
      const reference = unpackReference(ground.reference);
      const kept: DriftSnapshot = { version: 1, model, scoringDigest, reference, epoch, standing };
      texts[keyOf(point)] = JSON.stringify(kept);
    }
    return texts;
  };
  const isSaved = ({ days, standing, saved }: WatchedDrift): boolean =>
    saved !== null && saved.ground === days.ground && saved.standing === standing;
  // Both texts together are more than all else that is kept of a point.
  const describeAll = (): Readonly<Record<string, string | null>> => describe(opened);
  const save = (entries: readonly WatchedDrift[]): void => {
    if (isHeld) return;
    // A reference is hundreds of kilobytes of text, and most change once a day.
    const changed = entries.filter((entry) => !isSaved(entry));
    const texts = describe(changed);
    for (const entry of entries)
      if (isSaved(entry)) texts[dayKeyOf(entry.days.point)] = describeDay(entry.days);
    if (Object.keys(texts).length === 0) return;
    state.setDescribed(texts, describeAll);
    for (const entry of changed) entry.saved = { ground: entry.days.ground, standing: entry.standing };
  };
  return {
    open: (point) => {
      const onLost = (): void =>
        onEvent(point, "drift.lost", "what was kept of its days cannot be read; they are learnt anew");
      const epoch = epochOf(point);
      const read = readKept(state, { key: keyOf(point), schema: driftSnapshotSchema(), logger, onLost });
      const kept = read === undefined || isOfNow(point, read, epoch) ? read : undefined;
      // Told once.
      if (kept !== read) {
        if (read?.standing.raised) onEvent(point, "drift.ended", "what is usual is learnt anew");
        state.setAll({ [keyOf(point)]: null, [dayKeyOf(point)]: null });
      }
      const heard =
        kept === undefined
          ? undefined
          : readKept(state, { key: dayKeyOf(point), schema: driftDaySnapshotSchema(), logger, onLost });
      const isOfKept = heard?.modelDigest === kept?.model.digest && heard?.day.periodMs === rules.periodMs;
      const days = createDriftPoint(point, rules, {
        ground: kept ?? null,
        day: isOfKept ? heard!.day : null,
      });
      state.release([keyOf(point), dayKeyOf(point)], describeAll);
      const standing = kept?.standing ?? nothingSaid;
      const entry: WatchedDrift = {
        days,
        epoch,
        standing,
        waiting: null,
        waitingMonotonicMs: Number.NaN,
        savedSlot: Number.NaN,
        saved: kept === undefined ? null : { ground: days.ground, standing },
      };
      opened.push(entry);
      return entry;
    },
    save,
    saveDay: (entry) => {
      const { point, day, ended } = entry.days;
      // Until what a day came to is told, the disk keeps that day.
      if (isHeld || day === null || ended !== null || entry.waiting !== null) return;
      const slot = (day.fromMs / rules.periodMs) * savesPerDay + day.lastSlot;
      if (slot === entry.savedSlot) return;
      entry.savedSlot = slot;
      state.setDescribed({ [dayKeyOf(point)]: describeDay(entry.days) }, describeAll);
    },
    saveAllAfter: (work) => {
      isHeld = true;
      try {
        work();
      } finally {
        isHeld = false;
      }
      save(opened);
    },
  };
}
