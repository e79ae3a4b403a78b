/**
 * What one may believe of turbines and gateways now. A silent gateway, or none, makes a turbine unknown: never healthy, and
 * never free of an alarm that stood. One that nobody watches any more has neither health nor alarm.
 */
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import { formatMoment, type RolledUpHealth, rollUpHealth } from "../../core/decision/roll-up-health.ts";
import { rest } from "../../core/platform/rest.ts";
import { maxAheadMs } from "../record/clock-rules.ts";
import { areTwo } from "../record/clone-rules.ts";
import type { RecordedGateway, RecordedTurbine, TurbineRef } from "../record/machine-record.ts";
import {
  type ComponentView,
  describeComponents,
  type Forgotten,
  forgetComponents,
} from "./describe-components.ts";
import type { FleetSource } from "./fleet-source.ts";

/** A turbine as the page and the API show it. */
export interface TurbineView extends TurbineRef {
  readonly gateway: string | null;
  /** `alarm` as long as one stands, whatever is known now: that says the operating state. */
  readonly health: TurbineState["health"];
  /** Why the information is unavailable, in words, also while an alarm stands; null when it is available. */
  readonly reason: string | null;
  /** The worst of its components, with the reason in words: what is known of the others stands beside it. */
  readonly rolledUp: RolledUpHealth;
  /** One a component that is watched, as far as it is known which. */
  readonly components: readonly ComponentView[];
  readonly operatingState: TurbineState["operatingState"];
  readonly lastSeenMs: number;
  /** Last state as it was published; old when there is a reason why the information is unavailable. */
  readonly state: TurbineState | null;
  /** When its state was taken back: nobody watches it any more, and it counts as neither in alarm nor unknown; null: somebody does. */
  readonly unwatchedMs: number | null;
  /** Gateways that speak of it by turns now, so that its state is that of the last of them; none: one watches it, or nobody. */
  readonly twins: readonly string[];
  /** The bundle of its model was written without asking its gate. Absent: the gate let it out, or it is not known here. */
  readonly modelUngated?: true | undefined;
}

/** A gateway, and whether it is silent. */
export interface GatewayView extends RecordedGateway {
  /** Online by its own word and heard of lately. */
  readonly reachable: boolean;
  /** Why it is not known whether it is; null: it is known. */
  readonly reason: string | null;
  /** Two gateways speak under its id. */
  readonly cloned: boolean;
}

/**
 * Loads all turbines, in the order of site and name, and all gateways, in that of their names. Of a turbine as much as lists are
 * searched and sorted by (`brief-state.ts`): who shows one loads it.
 */
export async function loadMachines(
  fleet: FleetSource,
): Promise<{ readonly turbines: readonly TurbineView[]; readonly gateways: readonly GatewayView[] }> {
  const [turbines, gateways] = await Promise.all([fleet.record.turbineBriefs(), loadGateways(fleet)]);
  const byName = nameGateways(gateways);
  const views: TurbineView[] = [];
  for (let from = 0; from < turbines.length; from += describedAtOnce) {
    views.push(...describeTurbines(fleet, turbines.slice(from, from + describedAtOnce), byName));
    await rest();
  }
  return { turbines: views, gateways };
}

/** Then others on this thread have their turn. */
const describedAtOnce = 5_000;

/** Loads the turbines that are named, in this order; one that is not known is left out. */
export async function loadTurbines(
  fleet: FleetSource,
  named: readonly TurbineRef[],
): Promise<readonly TurbineView[]> {
  if (named.length === 0) return [];
  const turbines = await fleet.record.turbines(named);
  const watching = new Set(turbines.flatMap((turbine) => watchedBy(turbine) ?? []));
  const views = describeTurbines(fleet, turbines, nameGateways(await loadGateways(fleet, [...watching])));
  const known = new Map(views.map((view) => [`${view.site}/${view.turbine}`, view]));
  return named.flatMap(({ site, turbine }) => known.get(`${site}/${turbine}`) ?? []);
}

/** Loads one turbine; null: there is no such turbine. */
export async function loadTurbine(fleet: FleetSource, named: TurbineRef): Promise<TurbineView | null> {
  const [view] = await loadTurbines(fleet, [named]);
  return view ?? null;
}

/** Loads gateways: all in the order of their names, or those that are named. What a turbine says, every few seconds, is a word of its gateway. */
export async function loadGateways(
  fleet: FleetSource,
  named?: readonly string[],
): Promise<readonly GatewayView[]> {
  const gateways = await fleet.record.gateways(named);
  const moment = readMoment(fleet);
  return gateways.map((gateway) => describeGateway(gateway, moment));
}

/** When it is asked. */
interface Moment {
  readonly nowMs: number;
  /** What was not heard of since then is silent. */
  readonly heardSinceMs: number;
  /** Since when nothing can be heard; null: it can. */
  readonly brokerLostMs: number | null;
}

function readMoment({ clock, silentAfterMs, brokerLostMs }: FleetSource): Moment {
  const nowMs = clock.nowMs();
  return { nowMs, heardSinceMs: nowMs - silentAfterMs, brokerLostMs: brokerLostMs() };
}

function describeGateway(recorded: RecordedGateway, moment: Moment): GatewayView {
  const { nowMs, heardSinceMs } = moment;
  const { lastSeenMs } = recorded;
  // What it sent may be stored a moment after it went. One that was heard of later had come back: when it went again is not known.
  const isKnown =
    recorded.online === false && (recorded.offlineMs ?? 0) >= lastSeenMs - (nowMs - heardSinceMs);
  const gateway = { ...recorded, offlineMs: isKnown ? recorded.offlineMs : null };
  return {
    ...gateway,
    cloned: areTwo(gateway.clonedMs, nowMs),
    reachable: gateway.online !== false && lastSeenMs >= heardSinceMs,
    reason: isBlind(gateway, lastSeenMs, moment) ? noBroker : null,
  };
}

function nameGateways(gateways: readonly GatewayView[]): ReadonlyMap<string, GatewayView> {
  return new Map(gateways.map((gateway) => [gateway.gateway, gateway]));
}

function describeTurbines(
  fleet: FleetSource,
  turbines: readonly RecordedTurbine[],
  byName: ReadonlyMap<string, GatewayView>,
): readonly TurbineView[] {
  const moment = readMoment(fleet);
  return turbines.map((turbine) =>
    withModel(fleet, describeTurbine(turbine, byName.get(watchedBy(turbine) ?? ""), moment)),
  );
}

type GoneGateway = Pick<RecordedGateway, "online" | "offlineMs" | "lastSeenMs">;

const noBroker = "this collector has no connection to its broker";

/**
 * Is it the lost broker that a gateway, or a turbine of it, is not heard through? Where several processes take what gateways
 * send, another may have heard since then that it went, or of it until it fell silent.
 */
function isBlind(
  gateway: GoneGateway | undefined,
  lastSeenMs: number,
  { nowMs, heardSinceMs, brokerLostMs }: Moment,
): boolean {
  if (brokerLostMs === null) return false;
  const goneMs = whenGone(gateway);
  if (goneMs !== null) return goneMs <= brokerLostMs;
  return lastSeenMs < Math.min(heardSinceMs, brokerLostMs + nowMs - heardSinceMs);
}

/** When a gateway went, or was last heard of; null: it has not gone. Of all its turbines the same: each was last heard of at a moment of its own. */
function whenGone(gateway: GoneGateway | undefined): number | null {
  return gateway?.online === false ? (gateway.offlineMs ?? gateway.lastSeenMs) : null;
}

/** With what is known here of the model that it runs. */
function withModel({ models }: FleetSource, view: TurbineView): TurbineView {
  const known = models.get(view.state?.model?.digest ?? "");
  return known?.ungated === true ? { ...view, modelUngated: true } : view;
}

/** Of a turbine without a prediction yet, or one that stands by, the state alone names its gateway. */
function watchedBy({ gateway, state }: Pick<RecordedTurbine, "gateway" | "state">): string | null {
  return gateway ?? state?.gateway ?? null;
}

function describeTurbine(
  recordedTurbine: RecordedTurbine,
  gateway: GatewayView | undefined,
  moment: Moment,
): TurbineView {
  const { site, turbine, lastSeenMs, state, unwatchedMs, twinnedMs, twins } = recordedTurbine;
  const { nowMs, heardSinceMs, brokerLostMs } = moment;
  const isTwinned = unwatchedMs === null && areTwo(twinnedMs, nowMs);
  const recorded = {
    site,
    turbine,
    gateway: watchedBy(recordedTurbine),
    lastSeenMs,
    state,
    unwatchedMs,
    twins: isTwinned ? twins : [],
  };
  const unavailable = "information-unavailable";
  if (unwatchedMs !== null) {
    const reason = `no longer watched since ${formatMoment(unwatchedMs, nowMs)}`;
    const nothing = { health: unavailable, operatingState: unavailable, components: [] } as const;
    return { ...recorded, ...nothing, reason, rolledUp: noData(reason) };
  }
  const forget = (why: Forgotten): TurbineView => {
    const { reason } = why;
    const components = forgetComponents(state, why, nowMs);
    const rolledUp = components.length === 0 ? noData(reason) : rollUpHealth(components, nowMs);
    const health = state?.health === "alarm" ? "alarm" : unavailable;
    return { ...recorded, reason, health, operatingState: unavailable, components, rolledUp };
  };
  const goneMs = whenGone(gateway);
  if (brokerLostMs !== null && isBlind(gateway, lastSeenMs, moment)) {
    // What was offline or silent before the broker was lost was it already.
    const wasSilent = lastSeenMs < brokerLostMs + heardSinceMs - nowMs;
    const sinceMs = goneMs ?? (wasSilent ? lastSeenMs : brokerLostMs);
    if (sinceMs === brokerLostMs) return forget({ reason: noBroker, brief: noBroker, sinceMs });
    return forget({ reason: `${noBroker}, and heard nothing of it`, brief: "nothing heard of it", sinceMs });
  }
  if (goneMs !== null)
    return forget({ reason: "its gateway is offline", brief: "gateway offline", sinceMs: goneMs });
  const sinceMs = Math.min(lastSeenMs, nowMs);
  // What was heard of long after now was so by a clock that was set back since.
  if (sinceMs < heardSinceMs || lastSeenMs > nowMs + maxAheadMs)
    return forget({ reason: "nothing was heard of it lately", brief: "nothing heard of it", sinceMs });
  if (state === null)
    return forget({ reason: "no state was published yet", brief: "no state published", sinceMs });
  const components = describeComponents(state);
  const { health, operatingState } = state;
  const rolledUp =
    components.length === 0 ? noData("the gateway cannot decide on it now") : rollUpHealth(components, nowMs);
  const isKnown = health !== unavailable && operatingState !== unavailable;
  return {
    ...recorded,
    operatingState,
    components,
    rolledUp,
    health: isKnown || health === "alarm" ? health : unavailable,
    reason: isKnown ? null : rolledUp.reason,
  };
}

function noData(reason: string): RolledUpHealth {
  return { health: "no-data", reason };
}
