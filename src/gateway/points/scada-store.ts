/** Keeps what the SCADA watch has learnt over restarts: one entry a turbine, one a farm, both of an update in one write. */
import type { z } from "zod";
import type { Logger } from "../../core/platform/logger.ts";
import type { ScadaKept } from "../../core/serving/scada-farm.ts";
import {
  type ScadaFarmSnapshot,
  type ScadaTurbineSnapshot,
  scadaFarmSnapshotSchema,
  scadaTurbineSnapshotSchema,
} from "../../core/serving/scada-snapshot.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";

/** The kept states. */
export interface ScadaStore {
  /** What was kept of a bundle's farm; what cannot be read is learnt anew. */
  read(bundle: string): ScadaKept;
  /** `farm` null: as it was. */
  write(
    bundle: string,
    farm: ScadaFarmSnapshot | null,
    turbines: ReadonlyMap<string, ScadaTurbineSnapshot>,
  ): void;
}

/** Creates the store; `onLost` is told of what cannot be read. */
export function createScadaStore(
  state: StateStore,
  logger: Logger,
  onLost: (what: string) => void,
): ScadaStore {
  const read = <T>(key: string, schema: z.ZodType<T>): T | undefined =>
    readKept(state, key, schema, (error) => {
      logger.error("what was learnt of SCADA values cannot be read; it is learnt anew", { key, error });
      onLost(key);
    });
  return {
    read: (bundle) => ({
      farm: read(`scada-farm/${bundle}`, scadaFarmSnapshotSchema),
      turbine: (id) => read(`scada-turbine/${id}`, scadaTurbineSnapshotSchema),
    }),
    write: (bundle, farm, turbines) => {
      state.setAll({
        ...(farm === null ? {} : { [`scada-farm/${bundle}`]: JSON.stringify(farm) }),
        ...Object.fromEntries(
          [...turbines].map(([id, snapshot]) => [`scada-turbine/${id}`, JSON.stringify(snapshot)]),
        ),
      });
    },
  };
}
