/**
 * Watches the turbines whose SCADA values a normal-behaviour bundle judges: data contract → farms → alarms. Joins what
 * `scada-farm.ts` decides with the register, the counts and the store. A model that is replaced learns anew.
 */

import type { AlertEvent } from "../../core/contract/alert.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { Decision, Explanation } from "../../core/contract/prediction.ts";
import type { Quarantine, Reading, SchemaDrift } from "../../core/contract/stream.ts";
import type { PlannedInspection } from "../../core/decision/normal-behaviour/inspection-planner.ts";
import { createScalarIngest } from "../../core/ingest/scalar-ingest.ts";
import { hourMs } from "../../core/maths/durations.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import { createScadaFarm, type ScadaFarm } from "../../core/serving/scada-farm.ts";
import type { JudgedRow } from "../../core/serving/scada-turbine.ts";
import type { AlarmRegister } from "../alarms/alarm-register.ts";
import type { DataQuality } from "../record/data-quality.ts";
import type { ScadaStore } from "./scada-store.ts";

/** What comes out. */
export interface ScadaWatchSink {
  onDecision(decision: Decision): void;
  onAlert(event: AlertEvent): void;
  onQuarantine(quarantine: Quarantine, turbine: string): void;
  onSchemaDrift(drift: SchemaDrift): void;
  onEvent(turbine: string, name: string, detail: string): void;
  /** A row was judged: for drift. */
  onRow(turbine: string, judged: JudgedRow, bundle: LoadedBundle): void;
}

/** What it is made of. */
export interface ScadaWatchOptions {
  readonly config: GatewayConfig;
  readonly bundleOf: (name: string) => LoadedBundle;
  readonly register: AlarmRegister;
  readonly quality: DataQuality;
  readonly store: ScadaStore;
  readonly logger: Logger;
  readonly sink: ScadaWatchSink;
}

/** The watch. */
export interface ScadaWatch {
  /** Takes a reading of a turbine that arrived at `arrivalMs`; false when no bundle of that turbine knows its channel. */
  accept(reading: Reading, arrivalMs: number): boolean;
  /** Components that are watched on a turbine. */
  componentsOf(turbine: string): readonly string[];
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
  const { config, register, quality, store, sink } = options;
  const turbines = config.turbines.flatMap(({ id, scadaBundle, repairs }) =>
    scadaBundle === null
      ? []
      : [
          {
            id,
            bundle: scadaBundle,
            repairs: repairs.map(({ component, date }) => ({
              component,
              day: Date.parse(date) / (24 * hourMs),
            })),
          },
        ],
  );
  const bundleOfTurbine = new Map(turbines.map(({ id, bundle }) => [id, bundle]));
  const farms = new Map<string, ScadaFarm>();
  /** Hour of the data in which a turbine's state was last written down. */
  const savedHours = new Map<string, number>();

  const save = (name: string, ids: readonly string[], what: "turbines" | "farm too"): void => {
    const farm = farms.get(name);
    if (farm === undefined) return;
    const snapshots = new Map(ids.map((id) => [id, farm.snapshotTurbine(id)]));
    store.write(name, what === "turbines" ? null : farm.snapshot(), snapshots);
  };
  const setAside = (turbine: string, quarantine: Quarantine, windows: 0 | 1): void => {
    quality.quarantined(turbine, quarantine.reason, windows);
    sink.onQuarantine(quarantine, turbine);
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
    const own = turbines.filter((turbine) => turbine.bundle === name);
    return createScadaFarm({
      site: config.gateway.site,
      bundle,
      turbines: own,
      kept: store.read(name),
      sink: {
        onDecision: (decision, explanations) => decide(decision, explanations, bundle.manifest.horizonHours),
        onRow: (turbine, judged) => {
          if (judged.state === "frozen") quality.quarantined(turbine, "stuck", 1);
          else quality.processed(turbine);
          sink.onRow(turbine, judged, bundle);
          const hour = Math.floor(judged.row.toMs / hourMs);
          if (savedHours.get(turbine) === hour) return;
          savedHours.set(turbine, hour);
          save(name, [turbine], "turbines");
        },
        onQuarantine: setAside,
        onDropped: (turbine, error) => {
          quality.dropped(turbine);
          options.logger.error("a row could not be judged", { turbine, error });
        },
        onEvent: (turbine, event, detail) => sink.onEvent(turbine, event, detail),
        onInspection: (inspection) =>
          sink.onEvent(inspection.turbine, "inspection-asked", describeInspection(inspection)),
        onDay: (turbine) => save(name, [turbine], "farm too"),
      },
    });
  };
  for (const name of new Set(bundleOfTurbine.values())) farms.set(name, createFarm(options.bundleOf(name)));

  const farmOf = (turbine: string): ScadaFarm | undefined => farms.get(bundleOfTurbine.get(turbine) ?? "");
  let arrivedMs = Number.NaN;
  const ingest = createScalarIngest({
    contractOf: (turbine, channel) => {
      const name = bundleOfTurbine.get(turbine);
      return name === undefined
        ? undefined
        : options.bundleOf(name).manifest.channels.find((each) => each.name === channel);
    },
    sink: {
      accept: (reading) => farmOf(reading.deviceId)?.accept(reading, arrivedMs),
      quarantine: (quarantine) => setAside(quarantine.deviceId, quarantine, 0),
      schemaDrift: (drift) => sink.onSchemaDrift(drift),
    },
  });
  const idle = async (): Promise<void> => {
    await Promise.all([...farms.values()].map((farm) => farm.idle()));
  };

  return {
    accept: (reading, arrivalMs) => {
      const name = bundleOfTurbine.get(reading.deviceId);
      if (name === undefined) return false;
      const isKnown = options.bundleOf(name).manifest.channels.some((each) => each.name === reading.channel);
      arrivedMs = arrivalMs;
      if (isKnown) ingest.accept(reading, arrivalMs);
      return isKnown;
    },
    componentsOf: (turbine) => farmOf(turbine)?.components ?? [],
    use: (bundle) => {
      if (!farms.has(bundle.ref.name)) return;
      farms.set(bundle.ref.name, createFarm(bundle));
      for (const { id } of turbines.filter((turbine) => turbine.bundle === bundle.ref.name)) {
        sink.onEvent(
          id,
          "scada-relearning",
          `${bundle.ref.name}@${bundle.ref.version} learns this turbine anew`,
        );
      }
    },
    tick: (nowMs) => {
      for (const farm of farms.values()) farm.advance(nowMs);
    },
    idle,
    close: async () => {
      await idle();
      for (const [name] of farms) {
        save(
          name,
          turbines.flatMap(({ id, bundle }) => (bundle === name ? [id] : [])),
          "farm too",
        );
      }
    },
  };
}

function describeInspection({ component, score, probability, expectedEur }: PlannedInspection): string {
  return `${component}: |z| ${score.toFixed(2)}, p ${probability.toFixed(3)}, worth ${expectedEur.toFixed(0)} EUR`;
}
