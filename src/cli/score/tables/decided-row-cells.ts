/** A judged row as cells of a table: times, state, of every place integer, expectation, measurement and residual, of every component the decision. */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { listComponents, requireSpec } from "../../../core/serving/scada/scada-turbine.ts";
import type { Cell } from "../files/row-writer.ts";
import type { ReplayedRow } from "./replay-farm.ts";

/** The columns of a bundle's rows, and what stands in them. */
export interface DecidedRowCells {
  readonly columns: readonly string[];
  cellsOf(row: ReplayedRow, file: string): Cell[];
}

/** Places the cells of rows that a bundle of normal behaviour judges. */
export function placeDecidedRow(manifest: Manifest): DecidedRowCells {
  const spec = requireSpec(manifest);
  const components = listComponents(spec);
  const places = spec.residuals.map(({ channel, location, scale }) => ({
    channel,
    location,
    scale,
    // In the order of a row's values.
    at: manifest.channels.filter(({ kind }) => kind === "scalar").findIndex(({ name }) => name === channel),
  }));
  return {
    columns: [
      "turbine",
      "file",
      "row",
      "from_ms",
      "to_ms",
      "state",
      ...places.flatMap(({ channel }) =>
        ["quantised", "expected", "measured", "residual"].map((what) => `${what}_${channel}`),
      ),
      ...components.flatMap((component) =>
        ["score", "probability", "inspect", "sensor_fault"].map((what) => `${what}_${component}`),
      ),
    ],
    cellsOf: ({ place, judged: { row, state, output, residuals: left }, decisions }, file) => [
      place.turbine,
      file,
      place.row,
      row.fromMs,
      row.toMs,
      state,
      ...places.flatMap(({ at, location, scale }, index): Cell[] => [
        output.quantised[index]!,
        location + scale * output.logits[index]!,
        row.values[at]!,
        left?.[index] ?? null,
      ]),
      ...decisions.flatMap(({ modes: [ahead, sensor] }): Cell[] =>
        ahead === undefined || sensor === undefined
          ? [null, null, null, null]
          : [ahead.score, ahead.probability, ahead.active ? 1 : 0, sensor.active ? 1 : 0],
      ),
    ],
  };
}
