/** Searches, sorts and cuts lists of turbines and gateways, alike for the page and the API. Loads nothing. */
import { componentHealths } from "../../core/contract/turbine-state.ts";
import type { GatewayView, TurbineView } from "./load-turbines.ts";

/** Orders of a list of turbines. */
export const turbineSorts = ["urgency", "name", "site", "risk", "seen"] as const;
export type TurbineSort = (typeof turbineSorts)[number];

/** Orders of a list of gateways. */
export const gatewaySorts = ["urgency", "name", "seen", "waiting"] as const;
type GatewaySort = (typeof gatewaySorts)[number];

/** A part of a list. */
export interface ListPart<T> {
  readonly items: readonly T[];
  /** Of the whole list, as far as it was searched for. */
  readonly total: number;
  /** From 1; the last where there are fewer. */
  readonly page: number;
  readonly pages: number;
}

/** Cuts a page out of a list. */
export function cutList<T>(items: readonly T[], page: number, perPage: number): ListPart<T> {
  const pages = Math.max(1, Math.ceil(items.length / perPage));
  const shown = Math.min(Math.max(1, page), pages);
  const from = (shown - 1) * perPage;
  return { items: items.slice(from, from + perPage), total: items.length, page: shown, pages };
}

/** Those in which every word of `q` stands somewhere: in names, gateway, health, model or components. */
export function searchTurbines(turbines: readonly TurbineView[], q: string): readonly TurbineView[] {
  return search(turbines, q, ({ site, turbine, gateway, twins, rolledUp, state, components }) => [
    site,
    turbine,
    gateway ?? "",
    ...twins,
    rolledUp.health,
    state?.model?.name ?? "",
    state?.model?.version ?? "",
    ...components.map(({ component }) => component),
  ]);
}

/** Those in which every word of `q` stands somewhere: in its name, its version, or how it can be reached. */
export function searchGateways(gateways: readonly GatewayView[], q: string): readonly GatewayView[] {
  return search(gateways, q, ({ gateway, version, reachable, cloned }) => [
    gateway,
    version ?? "",
    reachable ? "online" : "offline silent",
    cloned ? "two under this id" : "",
  ]);
}

function search<T>(items: readonly T[], q: string, textsOf: (item: T) => readonly string[]): readonly T[] {
  const words = q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return items;
  return items.filter((item) => {
    const text = textsOf(item).join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** WT2 before WT10. */
const collator = new Intl.Collator("en", { numeric: true });

/** In an order; among equals as they came. */
export function sortTurbines(turbines: readonly TurbineView[], sort: TurbineSort): readonly TurbineView[] {
  const byName = (a: TurbineView, b: TurbineView): number => collator.compare(a.turbine, b.turbine);
  switch (sort) {
    case "urgency": {
      const rank = ({ rolledUp, unwatchedMs }: TurbineView): number =>
        unwatchedMs === null ? componentHealths.indexOf(rolledUp.health) : componentHealths.length;
      return [...turbines].sort((a, b) => rank(a) - rank(b));
    }
    case "name":
      return [...turbines].sort(byName);
    case "site":
      return [...turbines].sort((a, b) => collator.compare(a.site, b.site) || byName(a, b));
    case "risk": {
      const risks = new Map(turbines.map((turbine) => [turbine, highestRisk(turbine)]));
      return [...turbines].sort((a, b) => risks.get(b)! - risks.get(a)!);
    }
    case "seen":
      return [...turbines].sort((a, b) => a.lastSeenMs - b.lastSeenMs);
    default:
      return sort satisfies never;
  }
}

function highestRisk({ components }: TurbineView): number {
  return Math.max(-1, ...components.flatMap(({ risks }) => risks.map(({ risk }) => risk ?? -1)));
}

/** In an order; among equals as they came. */
export function sortGateways(gateways: readonly GatewayView[], sort: GatewaySort): readonly GatewayView[] {
  switch (sort) {
    case "urgency":
      return [...gateways].sort(
        (a, b) => Number(b.cloned) - Number(a.cloned) || Number(a.reachable) - Number(b.reachable),
      );
    case "name":
      return [...gateways].sort((a, b) => collator.compare(a.gateway, b.gateway));
    case "seen":
      return [...gateways].sort((a, b) => a.lastSeenMs - b.lastSeenMs);
    case "waiting":
      return [...gateways].sort((a, b) => (b.health?.outboxRecords ?? -1) - (a.health?.outboxRecords ?? -1));
    default:
      return sort satisfies never;
  }
}
