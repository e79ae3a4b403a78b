/** What changed between two days, as text for a terminal. */
import type { FeatureShift } from "../../core/contract/drift-verdict.ts";
import { describeColumn } from "../../core/drift/describe-column.ts";
import { describeMove, driftLevelWords, formatThree } from "../../core/drift/drift-words.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayPoint } from "../terminal/render-drift.ts";
import type { DayDiff, DaySide, PointChange } from "./diff-days.ts";

/** A paragraph a point that changed. */
export function renderDayDiff({ from, to, changes, unchanged }: DayDiff): string {
  const same = `${unchanged} ${unchanged === 1 ? "point is" : "points are"} as before`;
  if (changes.length === 0) return `${from} to ${to}: nothing changed; ${same}.\n`;
  const head = `${from} to ${to}: ${countOf(changes.length, "point")} changed, ${same}.`;
  return `${[head, ...changes.flatMap(renderChange)].join("\n")}\n`;
}

function renderChange(change: PointChange): string[] {
  const { before, after, appeared, ended, stayed } = change;
  const model =
    before !== null && after !== null && before.modelVersion !== after.modelVersion
      ? [`  model    ${change.modelName} ${before.modelVersion} became ${after.modelVersion}`]
      : [];
  const title = after?.cause?.title;
  return [
    "",
    `${sayPoint(change)}: ${describeSide(before)} became ${describeSide(after)}`,
    ...(title === undefined || title === before?.cause?.title ? [] : [`  now      ${title}`]),
    ...model,
    ...appeared.map((shift) => `  new      ${describe(shift)}`),
    ...ended.map((shift) => `  ended    ${describe(shift)}`),
    ...stayed.map(
      ({ before: was, after: is }) =>
        `  still    ${describe(is)} (${formatThree(Math.abs(was.deviations))}, now ${formatThree(Math.abs(is.deviations))} times what is usual)`,
    ),
  ];
}

function describeSide(side: DaySide | null): string {
  if (side === null) return "no verdict";
  const words = driftLevelWords[side.level];
  return side.reason === null ? words : `${words} (${side.reason})`;
}

function describe(shift: FeatureShift): string {
  return `${describeColumn(shift.name, shift.role)}: ${describeMove(shift)}`;
}
