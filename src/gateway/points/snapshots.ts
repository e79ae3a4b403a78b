/**
 * The form in which alarms (acknowledged, shelved, told) and the deciders' evidence are kept for the next run, one text a component with
 * both: a decider that forgot an alarm which the register remembers would clear it. Reads what the last run kept, and says what stands in
 * its place once forgotten alarms are beside it; when a text is written `kept-serving.ts` and `recall-alarms.ts` say.
 */
import { z } from "zod";
import { maxFailureModes } from "../../core/contract/alert.ts";
import { scadaModes } from "../../core/contract/bundle/normal-behaviour.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import { isConditionActive } from "../../core/decision/alarms/alarm-lifecycle.ts";
import { type AlarmRecord, alarmRecordSchema } from "../../core/decision/alarms/alarm-record.ts";
import {
  type AlarmRegisterSnapshot,
  alarmRegisterSnapshotSchema,
} from "../../core/decision/alarms/alarm-register.ts";
import { nameAlarm } from "../../core/decision/alarms/alert-event.ts";
import { renumberUpdates } from "../../core/decision/alarms/alert-policy.ts";
import {
  type DeciderSnapshot,
  deciderSnapshotSchema,
  holdOfUnknown,
} from "../../core/decision/decider-snapshot.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { nameComponent, readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";

/** The last run's. */
export interface Snapshots {
  readonly alarms: AlarmRegisterSnapshot;
  /** By `<turbine>/<component>`. */
  readonly deciders: ReadonlyMap<string, DeciderSnapshot>;
  /** For how many runs nothing of that name was configured, where it is kept all the same. */
  readonly missedRuns: ReadonlyMap<string, number>;
  /** Every name that something is kept of, readable or not. */
  readonly names: readonly string[];
  /** Names whose texts cannot be read, so that alarms of theirs may be missing; null: nothing was kept, and any may be. */
  readonly lost: readonly string[] | null;
}

/** Where versions of before kept all in one text; now it says that there are texts of components, and that they are of the last run. */
const markKey = "serving";
const mark = { version: 2 } as const;
const prefix = "serving/";

interface FormerSnapshot {
  readonly alarms: AlarmRegisterSnapshot;
  readonly deciders: Readonly<Record<string, DeciderSnapshot>>;
}
const markSchema: () => z.ZodType<typeof mark | FormerSnapshot> = onDemand(() =>
  z.union([
    z.strictObject({ version: z.literal(2) }),
    z.strictObject({
      alarms: alarmRegisterSnapshotSchema,
      deciders: z.record(z.string(), deciderSnapshotSchema),
    }),
  ]),
);

/** What is kept of a component. */
interface ServingSnapshot {
  /** Absent: no measuring point, or it has heard nothing. */
  readonly decider?: DeciderSnapshot | undefined;
  /** Of its own failure modes, and of SCADA values. */
  readonly alarms: readonly AlarmRecord[];
  readonly missedRuns?: number | undefined;
}
const servingSchema: () => z.ZodType<ServingSnapshot> = onDemand(() =>
  z.strictObject({
    decider: deciderSnapshotSchema.optional(),
    alarms: z.array(alarmRecordSchema),
    missedRuns: z.int().min(0).optional(),
  }),
);

/** Where the text of a component is kept, by its name. */
export function keyServing(name: string): string {
  return `${prefix}${name}`;
}

/** What to write of components, by key; null where there is nothing to keep. In one write. */
export function describeKept(
  components: Iterable<readonly [name: string, ServingSnapshot]>,
): Record<string, string | null> {
  const entries: Record<string, string | null> = { [markKey]: JSON.stringify(mark) };
  for (const [name, snapshot] of components) {
    const isNothing = snapshot.decider === undefined && snapshot.alarms.length === 0;
    entries[keyServing(name)] = isNothing ? null : JSON.stringify(snapshot);
  }
  return entries;
}

/** Puts alarms beside their deciders. */
function joinServing(
  deciders: ReadonlyMap<string, DeciderSnapshot>,
  alarms: readonly AlarmRecord[],
): readonly (readonly [string, ServingSnapshot])[] {
  const groups = groupBy(alarms, ({ point }) => nameComponent(point));
  return [...new Set([...deciders.keys(), ...groups.keys()])].map(
    (name) => [name, { decider: deciders.get(name), alarms: groups.get(name) ?? [] }] as const,
  );
}

/** A decider has no more signals; names of modes that no model knows come from outside. */
const mostHeld = maxFailureModes;

/**
 * Those of these alarms that were not kept, each once, as it was said last. Of an occurrence that was kept, or that began before the one
 * that was, a state knows no more, whenever it was said: it is older, or what was kept was not told any more. Of a later one it does,
 * unless an alarm stands or waits all the same. As many names of a component are believed as it may have.
 */
export function findForgotten(
  recalled: readonly AlarmRecord[],
  { alarms }: Pick<Snapshots, "alarms">,
): readonly AlarmRecord[] {
  const kept = new Map(alarms.records.map((record) => [nameRecord(record), record]));
  const names = new Map<string, number>();
  const isRoom = ({ point }: AlarmRecord): boolean => {
    const name = nameComponent(point);
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    return count <= mostHeld;
  };
  for (const record of alarms.records) isRoom(record);
  const isForgotten = (record: AlarmRecord): boolean => {
    const known = kept.get(nameRecord(record));
    if (known === undefined) return isRoom(record);
    if (!isLater(record, known)) return false;
    return (
      known.alarm.state === "normal" || (isConditionActive(record.alarm) && !isConditionActive(known.alarm))
    );
  };
  return [...new Map(recalled.map((record) => [nameRecord(record), record])).values()].filter(isForgotten);
}

/** Is an occurrence another one than this, and a later one? A state says its beginning in whole milliseconds. */
function isLater({ sinceMs }: AlarmRecord, known: AlarmRecord): boolean {
  return known.sinceMs === null || (sinceMs !== null && sinceMs > known.sinceMs);
}

/**
 * What the next run finds if these forgotten alarms are put beside those that the last one kept. A point's decider holds its own: what they rose from is not known, so that they stand until their signals are where those of healthy machines lie.
 */
export function describeRecalled(
  forgotten: readonly AlarmRecord[],
  kept: Pick<Snapshots, "alarms" | "deciders" | "missedRuns">,
): Readonly<Record<string, string | null>> {
  const changed = new Set(forgotten.map(({ point }) => nameComponent(point)));
  const records = new Map(kept.alarms.records.map((record) => [nameRecord(record), record]));
  for (const record of forgotten) records.set(nameRecord(record), record);
  const held = forgotten.filter(
    ({ alarm, failureMode }) => isConditionActive(alarm) && !isOfScada(failureMode),
  );
  const deciders = new Map(kept.deciders);
  for (const [name, own] of groupBy(held, ({ point }) => nameComponent(point))) {
    const holding = own
      .slice(0, mostHeld)
      .map(({ failureMode, sinceMs }) => holdOfUnknown(failureMode, sinceMs));
    const before = deciders.get(name) ?? unheard;
    const others = before.signals.filter((signal) =>
      own.every(({ failureMode }) => failureMode !== signal.failureMode),
    );
    deciders.set(name, { ...before, signals: [...others, ...holding].slice(0, mostHeld) });
  }
  const joined = joinServing(deciders, [...records.values()]).filter(([name]) => changed.has(name));
  return describeKept(
    joined.map(([name, serving]) => [name, { ...serving, missedRuns: kept.missedRuns.get(name) }]),
  );
}

/** Of a point whose decider kept nothing. */
const unheard: DeciderSnapshot = {
  signals: [],
  lastWindowId: null,
  baselineVersion: 0,
  modelDigest: "unknown",
};

/** What was kept may be older than what was told last: a disk that was full took nothing more before the power went. */
export function renumberAlarms(kept: Snapshots, nowMs: number): Snapshots {
  const records = kept.alarms.records.map((record) => ({
    ...record,
    updates: renumberUpdates(record.updates, nowMs),
  }));
  return { ...kept, alarms: { records } };
}

/** What an alarm is told from others by. */
export function nameRecord({ point, failureMode }: AlarmRecord): string {
  return nameAlarm(point, failureMode);
}

/** Is it raised by SCADA values, and not by a measuring point's decider? */
export function isOfScada(failureMode: string): boolean {
  return scadaModes.some((mode) => mode === failureMode);
}

/** Reads what the last run kept. The one text of a version of before is replaced at once, in one write. */
export function readSnapshots(state: StateStore, logger: Logger): Snapshots {
  const kept = readKept(state, { key: markKey, schema: markSchema(), logger });
  const isMarked = kept !== undefined && "version" in kept;
  if (!isMarked) {
    // Without the mark they are older than what a version of before has kept since.
    const stale: Record<string, string | null> = {};
    for (const key of state.keys(prefix)) stale[key] = null;
    const former =
      kept === undefined
        ? {}
        : describeKept(joinServing(new Map(Object.entries(kept.deciders)), kept.alarms.records));
    const entries = { ...stale, ...former };
    if (Object.keys(entries).length > 0) state.setAll(entries);
  }
  const lost: string[] = [];
  const names = state.keys(prefix).map((key) => key.slice(prefix.length));
  const records: AlarmRecord[] = [];
  const deciders = new Map<string, DeciderSnapshot>();
  const missedRuns = new Map<string, number>();
  for (const name of names) {
    const onLost = (): void => void lost.push(name);
    const own = readKept(state, { key: keyServing(name), schema: servingSchema(), logger, onLost });
    if (own === undefined) continue;
    records.push(...own.alarms);
    if (own.decider !== undefined) deciders.set(name, own.decider);
    if (own.missedRuns !== undefined) missedRuns.set(name, own.missedRuns);
  }
  return { alarms: { records }, deciders, missedRuns, names, lost: kept === undefined ? null : lost };
}
