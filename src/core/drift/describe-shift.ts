/** Tells what moved in a column, in its own unit, since when and at which loads. Decides nothing. */
import type { DriftRole, FeatureShift } from "../contract/drift-verdict.ts";
import { type ColumnDay, leastRows, listKnownLoads } from "./column-day.ts";
import type { AspectTest } from "./column-test.ts";
import type { ColumnReference } from "./site-reference.ts";

export function describeShift(
  column: ColumnReference & { readonly feature: number; readonly role: DriftRole },
  { test, today, fromMs }: { test: AspectTest; today: ColumnDay; fromMs: number },
): FeatureShift {
  const { shift, t, pValue } = test;
  const aspect = today.isStuck && test.aspect === "spread" ? "stuck" : test.aspect;
  const isMean = aspect === "mean";
  const [reference, current] = describeEnds(column, today, { ...test, aspect });
  return {
    feature: column.feature,
    name: column.name,
    role: column.role,
    aspect,
    reference,
    current,
    shift,
    deviations: t,
    pValue,
    sinceMs: isMean ? (column.run?.[1] ?? fromMs) : fromMs,
    loads: isMean ? shiftsAtLoads(column, test, today) : [],
  };
}

/** Of the reference and of the day. */
function describeEnds(
  column: ColumnReference,
  today: ColumnDay,
  { aspect, centre, shift }: Pick<AspectTest, "centre" | "shift"> & Pick<FeatureShift, "aspect">,
): readonly [number, number] {
  switch (aspect) {
    case "mean": {
      const reference = averageCurve(column, today) + centre;
      return [reference, reference + shift];
    }
    case "spread":
      return [centre, centre * Math.exp(shift)];
    case "invalid":
      return [centre, centre + shift];
    case "stuck": {
      // What did not scatter any more has one value at every load.
      const usual = column.days.reduce((sum, day) => sum + day[3], 0) / column.days.length;
      return [averageCurve(column, today) + usual, today.loads[0]!.mean];
    }
    default:
      return aspect satisfies never;
  }
}

/** The reference's mean at the loads of the day. */
function averageCurve(column: ColumnReference, today: ColumnDay): number {
  const known = listKnownLoads(column.curve);
  let rows = 0;
  let sum = 0;
  for (const { by, band, count } of today.loads) {
    const point = known.find((each) => each[0] === by && each[1] === band);
    if (point === undefined) continue;
    rows += count;
    sum += count * point[4];
  }
  return rows === 0 ? 0 : sum / rows;
}

function shiftsAtLoads(
  column: ColumnReference,
  { centre }: AspectTest,
  today: ColumnDay,
): FeatureShift["loads"] {
  const known = listKnownLoads(column.curve);
  return today.loads.flatMap(({ by, band, count, mean }) => {
    const point = known.find((each) => each[0] === by && each[1] === band);
    if (by === 0 || point === undefined || count < leastRows) return [];
    return [
      { by: by === 1 ? ("power" as const) : ("speed" as const), band, shift: mean - point[4] - centre },
    ];
  });
}
