/** Drift reports of an invented fleet, as its gateways would send them: ordinary days that scatter, and columns that move. */
import type { DriftLoad } from "../../src/core/contract/drift-verdict.ts";
import { namePoint } from "../../src/core/contract/name-point.ts";
import type { PointId } from "../../src/core/contract/stream.ts";
import type { DriftReport, FeatureSketch } from "../../src/core/contract/uplink-record.ts";
import type { DriftReference } from "../../src/core/drift/drift-reference.ts";
import { dayMs } from "../../src/core/maths/durations.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";

/** Quantiles of the standard normal distribution at 1/16, 2/16 …, as 16 bins have them. */
const normalEdges = [
  -1.534, -1.15, -0.887, -0.674, -0.489, -0.319, -0.157, 0, 0.157, 0.319, 0.489, 0.674, 0.887, 1.15, 1.534,
];

/** A drift reference of so many features, one score and so many levels, with the bins of a standard normal distribution. */
export function createFleetReference(shape: {
  readonly features: number;
  readonly levels: number;
}): DriftReference {
  const { features, levels } = shape;
  const column = (name: string, role: "feature" | "score" | "level") => ({
    name,
    role,
    edges: normalEdges,
    counts: [...normalEdges.map(() => 60), 60],
    mean: 0,
    sumSquares: 960,
    min: -4,
    max: 4,
    warningPsi: [0.1],
    driftPsi: [0.2],
  });
  return {
    rows: 960,
    featureCount: features,
    features: [
      ...Array.from({ length: features }, (_, index) => column(`feature.${index}`, "feature")),
      column("score.wear", "score"),
      ...Array.from({ length: levels }, (_, index) => column(`level.${index}`, "level")),
    ],
    calibration: {
      seed: 1,
      replicates: 1,
      blockRows: 1,
      warningRate: 0.01,
      driftRate: 0.001,
      sampleSizes: [60],
      familyWarningRatio: [1],
      familyDriftRatio: [1],
    },
  };
}

export interface DayOfReports {
  readonly point: PointId;
  /** Start of the day, epoch ms. */
  readonly fromMs: number;
  readonly digest?: string;
  /** Hours of the day that were heard; default 0 to 24. */
  readonly hours?: readonly [number, number];
  /** Added to these columns, in standard deviations. */
  readonly shift?: { readonly columns: readonly number[]; readonly by: number };
  /** Reports an hour, one at each load; default 1 of an unknown load. */
  readonly loads?: readonly DriftLoad[];
  /** Length of a period; default a day, of which the report are hours. */
  readonly periodMs?: number;
}

/** Rows of one report. */
const rowsPerReport = 6;

/** Reports of a point on one day, the same for the same point and day. Days scatter by .3 of the rows' standard deviation. */
export function createDayReports(reference: DriftReference, day: DayOfReports): DriftReport[] {
  const { point, fromMs, digest = "d", hours = [0, 24], loads = [], periodMs = dayMs } = day;
  const columns = reference.features.length;
  const random = createRandom(seedOf(namePoint(point)) + fromMs / periodMs);
  const centres = Array.from({ length: columns }, (_, column) => {
    const moved = day.shift?.columns.includes(column) === true ? day.shift.by : 0;
    return 0.3 * random.normal() + moved;
  });
  const reports: DriftReport[] = [];
  for (let hour = 0; hour < 24; hour++) {
    for (const load of loads.length === 0 ? [undefined] : loads) {
      const sketches = centres.map((centre, feature) => drawSketch(feature, centre, random));
      if (hour < hours[0] || hour >= hours[1]) continue;
      reports.push({
        kind: "drift-report",
        ...point,
        modelName: "bearing-vibration",
        modelVersion: digest === "d" ? "1.0.0" : "1.1.0",
        modelDigest: digest,
        fromMs: fromMs + (hour * periodMs) / 24,
        toMs: fromMs + ((hour + 1) * periodMs) / 24,
        ...(load === undefined ? {} : { load }),
        sketches,
      });
    }
  }
  return reports;
}

function drawSketch(feature: number, centre: number, random: Random): FeatureSketch {
  const counts = new Array<number>(normalEdges.length + 1).fill(0);
  let [mean, sumSquares, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 1; row <= rowsPerReport; row++) {
    const value = centre + random.normal();
    const bin = normalEdges.findIndex((edge) => value < edge);
    counts[bin === -1 ? normalEdges.length : bin]!++;
    const delta = value - mean;
    mean += delta / row;
    sumSquares += delta * (value - mean);
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { feature, counts, invalid: 0, mean, sumSquares, min, max };
}

function seedOf(name: string): number {
  let seed = 7;
  for (const letter of name) seed = (seed * 31 + letter.charCodeAt(0)) % 1_000_003;
  return seed;
}
