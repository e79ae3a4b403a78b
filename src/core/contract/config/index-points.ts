/** Finds measuring points of a configuration: a thousand are gone through once, not for every window or block of samples. */
import type { PointConfig, TurbineConfig } from "./gateway-config.ts";

/** A measuring point, and whose it is. */
export interface IndexedPoint extends PointConfig {
  readonly turbine: string;
}

export interface PointIndex {
  /** In the order of the configuration. */
  readonly all: readonly IndexedPoint[];
  /** Those that a device feeds: their model and bearing, where it has one, are those of the first. */
  ofDevice(deviceId: string): readonly IndexedPoint[];
  ofTurbine(turbine: string): readonly IndexedPoint[];
  /** The one that watches a component of a turbine. */
  find(turbine: string, component: string): IndexedPoint | undefined;
}

type ConfiguredTurbines = readonly Pick<TurbineConfig, "id" | "points">[];

const indexes = new WeakMap<ConfiguredTurbines, PointIndex>();

/** Goes through all points once, whoever asks. */
export function indexPoints(turbines: ConfiguredTurbines): PointIndex {
  const known = indexes.get(turbines);
  if (known !== undefined) return known;
  const made = makeIndex(turbines);
  indexes.set(turbines, made);
  return made;
}

function makeIndex(turbines: ConfiguredTurbines): PointIndex {
  const byTurbine = new Map(
    turbines.map(({ id, points }) => [id, points.map((point) => ({ turbine: id, ...point }))]),
  );
  const all = [...byTurbine.values()].flat();
  const byDevice = new Map<string, IndexedPoint[]>();
  for (const point of all) byDevice.set(point.device, [...(byDevice.get(point.device) ?? []), point]);
  const ofTurbine: PointIndex["ofTurbine"] = (turbine) => byTurbine.get(turbine) ?? [];
  return {
    all,
    ofDevice: (deviceId) => byDevice.get(deviceId) ?? [],
    ofTurbine,
    find: (turbine, component) => ofTurbine(turbine).find((point) => point.component === component),
  };
}
