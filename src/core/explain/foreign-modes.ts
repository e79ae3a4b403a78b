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
import { noHum } from "./mains-hum.ts";
import { shareByBearing } from "./share-by-bearing.ts";

/** What of a window tells of hum. */
export type HeardLines = Pick<FeatureWindow, "features" | "upperFeatures" | "humLines" | "upperHumLines">;

/** Tells of windows that were cut with one spec, of one bearing. */
export type HumModeFinder = (window: HeardLines) => readonly FaultKind[];

/** The finder of a bundle and a bearing, one for all points that are alike in both. */
export const shareHumModeFinder: (cut: CutSpecs, bearing: BearingOrders) => HumModeFinder =
  shareByBearing(createHumModeFinder);

/** How a bundle's windows are cut and read. */
interface CutSpecs {
  readonly features: FeatureSpec;
  readonly window: WindowSpec;
}

/** Creates a finder for all windows of a bundle and a bearing. */
export function createHumModeFinder({ features, window }: CutSpecs, bearing: BearingOrders): HumModeFinder {
  const columns = features.list.length;
  /** What a feature must reach to stand out as a line of each kind of fault, kind after kind; Infinity: it is none of its lines. */
  const needed = new Float32Array(faultKinds.length * columns).fill(Number.POSITIVE_INFINITY);
  for (const line of listFaultLines({ features, bearing })) {
    const kind = faultKinds.findIndex((each) => bearingFaults[each].order === line.of);
    if (kind < 0 || line.isShaded) continue;
    needed[kind * columns + line.column] = findNeededDb(computeLineNoise(line, window), 1) / dbPerLog;
  }
  return (heard) => {
    const { humLines = noHum, upperHumLines = noHum } = heard;
    if (humLines.length + upperHumLines.length === 0) return noKinds;
    return faultKinds.filter((_, kind) => isAllHum(needed, kind * columns, heard));
  };
}

/** Of one kind's lines, whose needs stand in `needed` from a place on, some are found, and all of these stand where hum does. */
function isAllHum(
  needed: Float32Array,
  from: number,
  { features, upperFeatures, humLines = noHum, upperHumLines = noHum }: HeardLines,
): boolean {
  let found = 0;
  for (let column = 0; column < features.length; column++) {
    const least = needed[from + column]!;
    if (features[column]! >= least) {
      if (!humLines.includes(column)) return false;
      found++;
    }
    if (upperFeatures !== undefined && upperFeatures[column]! >= least) {
      if (!upperHumLines.includes(column)) return false;
      found++;
    }
  }
  return found > 0;
}

const noKinds: readonly FaultKind[] = [];
