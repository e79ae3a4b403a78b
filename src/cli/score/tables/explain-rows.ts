/**
 * Explains what a model of normal behaviour expects in the last row of a table, or the last until a moment, as the gateway would
 * compute it: every place's temperature from groups of what the turbine does. What lies above it is the residual, before the
 * correction that a gateway learns for its own site.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { Explanation, ModelRef } from "../../../core/contract/prediction.ts";
import { createScalarExtractor } from "../../../core/features/scalar-extractor.ts";
import { explainWindow, type LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { refuseTable } from "../../../training/dataset/table-rows.ts";
import { renderShares } from "../../terminal/render-shares.ts";
import { type ReadingColumns, readReadings } from "./read-readings.ts";

/** One place; base value and shares are in the unit of its channel, and sum to what is expected. */
interface PlaceExplanation extends Explanation {
  readonly channel: string;
  readonly title: string;
  readonly component: string;
  readonly unit: string;
  readonly expected: number;
  /** Null where the table has no reading of it. */
  readonly measured: number | null;
  /** The student's integer that the expectation stands for. */
  readonly quantised: number;
}

/** `aurora explain --json` of a model of normal behaviour. */
export interface RowExplanation {
  readonly file: string;
  readonly model: ModelRef;
  /** Begin of the row's window, and rows that its averages over time rest on. */
  readonly row: { readonly atMs: number; readonly rows: number };
  readonly places: readonly PlaceExplanation[];
}

/** Which row of a table is explained, and what its columns are. */
interface ExplainedRow {
  readonly columns: ReadingColumns;
  /** The last one that begins no later than this, epoch ms; left out: the last of all. */
  readonly atMs?: number | undefined;
}

/**
 * Explains the last complete row of the table in `file`, whose rows must rise in time. Fails with DATA_MISSING, and with
 * DATA_FORMAT where no row has all that the student reads.
 */
export async function explainRows(
  bundle: LoadedBundle,
  file: string,
  { columns, atMs: untilMs = Number.POSITIVE_INFINITY }: ExplainedRow,
): Promise<RowExplanation> {
  const { manifest } = bundle;
  const { timeMs, readings } = await readReadings(file, columns);
  const wrong = timeMs.findIndex((time, index) => !(time > (index === 0 ? -Infinity : timeMs[index - 1]!)));
  if (wrong >= 0) throw refuseTable(file, `row ${wrong + 1}: its time is none, or not after the one before`);
  const extractor = createScalarExtractor(manifest.features);
  const lacking = extractor.channels.filter((channel) => !readings.has(channel));
  if (lacking.length > 0) throw refuse(file, `has no column for ${lacking.join(", ")}`);
  let last: { readonly row: number; readonly features: Float32Array } | null = null;
  for (const [row, atMs] of timeMs.entries()) {
    if (atMs > untilMs) break;
    // As on the gateway: a row that lacks a channel is set aside, never filled in.
    if (extractor.channels.some((channel) => !Number.isFinite(readings.get(channel)![row]!))) continue;
    extractor.begin();
    for (const channel of extractor.channels) extractor.push(channel, readings.get(channel)![row]!);
    const features = new Float32Array(manifest.features.list.length);
    extractor.finish(features, 0, atMs);
    last = { row, features };
  }
  if (last === null) {
    const until = Number.isFinite(untilMs) ? ` until ${new Date(untilMs).toISOString()}` : "";
    throw refuse(file, `has no row${until} with a reading of each of ${extractor.channels.join(", ")}`);
  }
  const { row, features } = last;
  const [output, explanations] = [await bundle.score({ features }), await explainWindow(bundle, features)];
  return {
    file,
    model: bundle.ref,
    row: { atMs: timeMs[row]!, rows: row + 1 },
    places: manifest.normalBehaviour!.residuals.map(({ channel, component, location, scale }, index) => {
      const { baseValue, groups, gap } = explanations[index]!;
      const measured = readings.get(channel)?.[row] ?? Number.NaN;
      return {
        channel,
        title: manifest.outputs[index]!.title,
        component,
        unit: manifest.channels.find(({ name }) => name === channel)?.unit ?? "",
        expected: location + scale * output.logits[index]!,
        measured: Number.isFinite(measured) ? measured : null,
        quantised: output.quantised[index]!,
        baseValue: location + scale * baseValue,
        groups: groups.map(({ name, share }) => ({ name, share: scale * share })),
        gap: scale * gap,
      };
    }),
  };
}

/** As bar charts for the terminal; `color` adds ANSI colours. */
export function renderRowExplanation({ file, model, row, places }: RowExplanation, color: boolean): string {
  const at = new Date(row.atMs).toISOString();
  const lines = [
    `${file}, ${at} (row ${row.rows}), by ${model.name} ${model.version} (${model.digest.slice(0, 12)})`,
  ];
  for (const place of places) {
    const { title, component, unit, expected, measured } = place;
    const seen = measured === null ? "not measured" : `measured ${measured.toFixed(1)}`;
    lines.push("", `${title} (${component})  expected ${expected.toFixed(1)} ${unit}, ${seen}`);
    for (const line of renderShares({ ...place, score: expected }, color, unit)) lines.push(`  ${line}`);
  }
  return `${lines.join("\n")}\n`;
}

function refuse(file: string, message: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${file} ${message}`, {
    op: "explain row",
    subject: file,
    hint: "columns go by the channels' names (`aurora bundle inspect DIR`) or by those of the data that the bundle was made from",
  });
}
