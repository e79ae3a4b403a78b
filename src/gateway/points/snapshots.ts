/** What must survive a restart: the alarms (acknowledged, shelved, told) and the deciders' evidence. */

import { z } from "zod";
import { scadaModes } from "../../core/contract/bundle/normal-behaviour.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import { isConditionActive } from "../../core/decision/alarms/alarm-lifecycle.ts";
import type { AlarmRecord } from "../../core/decision/alarms/alarm-record.ts";
import {
  type AlarmRegister,
  type AlarmRegisterSnapshot,
  alarmRegisterSnapshotSchema,
} from "../../core/decision/alarms/alarm-register.ts";
import { nameAlarm } from "../../core/decision/alarms/alert-event.ts";
import {
  type DeciderSnapshot,
  deciderSnapshotSchema,
  holdOfUnknown,
} from "../../core/decision/decider-snapshot.ts";
import { idleSlow } from "../../core/decision/slow-lane.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import type { Pipeline } from "./pipeline.ts";

/** The last run's snapshots, and the way to keep this run's. */
export interface Snapshots {
  /** Undefined at the first start, or when what was kept cannot be read. */
  readonly alarms: AlarmRegisterSnapshot | undefined;
  /** By `<turbine>/<component>`. */
  readonly deciders: ReadonlyMap<string, DeciderSnapshot>;
  /** This run's, to be written to the state store together with whatever must not be without them. */
  describe(register: AlarmRegister, pipeline: Pipeline): Readonly<Record<string, string>>;
}

const key = "serving";

/** Points that were taken out of the configuration, or are called otherwise by mistake, which a later run may have again. */
const mostAbsent = 64;

/**
 * Of such a point how the machine lay stays: one that was found healthy must not be believed to be so still, wherever it lies by
 * then. Its alarms ended, and what had gathered is of the past.
 */
function letGo(snapshot: DeciderSnapshot): DeciderSnapshot {
  const signals = snapshot.signals.map(({ failureMode, fast }) => {
    const usual = fast.vouched ?? fast.level;
    return {
      failureMode,
      fast: { ...fast, sum: 0, sinceMs: null, recent: usual, waiting: [] },
      slow: idleSlow,
      held: null,
    };
  });
  return { ...snapshot, signals };
}

/** Both in one text: a decider that forgot an alarm which the register remembers would clear it. */
interface ServingSnapshot {
  readonly alarms: AlarmRegisterSnapshot;
  readonly deciders: Readonly<Record<string, DeciderSnapshot>>;
}
const servingSchema: () => z.ZodType<ServingSnapshot> = onDemand(() =>
  z.strictObject({
    alarms: alarmRegisterSnapshotSchema,
    deciders: z.record(z.string(), deciderSnapshotSchema),
  }),
);

/** A decider has no more signals; names of modes that no model knows come from outside. */
const mostHeld = 32;

/**
 * Those of these alarms that the last run did not keep, each once, as it was said last. One that is kept and not over is known,
 * unless its condition is said to hold and is kept as returned.
 */
export function findForgotten(
  recalled: readonly AlarmRecord[],
  { alarms }: Pick<Snapshots, "alarms">,
): readonly AlarmRecord[] {
  const known = new Map(alarms?.records.map((record) => [nameOf(record), record.alarm]));
  const isForgotten = (record: AlarmRecord): boolean => {
    const alarm = known.get(nameOf(record));
    if (alarm === undefined || alarm.state === "normal") return true;
    return isConditionActive(record.alarm) && !isConditionActive(alarm);
  };
  return [...new Map(recalled.map((record) => [nameOf(record), record])).values()].filter(isForgotten);
}

/**
 * What the next run finds if these forgotten alarms are put beside those that the last one kept. A point's decider holds its own: what they rose from is not known, so that they stand until their signals are where those of healthy machines lie.
 */
export function describeRecalled(
  forgotten: readonly AlarmRecord[],
  kept: Pick<Snapshots, "alarms" | "deciders">,
): Readonly<Record<string, string>> {
  const records = new Map(kept.alarms?.records.map((record) => [nameOf(record), record]));
  for (const record of forgotten) records.set(nameOf(record), record);
  const held = forgotten.filter(
    ({ alarm, failureMode }) => isConditionActive(alarm) && !isOfScada(failureMode),
  );
  const deciders = Object.fromEntries(kept.deciders);
  for (const [name, own] of groupBy(held, ({ point }) => `${point.turbine}/${point.component}`)) {
    const holding = own
      .slice(0, mostHeld)
      .map(({ failureMode, sinceMs }) => holdOfUnknown(failureMode, sinceMs));
    const before = deciders[name] ?? unheard;
    const others = before.signals.filter((signal) =>
      own.every(({ failureMode }) => failureMode !== signal.failureMode),
    );
    deciders[name] = { ...before, signals: [...others, ...holding].slice(0, mostHeld) };
  }
  const snapshot: ServingSnapshot = { alarms: { records: [...records.values()] }, deciders };
  return { [key]: JSON.stringify(snapshot) };
}

/** Of a point whose decider kept nothing. */
const unheard: DeciderSnapshot = {
  signals: [],
  lastWindowId: null,
  baselineVersion: 0,
  modelDigest: "unknown",
};

const nameOf = ({ point, failureMode }: AlarmRecord): string => nameAlarm(point, failureMode);

/** Is it raised by SCADA values, and not by a measuring point's decider? */
export function isOfScada(failureMode: string): boolean {
  return scadaModes.some((mode) => mode === failureMode);
}

/** Reads what the last run kept. */
export function readSnapshots(state: StateStore, logger: Logger): Snapshots {
  const kept = readKept(state, { key, schema: servingSchema(), logger });
  const before = Object.entries(kept?.deciders ?? {});
  /** Of points that this run does not have; null: not asked yet. */
  let absent: readonly (readonly [string, DeciderSnapshot])[] | null = null;
  return {
    alarms: kept?.alarms,
    deciders: new Map(before),
    describe: (register, pipeline) => {
      const own = pipeline.snapshot();
      absent ??= before
        .filter(([name]) => !Object.hasOwn(own, name))
        .slice(-mostAbsent)
        .map(([name, snapshot]) => [name, letGo(snapshot)] as const);
      const deciders = { ...Object.fromEntries(absent), ...own };
      const snapshot: ServingSnapshot = { alarms: register.snapshot(), deciders };
      return { [key]: JSON.stringify(snapshot) };
    },
  };
}
