/** What must survive a restart: the alarms (acknowledged, shelved, told) and the deciders' streaks. */

import { z } from "zod";
import { type AlarmRegisterSnapshot, alarmRegisterSnapshotSchema } from "../alert/alarm-record.ts";
import type { AlarmRegister } from "../alert/alarm-register.ts";
import { type DeciderSnapshot, deciderSnapshotSchema } from "../decision/decider-snapshot.ts";
import type { Logger } from "../platform/logger.ts";
import type { StateStore } from "../store/state-store.ts";
import type { Pipeline } from "./pipeline.ts";

/** The last run's snapshots, and the way to keep this run's. */
export interface Snapshots {
  /** Undefined at the first start, or when what was kept cannot be read. */
  readonly alarms: AlarmRegisterSnapshot | undefined;
  /** By `<turbine>/<component>`. */
  readonly deciders: ReadonlyMap<string, DeciderSnapshot>;
  save(register: AlarmRegister, pipeline: Pipeline): void;
}

const keys = { alarms: "alarms", deciders: "deciders" } as const;
const decidersSchema: z.ZodType<Record<string, DeciderSnapshot>> = z.record(
  z.string(),
  deciderSnapshotSchema,
);

/** Reads what the last run kept. */
export function createSnapshots(state: StateStore, logger: Logger): Snapshots {
  const alarms = read(state, keys.alarms, alarmRegisterSnapshotSchema, logger);
  const deciders = read(state, keys.deciders, decidersSchema, logger) ?? {};
  return {
    alarms,
    deciders: new Map(Object.entries(deciders)),
    save: (register, pipeline) => {
      state.set(keys.alarms, JSON.stringify(register.snapshot()));
      state.set(keys.deciders, JSON.stringify(pipeline.snapshot()));
    },
  };
}

function read<T>(state: StateStore, key: string, schema: z.ZodType<T>, logger: Logger): T | undefined {
  const text = state.get(key);
  if (text === null) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    logger.error("what the last run kept cannot be read, starting without it", { key, error });
    return undefined;
  }
}
