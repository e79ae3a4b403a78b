/** What the watch for drift keeps of points over a restart, one entry a point; texts are on the disk alone. */
import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { readKept } from "../record/read-kept.ts";
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
export interface WatchedDrift extends DriftPoint {
  readonly epoch: number;
  standing: DriftStanding;
  /** A verdict that waits to be read together with others, and since when. */
  waiting: DriftVerdict | null;
  waitingMonotonicMs: number;
  savedSlot: number;
}

export interface DriftMemoryOptions {
  readonly rules: DriftRules;
  /** Counts what makes another machine of a point; 0 or more. */
  readonly epochOf: (point: PointId) => number;
  readonly state: StateStore;
  readonly logger: Logger;
  /** What became of the days that were kept. */
  readonly onEvent: (point: PointId, name: "drift.lost" | "baseline-renewed", detail: string) => void;
}

/** What is kept of points, and how. */
export interface DriftMemory {
  /** The watch of a point as the last run left it. */
  open(point: PointId): WatchedDrift;
  /** In one write. */
  save(entries: readonly WatchedDrift[]): void;
  /** Once an hour of the day. */
  saveDay(entry: WatchedDrift): void;
}

/** Opens it with nothing read. */
export function createDriftMemory({
  rules,
  state,
  logger,
  epochOf,
  onEvent,
}: DriftMemoryOptions): DriftMemory {
  const keyOf = ({ turbine, component }: PointId): string => `drift/${turbine}/${component}`;
  const dayKeyOf = ({ turbine, component }: PointId): string => `drift-day/${turbine}/${component}`;
  const describeDay = ({ ground, day }: WatchedDrift): string | null => {
    if (ground === null || day === null) return null;
    const modelDigest = ground.model.digest;
    return JSON.stringify({ version: 1, modelDigest, day: unpackDay(day) } satisfies DriftDaySnapshot);
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
  const describe = (entries: readonly WatchedDrift[]): Readonly<Record<string, string | null>> => {
    const texts: Record<string, string | null> = {};
    for (const entry of entries) {
      const { point, ground, epoch, standing } = entry;
      if (ground === null) continue;
      const { model } = ground;
      const reference = unpackReference(ground.reference);
      const kept: DriftSnapshot = { version: 1, model, reference, epoch, standing };
      texts[keyOf(point)] = JSON.stringify(kept);
      texts[dayKeyOf(point)] = describeDay(entry);
    }
    return texts;
  };
  // Both texts together are more than all else that is kept of a point.
  const describeAll = (): Readonly<Record<string, string | null>> => describe(opened);
  return {
    open: (point) => {
      const onLost = (): void =>
        onEvent(point, "drift.lost", "what was kept of its days cannot be read; they are learnt anew");
      const epoch = epochOf(point);
      const read = readKept(state, { key: keyOf(point), schema: driftSnapshotSchema, logger, onLost });
      const kept = read === undefined || isOfNow(point, read, epoch) ? read : undefined;
      // Told once.
      if (kept !== read) state.setAll({ [keyOf(point)]: null, [dayKeyOf(point)]: null });
      const heard =
        kept === undefined
          ? undefined
          : readKept(state, { key: dayKeyOf(point), schema: driftDaySnapshotSchema, logger, onLost });
      const isOfKept = heard?.modelDigest === kept?.model.digest && heard?.day.periodMs === rules.periodMs;
      const watch = createDriftPoint(point, rules, {
        ground: kept ?? null,
        day: isOfKept ? heard!.day : null,
      });
      state.release([keyOf(point), dayKeyOf(point)], describeAll);
      const entry: WatchedDrift = {
        point,
        take: watch.take,
        advance: watch.advance,
        renew: watch.renew,
        get ground() {
          return watch.ground;
        },
        get day() {
          return watch.day;
        },
        epoch,
        standing: kept?.standing ?? nothingSaid,
        waiting: null,
        waitingMonotonicMs: Number.NaN,
        savedSlot: Number.NaN,
      };
      opened.push(entry);
      return entry;
    },
    save: (entries) => {
      const texts = describe(entries);
      if (Object.keys(texts).length > 0) state.setDescribed(texts, describeAll);
    },
    saveDay: (entry) => {
      const { point, day, waiting } = entry;
      // While a verdict waits, the disk keeps the day that it was made of.
      if (day === null || waiting !== null) return;
      const slot = (day.fromMs / rules.periodMs) * savesPerDay + day.lastSlot;
      if (slot === entry.savedSlot) return;
      entry.savedSlot = slot;
      state.setDescribed({ [dayKeyOf(point)]: describeDay(entry) }, describeAll);
    },
  };
}
