/**
 * Of which turbine each point of a replay is: a budget of false alarms is a turbine's, and its points share it. That is the one that
 * is stated, else the one of the gateway's configuration that has such a point; all others are taken for one turbine's.
 */
import type { GatewayConfig } from "../../../core/contract/config/gateway-config.ts";

/** A turbine, as `--json` prints it. */
export interface ReplayedTurbine {
  /** Null: nobody says which. */
  readonly turbine: string | null;
  /** Points that share its budget: on a gateway that is configured all that it has. */
  readonly points: number;
}

interface ReplayedTurbines {
  /** In the order of the points. */
  readonly turbines: readonly ReplayedTurbine[];
  /** Of a point of the plan. */
  find(point: string): ReplayedTurbine;
}

/**
 * Names the points of recordings by their turbines: points of two turbines may have the same name. What some recordings of a point
 * state is true of all of them, unless others state another turbine.
 */
export function settleTurbines<T extends { readonly point: string; readonly turbine: string | null }>(
  planned: readonly T[],
): {
  readonly recordings: T[];
  readonly turbines: ReadonlyMap<string, string>;
} {
  const statedOf = new Map<string, Set<string>>();
  for (const { point, turbine } of planned) {
    if (turbine !== null) statedOf.set(point, (statedOf.get(point) ?? new Set()).add(turbine));
  }
  const turbines = new Map<string, string>();
  const recordings = planned.map((each) => {
    const stated = [...(statedOf.get(each.point) ?? [])];
    const turbine = each.turbine ?? (stated.length === 1 ? stated[0]! : null);
    if (turbine === null) return each;
    const point = each.point.split("/").includes(turbine) ? each.point : `${turbine}/${each.point}`;
    turbines.set(point, turbine);
    return { ...each, point, turbine };
  });
  return { recordings, turbines };
}

/** Puts the points of a plan onto their turbines; `configured` are the gateway's. */
export function placePoints(
  {
    points,
    turbines: stated,
  }: { readonly points: readonly string[]; readonly turbines: ReadonlyMap<string, string> },
  configured: GatewayConfig["turbines"],
): ReplayedTurbines {
  const placeOf = (point: string): string | null => stated.get(point) ?? findConfigured(point, configured);
  const played = new Map<string | null, number>();
  for (const point of points) played.set(placeOf(point), (played.get(placeOf(point)) ?? 0) + 1);
  const turbines = new Map(
    [...played].map(([turbine, count]) => {
      const known = configured.find(({ id }) => id === turbine)?.points.length ?? 0;
      return [turbine, { turbine, points: Math.max(known, count) }];
    }),
  );
  return { turbines: [...turbines.values()], find: (point) => turbines.get(placeOf(point))! };
}

/** The turbine that has a point of this name, or of this path's last two names; null: none, or several. */
function findConfigured(point: string, configured: GatewayConfig["turbines"]): string | null {
  const names = point.split("/");
  const [component, turbine = null] = names.reverse();
  const found = configured.filter(
    ({ id, points }) =>
      (turbine === null || id === turbine) && points.some((each) => each.component === component),
  );
  return found.length === 1 ? found[0]!.id : null;
}
