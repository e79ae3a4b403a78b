/**
 * The failure modes for which nothing but electrical hum speaks in a window: lines of theirs stand out, and every one that does
 * stands where hum does, at a multiple of twice the mains' frequency. A fault that happens to strike there shows other lines
 * beside: a harmonic at another place, side bands. Decides nothing, and knows nothing of windows of which it is not said
 * where their lines stand.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import { bearingFaults, type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { FeatureWindow } from "../contract/stream.ts";
import { computeLineNoise, dbPerLog, findNeededDb, listFaultLines } from "./fault-lines.ts";

/** What of a window tells of hum. */
export type HeardLines = Pick<FeatureWindow, "features" | "upperFeatures" | "humLines" | "upperHumLines">;

/** Tells of windows that were cut with one spec, of one bearing. */
export type HumModeFinder = (window: HeardLines) => readonly FaultKind[];

/** Creates a finder for all windows of a bundle and a bearing. */
export function createHumModeFinder(
  { features, window }: { readonly features: FeatureSpec; readonly window: WindowSpec },
  bearing: BearingOrders,
): HumModeFinder {
  const lines = listFaultLines({ features, bearing });
  const pictures = faultKinds.map((kind) => ({
    kind,
    lines: lines
      .filter(({ of, isShaded }) => of === bearingFaults[kind].order && !isShaded)
      .map((line) => ({
        column: line.column,
        needed: findNeededDb(computeLineNoise(line, window), 1) / dbPerLog,
      })),
  }));
  return (window) => {
    const { humLines = none, upperHumLines = none } = window;
    if (humLines.length + upperHumLines.length === 0) return none;
    return pictures.filter((picture) => isAllHum(picture, window)).map(({ kind }) => kind);
  };
}

/** Of one kind's lines some are found, and all of these stand where hum does. */
function isAllHum(
  { lines }: { readonly lines: readonly { readonly column: number; readonly needed: number }[] },
  { features, upperFeatures, humLines = none, upperHumLines = none }: HeardLines,
): boolean {
  let found = 0;
  for (const { column, needed } of lines) {
    if (features[column]! >= needed) {
      if (!humLines.includes(column)) return false;
      found++;
    }
    if (upperFeatures !== undefined && upperFeatures[column]! >= needed) {
      if (!upperHumLines.includes(column)) return false;
      found++;
    }
  }
  return found > 0;
}

const none: readonly never[] = [];
