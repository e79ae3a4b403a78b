/**
 * Watches the turbines whose SCADA values a normal-behaviour bundle scores: data contract → farms → alarms. Keeps what was
 * learnt over restarts, in one entry a turbine and one a farm. A model that scores otherwise learns anew.
 */

import type { z } from "zod";
import type { AlertEvent } from "../../core/contract/alert.ts";
import type { ChannelContract } from "../../core/contract/bundle/manifest.ts";
import { scadaModes } from "../../core/contract/bundle/normal-behaviour.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { Decision, Explanation } from "../../core/contract/prediction.ts";
import type { Quarantine, Reading, SchemaDrift } from "../../core/contract/stream.ts";
import { isConditionActive } from "../../core/decision/alarms/alarm-lifecycle.ts";
import type { AlarmRecord } from "../../core/decision/alarms/alarm-record.ts";
import type { AlarmRegister } from "../../core/decision/alarms/alarm-register.ts";
import type { PlannedInspection } from "../../core/decision/normal-behaviour/inspection-planner.ts";
import { givesSameScores } from "../../core/decision/scoring-model.ts";
import { createScalarIngest } from "../../core/ingest/scalar-ingest.ts";
import { dayMs, hourMs } from "../../core/maths/durations.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { describeScorer } from "../../core/serving/digest-scoring.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import { createScadaFarm, type ScadaFarm } from "../../core/serving/scada/scada-farm.ts";
import {
  type ScadaFarmSnapshot,
  type ScadaTurbineSnapshot,
  scadaFarmSnapshotSchema,
  scadaTurbineSnapshotSchema,
} from "../../core/serving/scada/scada-snapshot.ts";
import type { ScoredRow } from "../../core/serving/scada/scada-turbine.ts";
import type { DataQuality } from "../record/data-quality.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";

/** What comes out, in its order. */
export interface ScadaWatchSink {
  onDecision(decision: Decision): void;
  onAlert(event: AlertEvent): void;
  onQuarantine(quarantine: Quarantine): void;
  onSchemaDrift(drift: SchemaDrift): void;
  /** `subject` is a turbine, or the name of what the last run kept and cannot be read (`scada-lost`). */
  onEvent(subject: string, name: string, detail: string): void;
  /** A row was scored: for drift. */
  onRow(turbine: string, scored: ScoredRow): void;
}

interface ScadaWatchOptions {
  readonly config: GatewayConfig;
  readonly bundleOf: (name: string) => LoadedBundle;
  readonly register: AlarmRegister;
  readonly quality: DataQuality;
  readonly state: StateStore;
  readonly logger: Logger;
  readonly sink: ScadaWatchSink;
}

export interface ScadaWatch {
  /** Takes a reading of a turbine; false when no bundle of that turbine knows its channel. */
  accept(reading: Reading): boolean;
  /** Another bundle serves. */
  use(bundle: LoadedBundle): void;
  /** Ends rows and days that are over; call it about once a second. */
  tick(nowMs: number): void;
  idle(): Promise<void>;
  /** Writes down how far everything is. */
  close(): Promise<void>;
}

/** Creates the watch over every turbine with a `scadaBundle`; none: it takes nothing. */
export function createScadaWatch(options: ScadaWatchOptions): ScadaWatch {
  const { config, register, quality, logger, sink } = options;
  const turbines = listWatchedTurbines(config);
  const bundleOfTurbine = new Map(turbines.map(({ id, bundle }) => [id, bundle]));
  const farms = new Map<string, ScadaFarm>();
  /** Hour of the data in which a turbine's state was last written down. */
  const savedHours = new Map<string, number>();

  const memory = createFarmMemory(options, farms);
  const setAside = (turbine: string, quarantine: Quarantine, windows: 0 | 1): void => {
    quality.quarantined(turbine, quarantine.reason, windows);
    sink.onQuarantine(quarantine);
  };
  const decide = (
    decision: Decision,
    explanations: readonly (Explanation | null)[],
    horizonHours: number | null,
  ): void => {
    sink.onDecision(decision);
    for (const due of register.update(decision)) {
      // A sensor that lies does so now; only a component's failure is spoken of ahead.
      const context = {
        explanation: explanations[due.output] ?? null,
        horizonHours: due.output === 0 ? horizonHours : null,
      };
      const event = register.announce(due, context);
      if (event !== null) sink.onAlert(event);
    }
  };

  const createFarm = (bundle: LoadedBundle): ScadaFarm => {
    const { name } = bundle.ref;
    return createScadaFarm({
      site: config.gateway.site,
      bundle,
      turbines: turbines.filter((turbine) => turbine.bundle === name),
      kept: {
        farm: memory.farm(bundle),
        turbine: memory.turbine,
      },
      sink: {
        onDecision: (decision, explanations) =>
          decide(decision, explanations, options.bundleOf(name).manifest.horizonHours),
        onRow: (turbine, scored) => {
          if (scored.state === "frozen") quality.quarantined(turbine, "stuck", 1);
          else quality.processed(turbine);
          sink.onRow(turbine, scored);
          const hour = Math.floor(scored.row.toMs / hourMs);
          if (savedHours.get(turbine) === hour) return;
          savedHours.set(turbine, hour);
          memory.saveTurbine(name, turbine);
        },
        onQuarantine: setAside,
        onDropped: (turbine, error) => {
          quality.dropped(turbine);
          logger.error("a row could not be decided", { turbine, error });
        },
        onEvent: (turbine, event, detail) => sink.onEvent(turbine, event, detail),
        onInspection: (inspection) =>
          sink.onEvent(inspection.turbine, "inspection-asked", describeInspection(inspection)),
        onDay: (turbine) => memory.saveFarm(name, [turbine]),
      },
    });
  };
  for (const name of new Set(bundleOfTurbine.values())) farms.set(name, createFarm(options.bundleOf(name)));

  const contractOf = (turbine: string, channel: string): ChannelContract | undefined => {
    const name = bundleOfTurbine.get(turbine);
    return name === undefined
      ? undefined
      : options.bundleOf(name).manifest.channels.find((each) => each.name === channel);
  };
  const ingest = createScalarIngest({
    contractOf,
    sink: {
      quarantine: (quarantine) => setAside(quarantine.deviceId, quarantine, 0),
      schemaDrift: (drift) => sink.onSchemaDrift(drift),
    },
  });
  const save = (name: string): void => {
    const own = turbines.filter(({ bundle }) => bundle === name);
    memory.saveFarm(
      name,
      own.map(({ id }) => id),
    );
  };
  const idle = async (): Promise<void> => {
    await Promise.all([...farms.values()].map((farm) => farm.idle()));
  };

  return {
    accept: (reading) => {
      const { deviceId: turbine, channel } = reading;
      if (contractOf(turbine, channel) === undefined) return false;
      if (ingest.accept(reading)) farms.get(bundleOfTurbine.get(turbine)!)?.accept(reading);
      return true;
    },
    use: (bundle) => {
      const { name } = bundle.ref;
      const farm = farms.get(name);
      if (farm === undefined) return;
      // A power cut finds it, also where an earlier version wrote down no digest of its scores.
      if (farm.adopt(bundle)) save(name);
      else farms.set(name, createFarm(bundle));
    },
    tick: (nowMs) => {
      for (const farm of farms.values()) farm.advance(nowMs);
    },
    idle,
    close: async () => {
      await idle();
      for (const name of farms.keys()) save(name);
    },
  };
}

/** A turbine with a `scadaBundle`, and its repairs in days since the epoch. */
interface WatchedTurbine {
  readonly id: string;
  readonly bundle: string;
  readonly repairs: readonly { readonly component: string; readonly day: number }[];
}

function listWatchedTurbines(config: GatewayConfig): readonly WatchedTurbine[] {
  return config.turbines.flatMap(({ id, scadaBundle, repairs }) => {
    if (scadaBundle === null) return [];
    const days = repairs.map(({ component, date }) => ({ component, day: Date.parse(date) / dayMs }));
    return [{ id, bundle: scadaBundle, repairs: days }];
  });
}

/** What the last run kept of farms and turbines, and what the next one will find. */
interface FarmMemory {
  farm(bundle: LoadedBundle): ScadaFarmSnapshot | undefined;
  turbine(id: string): ScadaTurbineSnapshot | undefined;
  saveTurbine(name: string, id: string): void;
  /** A farm and turbines of it in one write. */
  saveFarm(name: string, ids: readonly string[]): void;
}

/** Keeps what `farms` know: those that serve now, whichever one a row came from. */
function createFarmMemory(
  { config, state, logger, sink }: Pick<ScadaWatchOptions, "config" | "state" | "logger" | "sink">,
  farms: ReadonlyMap<string, ScadaFarm>,
): FarmMemory {
  const read = <T>(key: string, schema: z.ZodType<T>): T | undefined =>
    readKept(state, {
      key,
      schema,
      logger,
      onLost: () => sink.onEvent(key, "scada-lost", "what was kept cannot be read; it is learnt anew"),
    });
  /** Of a bundle that scores alike, under a name that these turbines or all had: found by the new one from now on. */
  const takeOver = (bundle: LoadedBundle): ScadaFarmSnapshot | undefined => {
    const { name } = bundle.ref;
    const served = new Set(config.turbines.map(({ scadaBundle }) => farmKey(scadaBundle ?? "")));
    const own = new Set(
      listWatchedTurbines(config).flatMap((each) => (each.bundle === name ? [each.id] : [])),
    );
    for (const key of state.keys(farmKey(""))) {
      if (key === farmKey(name)) continue;
      const kept = readKept(state, { key, schema: scadaFarmSnapshotSchema(), logger });
      if (kept === undefined || !givesSameScores(kept, describeScorer(bundle))) continue;
      const isServed = served.has(key);
      if (isServed && !kept.days.some(({ turbine }) => own.has(turbine))) continue;
      state.setAll({ [farmKey(name)]: state.get(key), ...(isServed ? {} : { [key]: null }) });
      return kept;
    }
    return undefined;
  };
  const describeTurbines = (farm: ScadaFarm, ids: readonly string[]): Record<string, string> =>
    Object.fromEntries(ids.map((id) => [turbineKey(id), JSON.stringify(farm.snapshotTurbine(id))]));
  return {
    farm: (bundle) => read(farmKey(bundle.ref.name), scadaFarmSnapshotSchema()) ?? takeOver(bundle),
    turbine: (id) => read(turbineKey(id), scadaTurbineSnapshotSchema()),
    saveTurbine: (name, id) => {
      const farm = farms.get(name);
      if (farm !== undefined) state.setAll(describeTurbines(farm, [id]));
    },
    saveFarm: (name, ids) => {
      const farm = farms.get(name);
      if (farm === undefined) return;
      state.setAll({ [farmKey(name)]: JSON.stringify(farm.snapshot()), ...describeTurbines(farm, ids) });
    },
  };
}

/** What the next run finds if these alarms ask for inspections, beside those that the last one kept. */
export function describeInspections(
  recalled: readonly AlarmRecord[],
  { config, state, logger }: Pick<ScadaWatchOptions, "config" | "state" | "logger">,
): Readonly<Record<string, string>> {
  const asked = recalled.flatMap(({ point: { turbine, component }, failureMode, alarm, sinceMs }) => {
    const name = config.turbines.find(({ id }) => id === turbine)?.scadaBundle ?? null;
    const isAsked = failureMode === scadaModes[0] && isConditionActive(alarm);
    if (name === null || sinceMs === null || !isAsked) return [];
    // Its beginning is the end of the day that it was decided on.
    return [{ name, standing: { turbine, component, day: Math.floor(sinceMs / dayMs) - 1 } }];
  });
  const entries = [...groupBy(asked, ({ name }) => name)].map(([name, own]) => {
    const key = farmKey(name);
    const kept = readKept(state, { key, schema: scadaFarmSnapshotSchema(), logger }) ?? emptyFarm;
    const standing = [...own.map((each) => each.standing), ...kept.standing];
    return [key, JSON.stringify({ ...kept, standing } satisfies ScadaFarmSnapshot)] as const;
  });
  return Object.fromEntries(entries);
}

const emptyFarm: ScadaFarmSnapshot = {
  modelDigest: "unknown",
  planner: { scores: [], inspectedDays: [] },
  standing: [],
  plannedDay: null,
  days: [],
  assessed: [],
};

const farmKey = (bundle: string): string => `scada-farm/${bundle}`;
const turbineKey = (turbine: string): string => `scada-turbine/${turbine}`;

function describeInspection({ component, score, probability, expectedEur }: PlannedInspection): string {
  return `${component}: |z| ${score.toFixed(2)}, p ${probability.toFixed(3)}, worth ${expectedEur.toFixed(0)} EUR`;
}
