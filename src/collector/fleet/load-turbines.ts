/**
 * What one may believe of turbines and gateways now. A silent gateway, or none, makes a turbine unknown: never healthy, and
 * never free of an alarm that stood. One that nobody watches any more has neither health nor alarm.
 */
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import { formatMoment, type RolledUpHealth, rollUpHealth } from "../../core/decision/roll-up-health.ts";
import { isCloned } from "../record/clone-rules.ts";
import type { RecordedGateway, RecordedTurbine, TurbineRef } from "../record/fleet-record.ts";
import { type ComponentView, describeComponents, forgetComponents } from "./describe-components.ts";
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
  /** The bundle of its model was written without asking its gate. Absent: the gate let it out, or it is not known here. */
  readonly modelUngated?: true;
}

/** A gateway, and whether it is silent. */
export interface GatewayView extends RecordedGateway {
  /** Online by its own word and heard of lately. */
  readonly reachable: boolean;
  /** Two gateways speak under its id. */
  readonly cloned: boolean;
}

/** Loads all turbines, in the order of site and name. */
export async function loadTurbines(fleet: FleetSource): Promise<readonly TurbineView[]> {
  const [turbines, gateways] = await Promise.all([fleet.record.turbines(), fleet.record.gateways()]);
  const byName = new Map(gateways.map((gateway) => [gateway.gateway, gateway]));
  const nowMs = fleet.clock.nowMs();
  const moment = { nowMs, heardSinceMs: nowMs - fleet.silentAfterMs };
  return turbines.map((turbine) =>
    withModel(fleet, describeTurbine(turbine, byName.get(turbine.gateway ?? ""), moment)),
  );
}

/** Loads one turbine; null: there is no such turbine. */
export async function loadTurbine(
  fleet: FleetSource,
  { site, turbine }: TurbineRef,
): Promise<TurbineView | null> {
  const [turbines, gateways] = await Promise.all([fleet.record.turbines(), fleet.record.gateways()]);
  const recorded = turbines.find((other) => other.site === site && other.turbine === turbine);
  if (recorded === undefined) return null;
  const nowMs = fleet.clock.nowMs();
  const gateway = gateways.find((other) => other.gateway === recorded.gateway);
  const moment = { nowMs, heardSinceMs: nowMs - fleet.silentAfterMs };
  return withModel(fleet, describeTurbine(recorded, gateway, moment));
}

/** Loads all gateways, in the order of their names. What a turbine says, every few seconds, is a word of its gateway. */
export async function loadGateways(fleet: FleetSource): Promise<readonly GatewayView[]> {
  const [turbines, gateways] = await Promise.all([fleet.record.turbines(), fleet.record.gateways()]);
  const nowMs = fleet.clock.nowMs();
  const heardSinceMs = nowMs - fleet.silentAfterMs;
  const latest = new Map<string | null, number>();
  for (const { gateway, lastSeenMs } of turbines)
    latest.set(gateway, Math.max(lastSeenMs, latest.get(gateway) ?? lastSeenMs));
  return gateways.map((gateway) => {
    const lastSeenMs = Math.max(gateway.lastSeenMs, latest.get(gateway.gateway) ?? 0);
    return {
      ...gateway,
      lastSeenMs,
      cloned: isCloned(gateway.clonedMs, nowMs),
      reachable: gateway.online !== false && lastSeenMs >= heardSinceMs,
    };
  });
}

/** With what is known here of the model that it runs. */
function withModel({ models }: FleetSource, view: TurbineView): TurbineView {
  const known = models.get(view.state?.model?.digest ?? "");
  return known?.ungated === true ? { ...view, modelUngated: true } : view;
}

/** What was not heard of since `heardSinceMs` is silent. */
function describeTurbine(
  recorded: RecordedTurbine,
  gateway: RecordedGateway | undefined,
  { nowMs, heardSinceMs }: { readonly nowMs: number; readonly heardSinceMs: number },
): TurbineView {
  const { state, lastSeenMs, unwatchedMs } = recorded;
  const unavailable = "information-unavailable";
  if (unwatchedMs !== null) {
    const reason = `no longer watched since ${formatMoment(unwatchedMs, nowMs)}`;
    const nothing = { health: unavailable, operatingState: unavailable, components: [] } as const;
    return { ...recorded, ...nothing, reason, rolledUp: noData(reason) };
  }
  const forget = (reason: string, brief: string): TurbineView => {
    const components = forgetComponents(state, { reason, brief, sinceMs: lastSeenMs }, nowMs);
    const rolledUp = components.length === 0 ? noData(reason) : rollUpHealth(components, nowMs);
    const health = state?.health === "alarm" ? "alarm" : unavailable;
    return { ...recorded, reason, health, operatingState: unavailable, components, rolledUp };
  };
  if (gateway?.online === false) return forget("its gateway is offline", "gateway offline");
  if (lastSeenMs < heardSinceMs) return forget("nothing was heard of it lately", "nothing heard of it");
  if (state === null) return forget("no state was published yet", "no state published");
  const components = describeComponents(state);
  const { health, operatingState } = state;
  const rolledUp =
    components.length === 0 ? noData("the gateway cannot decide on it now") : rollUpHealth(components, nowMs);
  const isKnown = health !== unavailable && operatingState !== unavailable;
  const view = { ...recorded, operatingState, components, rolledUp };
  if (isKnown) return { ...view, health, reason: null };
  return { ...view, health: health === "alarm" ? health : unavailable, reason: rolledUp.reason };
}

function noData(reason: string): RolledUpHealth {
  return { health: "no-data", reason };
}
