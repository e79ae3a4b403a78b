/**
 * Packs drift sketches: counts as varints, moments as float32, so that 16 bins take 34 to 92 bytes. Refuses a report that
 * no run of windows can have given, when it is written as when it is read.
 */
import type { DriftLoad } from "../contract/drift-verdict.ts";
import type { DriftReport, FeatureSketch } from "../contract/uplink-record.ts";
import {
  asCount,
  asList,
  asTexts,
  asUint32,
  compact,
  maxBins,
  maxSketches,
  modelOfPoint,
  type Plain,
  WireRangeError,
} from "./uplink-schema.ts";

const names = [...modelOfPoint, "modelDigest"] as const;
/** By their numbers on the wire, from 1. */
const loadMeasures: readonly DriftLoad["by"][] = ["power", "speed"];
const maxBand = 64;
/** A day, the longest interval that a gateway can be configured to sum up. */
const maxIntervalMs = 86_400_000;

/** Fields of the message; throws {@link WireRangeError} for a report that breaks its bounds. */
export function packDriftReport(report: DriftReport): Plain {
  asList(report.sketches, "sketches", maxSketches);
  const interval = {
    fromMs: asCount(Math.round(report.fromMs), "fromMs"),
    toMs: asCount(Math.round(report.toMs), "toMs"),
  };
  checkInterval(interval);
  checkColumns(report.sketches);
  return compact({
    ...asTexts(report, names),
    ...interval,
    sketches: report.sketches.map(packSketch),
    ...(report.load === undefined ? {} : { load: packLoad(report.load) }),
  });
}

/** The report of a decoded message; throws {@link WireRangeError} for one that breaks its bounds. */
export function unpackDriftReport(plain: Plain): DriftReport {
  const report = {
    kind: "drift-report" as const,
    ...asTexts(plain, names),
    fromMs: asCount(plain.fromMs, "fromMs"),
    toMs: asCount(plain.toMs, "toMs"),
    sketches: asList(plain.sketches, "sketches", maxSketches).map((sketch) => unpackSketch(sketch as Plain)),
  };
  checkInterval(report);
  checkColumns(report.sketches);
  const load = plain.load as Plain | null | undefined;
  return load === null || load === undefined ? report : { ...report, load: unpackLoad(load) };
}

function packLoad({ by, band }: DriftLoad): Plain {
  const measure = loadMeasures.indexOf(by) + 1;
  if (measure === 0) throw new WireRangeError(`load is not measured by ${by}`);
  return compact({ by: measure, band: asBand(band) });
}

function unpackLoad({ by, band }: Plain): DriftLoad {
  const measure = loadMeasures[asCount(by, "load") - 1];
  if (measure === undefined)
    throw new WireRangeError(`load is measured by ${String(by)}, which is not known`);
  return { by: measure, band: asBand(band) };
}

function asBand(band: unknown): number {
  if (typeof band === "number" && Number.isInteger(band) && Math.abs(band) <= maxBand) return band;
  throw new WireRangeError(`load band is ${String(band)}, not a whole number from -${maxBand} to ${maxBand}`);
}

/** The moments of an empty sketch may be NaN: they travel as they are. */
function packSketch(sketch: FeatureSketch): Plain {
  return compact({
    feature: asUint32(sketch.feature, "feature"),
    counts: asList(sketch.counts, "counts", maxBins).map((count) => asUint32(count, "counts")),
    invalid: asUint32(sketch.invalid, "invalid"),
    mean: sketch.mean,
    sumSquares: sketch.sumSquares,
    min: sketch.min,
    max: sketch.max,
  });
}

function unpackSketch(plain: Plain): FeatureSketch {
  return {
    feature: asCount(plain.feature, "feature"),
    counts: asList(plain.counts, "counts", maxBins).map((count) => asCount(count, "counts")),
    invalid: asCount(plain.invalid, "invalid"),
    mean: Number(plain.mean),
    sumSquares: Number(plain.sumSquares),
    min: Number(plain.min),
    max: Number(plain.max),
  };
}

function checkInterval({ fromMs, toMs }: Pick<DriftReport, "fromMs" | "toMs">): void {
  if (toMs < fromMs) throw new WireRangeError(`interval ends ${fromMs - toMs} ms before it begins`);
  if (toMs - fromMs > maxIntervalMs) {
    const days = ((toMs - fromMs) / maxIntervalMs).toFixed(1);
    throw new WireRangeError(`interval is ${days} days long, at most one day allowed`);
  }
}

/** Columns follow one another, and none counts more values than there were windows: column 0 is counted in all of them. */
function checkColumns(sketches: readonly FeatureSketch[]): void {
  let last = -1;
  let windows = Number.POSITIVE_INFINITY;
  for (const sketch of sketches) {
    const { feature } = sketch;
    if (feature <= last) throw new WireRangeError(`column ${feature} follows column ${last}`);
    last = feature;
    const values = sketch.counts.reduce((sum, count) => sum + count, 0);
    const counted = values + sketch.invalid;
    if (feature === 0) windows = counted;
    if (counted > windows) {
      throw new WireRangeError(`column ${feature} counts ${counted} values in ${windows} windows`);
    }
    const fault = values === 0 ? null : findMomentFault(sketch, values);
    if (fault !== null) throw new WireRangeError(`column ${feature}: ${fault}`);
  }
}

/** What float32 leaves of a number, with room to spare. */
const rounding = 1e-5;
/** The smallest float32 that keeps its precision. */
const leastFloat32 = 2 ** -126;

/** Why `values` finite values cannot have these moments, or null. */
function findMomentFault({ mean, sumSquares, min, max }: FeatureSketch, values: number): string | null {
  if (![mean, sumSquares, min, max].every(Number.isFinite)) return "moments that are not finite";
  if (sumSquares < 0) return `sumSquares is ${sumSquares}`;
  if (min > max) return `min ${min} is above max ${max}`;
  const slack = rounding * Math.max(Math.abs(min), Math.abs(max));
  if (mean < min - slack || mean > max + slack)
    return `mean ${mean} is not between min ${min} and max ${max}`;
  // Popoviciu (1935): no variance is larger than that of values which all lie at the ends.
  const largest = values * ((max - min + slack) / 2) ** 2;
  return sumSquares > largest * (1 + rounding) + leastFloat32
    ? `sumSquares ${sumSquares} is more than ${values} values between ${min} and ${max} can have`
    : null;
}
