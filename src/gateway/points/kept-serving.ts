/**
 * Keeps alarms and deciders for the next run, one text a component with both (`snapshots.ts`). With an event, or a step that is told
 * nobody, it is that of the component concerned; what only gathers is written a quarter of an hour later, of a few components together.
 * Decides nothing.
 */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { type AlarmRegister, hasStepped } from "../../core/decision/alarms/alarm-register.ts";
import type { DeciderSnapshot } from "../../core/decision/decider-snapshot.ts";
import { idleSlow } from "../../core/decision/slow-lane.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { rest } from "../../core/platform/rest.ts";
import { type KeptPlace, nameComponent } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import { describeKept, keyServing, nameRecord, type Snapshots } from "./snapshots.ts";

interface KeptServingOptions {
  readonly config: Pick<GatewayConfig, "turbines">;
  readonly kept: Snapshots;
  readonly state: StateStore;
  readonly register: Pick<AlarmRegister, "snapshot" | "silentChanges">;
  /** Of a measuring point by its name, as it is now; undefined: there is none of that name. */
  readonly deciderOf: (name: string) => DeciderSnapshot | undefined;
  readonly clock: Pick<Clock, "monotonicMs">;
}

interface KeptServing {
  /** Of a component as it is now, to be written together with what must not be without it. */
  describe(component: KeptPlace): Readonly<Record<string, string | null>>;
  /** Something has been decided: it is written down a quarter of an hour later. */
  note(component: KeptPlace): void;
  /** Writes a component down at once. */
  keep(component: KeptPlace): void;
  /** Writes down at once where alarms stand otherwise than was written. */
  keepSteps(): void;
  /** Writes down what is due, of a few components; call it about once a second. */
  tick(): void;
  /** Writes down all that has been decided since; others have their turn in between. */
  close(): Promise<void>;
}

/** A gateway whose power goes forgets this much of what its deciders have gathered, and what came until their turn. */
const keepGatheredMs = 15 * minuteMs;
/** Describing and writing so many takes 3 to 24 ms, most of it the disk's, and 3,000 have their turn within a minute and a half. */
const componentsPerWrite = 32;
/** Points that were taken out of the configuration, or are called otherwise by mistake, which a later run may have again. */
const mostAbsent = 64;

/** Creates it; what is no longer configured or could not be read is due at once. */
export function createKeptServing(options: KeptServingOptions): KeptServing {
  const { config, kept, state, register, clock } = options;
  const configured = new Set(
    config.turbines.flatMap(({ id, points }) =>
      points.map(({ component }) => nameComponent({ turbine: id, component })),
    ),
  );
  const missedRunsOf = (name: string): number => (kept.missedRuns.get(name) ?? 0) + 1;
  const absent = new Map(
    [...kept.deciders]
      .filter(([name]) => !configured.has(name))
      .sort(([one], [other]) => missedRunsOf(one) - missedRunsOf(other))
      .slice(0, mostAbsent)
      .map(([name, snapshot]) => [name, letGo(snapshot)] as const),
  );
  /** What is not written down, and since when it may be (monotonic). */
  const dueMs = new Map<string, number>(
    [...kept.names.filter((name) => !configured.has(name)), ...(kept.lost ?? [])].map((name) => [
      name,
      Number.NEGATIVE_INFINITY,
    ]),
  );
  /** Alarms as they are written down. */
  const written = new Map(kept.alarms.records.map((record) => [nameRecord(record), record]));
  /** Texts of the last run: some 8 kB each, which leave memory once there are deciders that say them again. */
  const taken = kept.names.map(keyServing);
  let writtenChanges = register.silentChanges;

  const describe = (names: Iterable<string>): Readonly<Record<string, string | null>> => {
    const wanted = new Set(names);
    const records = register.snapshot().records.filter(({ point }) => wanted.has(nameComponent(point)));
    for (const record of records) written.set(nameRecord(record), record);
    const alarms = groupBy(records, ({ point }) => nameComponent(point));
    for (const name of wanted) dueMs.delete(name);
    return describeKept(
      [...wanted].map((name) => {
        const decider = options.deciderOf(name) ?? absent.get(name);
        const missedRuns = absent.has(name) ? missedRunsOf(name) : undefined;
        return [name, { decider, alarms: alarms.get(name) ?? [], missedRuns }];
      }),
    );
  };
  const describeAll = (): Readonly<Record<string, string | null>> =>
    describe([
      ...configured,
      ...absent.keys(),
      ...register.snapshot().records.map(({ point }) => nameComponent(point)),
    ]);
  const write = (names: readonly string[]): void => void state.setDescribed(describe(names), describeAll);
  const takeDue = (nowMs: number): readonly string[] => {
    const due: string[] = [];
    for (const [name, atMs] of dueMs) {
      if (due.length === componentsPerWrite) break;
      if (atMs <= nowMs) due.push(name);
    }
    return due;
  };
  const keepSteps = (): void => {
    writtenChanges = register.silentChanges;
    const changed = register
      .snapshot()
      .records.filter((record) => hasStepped(record, written.get(nameRecord(record))));
    write(changed.map(({ point }) => nameComponent(point)));
  };
  return {
    describe: (component) => describe([nameComponent(component)]),
    note: (component) => {
      const name = nameComponent(component);
      if (!dueMs.has(name)) dueMs.set(name, clock.monotonicMs() + keepGatheredMs);
    },
    keep: (component) => write([nameComponent(component)]),
    keepSteps,
    tick: () => {
      state.release(taken.splice(0), describeAll);
      // What happens beneath a shelf is told nobody, and must outlive a restart all the same.
      if (register.silentChanges !== writtenChanges) keepSteps();
      const due = takeDue(clock.monotonicMs());
      if (due.length > 0) write(due);
    },
    close: async () => {
      do {
        write(takeDue(Number.POSITIVE_INFINITY));
        await rest();
      } while (dueMs.size > 0);
    },
  };
}

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
