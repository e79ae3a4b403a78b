/** What must survive a restart: the alarms (acknowledged, shelved, told) and the deciders' streaks. */

import { z } from "zod";
import { onDemand } from "../../core/contract/on-demand.ts";
import {
  type AlarmRegister,
  type AlarmRegisterSnapshot,
  alarmRegisterSnapshotSchema,
} from "../../core/decision/alarms/alarm-register.ts";
import { type DeciderSnapshot, deciderSnapshotSchema } from "../../core/decision/decider-snapshot.ts";
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

/** Reads what the last run kept. */
export function readSnapshots(state: StateStore, logger: Logger): Snapshots {
  const kept = readKept(state, { key, schema: servingSchema(), logger });
  return {
    alarms: kept?.alarms,
    deciders: new Map(Object.entries(kept?.deciders ?? {})),
    describe: (register, pipeline) => {
      const snapshot: ServingSnapshot = { alarms: register.snapshot(), deciders: pipeline.snapshot() };
      return { [key]: JSON.stringify(snapshot) };
    },
  };
}
