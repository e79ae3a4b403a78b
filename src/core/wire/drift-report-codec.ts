/** Packs drift sketches: counts as varints, moments as float32, so that 16 bins take 34 to 92 bytes. */
import type { DriftReport, FeatureSketch } from "../contract/uplink-record.ts";
import {
  asCount,
  asList,
  asText,
  asUint32,
  compact,
  maxBins,
  maxSketches,
  type Plain,
  WireRangeError,
} from "./uplink-schema.ts";

/** Fields of the message; throws {@link WireRangeError} for a report past its bounds. */
export function packDriftReport(report: DriftReport): Plain {
  asList(report.sketches, "sketches", maxSketches);
  return compact({
    site: asText(report.site, "site"),
    turbine: asText(report.turbine, "turbine"),
    component: asText(report.component, "component"),
    modelName: asText(report.modelName, "modelName"),
    modelVersion: asText(report.modelVersion, "modelVersion"),
    modelDigest: asText(report.modelDigest, "modelDigest"),
    fromMs: asCount(Math.round(report.fromMs), "fromMs"),
    toMs: asCount(Math.round(report.toMs), "toMs"),
    sketches: report.sketches.map(packSketch),
  });
}

/** The report of a decoded message; throws {@link WireRangeError} for one that breaks its bounds. */
export function unpackDriftReport(plain: Plain): DriftReport {
  return {
    kind: "drift-report",
    site: asText(plain.site, "site"),
    turbine: asText(plain.turbine, "turbine"),
    component: asText(plain.component, "component"),
    modelName: asText(plain.modelName, "modelName"),
    modelVersion: asText(plain.modelVersion, "modelVersion"),
    modelDigest: asText(plain.modelDigest, "modelDigest"),
    fromMs: asCount(plain.fromMs, "fromMs"),
    toMs: asCount(plain.toMs, "toMs"),
    sketches: asList(plain.sketches, "sketches", maxSketches).map((sketch) => unpackSketch(sketch as Plain)),
  };
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
