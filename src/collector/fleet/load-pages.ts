/** Loads all that a page shows as values, so that rendering it neither waits nor asks. Writes nothing. */

import type { DriftPerformanceReply } from "../../core/contract/drift-performance-schema.ts";
import type { RecordedEvidence } from "../../core/contract/evidence-list.ts";
import type { TurbineFilter } from "../record/drift-record.ts";
import type {
  AlarmingTurbine,
  FleetRecord,
  Listing,
  RecordedAlarm,
  RecordedEvent,
} from "../record/fleet-record.ts";
import type { TurbineRef } from "../record/machine-record.ts";
import type { QuarantineListing } from "../record/quarantine-listing.ts";
import { type AlarmDeeds, loadDeeds } from "./alarm-deeds.ts";
import type { FleetSource } from "./fleet-source.ts";
import {
  type FleetDriftView,
  loadFleetDrift,
  loadTurbineDrift,
  type TurbineDriftView,
} from "./load-drift-pages.ts";
import { type LikenessView, loadLikeness } from "./load-likeness.ts";
import { loadModels, loadUpdates, type ModelView, type UpdateView } from "./load-models.ts";
import { loadPerformance } from "./load-performance.ts";
import {
  type GatewayView,
  loadMachines,
  loadTurbine,
  loadTurbines,
  type TurbineView,
} from "./load-turbines.ts";
import { cutList, type ListPart, searchTurbines, sortTurbines, type TurbineSort } from "./select-list.ts";

/** Title of each failure mode in words for people, as the bundles that are known here say. */
export type FailureTitles = ReadonlyMap<string, string>;

/** Which part of its lists a page shows. */
export interface OverviewQuery {
  /** Words that must all occur; empty: all. */
  readonly q: string;
  /** Null: those that need attention first where there is more than one page, else by name. */
  readonly sort: TurbineSort | null;
  /** Of turbines, of gateways and of alarms, from 1. */
  readonly page: number;
  readonly gatewayPage: number;
  readonly alertPage: number;
}

/** A part of the alarms: first those that stand, by what needs attention, then the newest that are over. */
interface AlarmPart extends ListPart<RecordedAlarm> {
  /** Those that stand, of all parts. */
  readonly active: number;
}

/** Raw samples around alarms, by the id of the alert. */
export type AlertEvidence = ReadonlyMap<string, RecordedEvidence>;

/** The fleet on one page. */
export interface OverviewPage {
  readonly query: OverviewQuery;
  readonly nowMs: number;
  /** As {@link FleetSource.brokerLostMs}. */
  readonly brokerLostMs: number | null;
  readonly titles: FailureTitles;
  /** All, as lists know them. */
  readonly turbines: readonly TurbineView[];
  /** Those that are shown. */
  readonly shown: ListPart<TurbineView>;
  /** Those that the alarms are of. */
  readonly alarmed: readonly TurbineView[];
  readonly gateways: readonly GatewayView[];
  readonly alarms: AlarmPart;
  /** Turbines with active ones. */
  readonly alarming: readonly AlarmingTurbine[];
  /** Who did what to these alarms. */
  readonly deeds: AlarmDeeds;
  /** Of the newest day that was assessed. */
  readonly drift: FleetDriftView;
  readonly models: readonly ModelView[];
  /** The newest few. */
  readonly updates: Listing<UpdateView>;
  readonly events: Listing<RecordedEvent>;
  readonly quarantine: QuarantineListing;
}

/** One turbine on one page. */
export interface TurbinePage {
  readonly nowMs: number;
  /** As {@link FleetSource.brokerLostMs}. */
  readonly brokerLostMs: number | null;
  readonly titles: FailureTitles;
  readonly turbine: TurbineView;
  readonly alarms: AlarmPart;
  /** Of drift, as asked for; null: the newest. */
  readonly askedDay: string | null;
  /** Who did what to these alarms. */
  readonly deeds: AlarmDeeds;
  /** Raw samples around alarms, by the id of the alert. */
  readonly evidence: AlertEvidence;
  readonly drift: TurbineDriftView;
  /** How well models decide at its points on the day of its drift. */
  readonly performance: DriftPerformanceReply;
  /** How like the machines of training its newest day is. */
  readonly training: LikenessView;
}

/** Of a page that was asked for without more. */
export const firstPart: OverviewQuery = { q: "", sort: null, page: 1, gatewayPage: 1, alertPage: 1 };

/** Rows of a part. */
const shownTurbines = 100;
const overviewAlarms = 12;
const overviewEvents = 15;
const turbineAlarms = 50;
const estimatedPoints = 40;
/** The newest ones: an alarm shows those of its own steps. */
const turbineEvidence = 200;

/** Loads `/`. */
export async function loadOverviewPage(
  fleet: FleetSource,
  query: OverviewQuery = firstPart,
): Promise<OverviewPage> {
  const { record } = fleet;
  const [{ turbines, gateways }, alarms, alarming, drift, models, updates, events, quarantine] =
    await Promise.all([
      loadMachines(fleet),
      loadAlarms(record, {}, { page: query.alertPage, perPage: overviewAlarms }),
      record.alarmingTurbines(),
      loadFleetDrift(fleet),
      loadModels(fleet),
      loadUpdates(fleet, { limit: overviewEvents, offset: 0 }),
      record.events({ limit: overviewEvents, offset: 0 }),
      record.quarantine(overviewEvents),
    ]);
  const part = selectTurbines(turbines, query);
  const [items, alarmed] = await Promise.all([
    loadTurbines(fleet, part.items),
    loadTurbines(
      fleet,
      alarms.items.map(({ event }) => event.data),
    ),
  ]);
  return {
    query,
    nowMs: fleet.clock.nowMs(),
    brokerLostMs: fleet.brokerLostMs(),
    titles: failureTitles(fleet),
    turbines,
    shown: { ...part, items },
    alarmed,
    gateways,
    alarms,
    alarming,
    deeds: await loadDeeds(record, alarms.items, alarmed),
    drift,
    models,
    updates,
    events,
    quarantine,
  };
}

function selectTurbines(
  turbines: readonly TurbineView[],
  { q, sort, page }: OverviewQuery,
): ListPart<TurbineView> {
  const found = searchTurbines(turbines, q);
  const usual = found.length > shownTurbines ? "urgency" : null;
  const order = sort ?? usual;
  return cutList(order === null ? found : sortTurbines(found, order), page, shownTurbines);
}

/** Loads `/turbine/<site>/<turbine>` with the drift of a day (null: the newest), or null when there is no such turbine. @param subject whose, and which part of its alarms */
export async function loadTurbinePage(
  fleet: FleetSource,
  subject: TurbineRef & { readonly day: string | null; readonly alertPage: number },
): Promise<TurbinePage | null> {
  const { site, turbine } = subject;
  const view = await loadTurbine(fleet, subject);
  if (view === null) return null;
  const [alarms, evidence, drift, training] = await Promise.all([
    loadAlarms(fleet.record, { site, turbine }, { page: subject.alertPage, perPage: turbineAlarms }),
    fleet.record.evidence({ site, turbine, kind: "alarm", limit: turbineEvidence, offset: 0 }),
    loadTurbineDrift(fleet, subject),
    loadLikeness(fleet, { site, turbine }),
  ]);
  const day = drift.day?.slice(0, 10);
  const performance = await loadPerformance(fleet, { site, turbine, day, limit: estimatedPoints });
  const titles = failureTitles(fleet);
  const byAlert = new Map(evidence.items.map((item) => [item.alert ?? "", item]));
  return {
    nowMs: fleet.clock.nowMs(),
    brokerLostMs: fleet.brokerLostMs(),
    titles,
    turbine: view,
    alarms,
    askedDay: subject.day,
    deeds: await loadDeeds(fleet.record, alarms.items, [view]),
    evidence: byAlert,
    drift,
    performance,
    training,
  };
}

/** Of alarms that are over none is put in order: they are many. */
async function loadAlarms(
  record: Pick<FleetRecord, "alarms">,
  filter: TurbineFilter,
  part: { readonly page: number; readonly perPage: number },
): Promise<AlarmPart> {
  const { page, perPage } = part;
  const offset = (page - 1) * perPage;
  const standing = await record.alarms({ ...filter, active: true, order: "urgency", limit: perPage, offset });
  const over = await record.alarms({
    ...filter,
    active: false,
    limit: perPage - standing.items.length,
    offset: Math.max(0, offset - standing.total),
  });
  const total = standing.total + over.total;
  const pages = Math.max(1, Math.ceil(total / perPage));
  if (page > pages) return loadAlarms(record, filter, { page: pages, perPage });
  return { items: [...standing.items, ...over.items], active: standing.total, total, page, pages };
}

/** The first bundle that knows a failure mode says its title. */
function failureTitles({ models }: FleetSource): FailureTitles {
  const titles = new Map<string, string>();
  for (const { manifest } of models.values()) {
    for (const { failureMode, title } of manifest.outputs) {
      if (!titles.has(failureMode)) titles.set(failureMode, title);
    }
  }
  return titles;
}
