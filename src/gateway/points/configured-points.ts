/** The measuring points of a configuration, and which of them belong together. */
import type { GatewayConfig, PointConfig } from "../../core/contract/config/gateway-config.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import { isLikeBearing } from "../../core/serving/like-bearings.ts";
import type { ChainPoint } from "./signal-chain.ts";

interface ConfiguredPoint extends ChainPoint {
  /** Has another component of the turbine a bearing like this one's? */
  isLike(component: string): boolean;
}

/** An entry for every point. */
export function listConfiguredPoints({ gateway, turbines }: GatewayConfig): readonly ConfiguredPoint[] {
  return turbines.flatMap(({ id: turbine, points }) =>
    points.map((config) => ({
      id: { site: gateway.site, turbine, component: config.component },
      config,
      isLike: (component: string) =>
        points.some((each) => each.component === component && isLike(each, config)),
    })),
  );
}

/** Do both have their faults' lines in one place? Behind a gearbox equal orders are of other speeds. */
function isLike(one: PointConfig, other: PointConfig): boolean {
  return (one.speedRatio ?? 1) === (other.speedRatio ?? 1) && isLikeBearing(one.bearing, other.bearing);
}

/** The turbines that each device sits on. */
export function groupTurbines(points: readonly ChainPoint[]): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...groupBy(points, ({ config }) => config.device)].map(([device, own]) => [
      device,
      new Set(own.map(({ id }) => id.turbine)),
    ]),
  );
}
