/**
 * What becomes of drift's rows, alike in every engine: where a report belongs, what fits together, how rows become a
 * period's summary or a day's sketches. Knows no table; a row is read by the names of its columns.
 */
import type { DriftLevel, DriftLoad, DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { DriftReport, FeatureSketch } from "../../core/contract/uplink-record.ts";
import type { DayCell, DayFeature, DaySummary } from "../../core/drift/day-summary.ts";
import { nameDriftDay, type PeriodRange } from "../../core/drift/drift-day.ts";
import { worseDriftLevel } from "../../core/drift/drift-level.ts";
import { addToDay } from "../../core/drift/merge-day.ts";
import { mergeSketches } from "../../core/drift/sketcher.ts";
import {
  type ColumnMoments,
  mergeColumns,
  packSketches,
  unpackMoments,
  unpackSketches,
} from "./drift-blobs.ts";
import type {
  DriftDay,
  DriftDayLevels,
  DriftPeriod,
  DriftState,
  DriftVerdictPage,
  StoredReference,
} from "./drift-record.ts";
import { DriftRefusedError, driftBounds, driftCursor } from "./drift-rules.ts";
import { numberOrNull, type RecordRow, textOrNull } from "./record-rules.ts";

/** A report as a day of its own: where in which period it belongs. @throws DriftRefusedError when it does not hold together */
export function placeReport(report: DriftReport, periodMs: number): DaySummary {
  const large = report.sketches.find(
    ({ feature, counts }) => feature >= driftBounds.columns || counts.length > driftBounds.bins,
  );
  if (large !== undefined) {
    const detail = `column ${large.feature} of ${large.counts.length} bins`;
    const room = `${driftBounds.columns} columns of ${driftBounds.bins} bins are kept`;
    throw new DriftRefusedError("drift-bounds", `${detail}; at most ${room}`);
  }
  try {
    return addToDay(null, report, periodMs);
  } catch (error) {
    if (error instanceof RangeError) throw new DriftRefusedError("shape-invalid", error.message);
    throw error;
  }
}

/** @throws DriftRefusedError for sketches of other bins */
export function mergeSketch(stored: FeatureSketch, added: FeatureSketch): FeatureSketch {
  checkBins(stored, added, "period");
  return mergeSketches(stored, added);
}

function checkBins(stored: FeatureSketch, added: FeatureSketch, of: "period" | "day"): void {
  if (stored.counts.length === added.counts.length) return;
  const bins = `${added.counts.length} bins, so far it had ${stored.counts.length}`;
  throw new DriftRefusedError("drift-bins", `column ${added.feature} has ${bins} in this ${of}`);
}

/**
 * Holds sketches against the first of their day, with which they will be read together.
 * @throws DriftRefusedError for sketches of other bins
 */
export function checkDayBins(firstOfDay: Uint8Array, sketches: readonly FeatureSketch[]): void {
  const day = new Map(unpackSketches(firstOfDay).map((sketch) => [sketch.feature, sketch]));
  for (const sketch of sketches) {
    const stored = day.get(sketch.feature);
    if (stored !== undefined) checkBins(stored, sketch, "day");
  }
}

/** What a gateway occupies. @throws DriftRefusedError when it may not begin another period of a point and model */
export function checkRoom(
  gateway: string,
  { inPeriod, open }: { readonly inPeriod: number; readonly open: number },
): void {
  if (inPeriod >= driftBounds.pointsPerPeriod) {
    throw new DriftRefusedError(
      "drift-bounds",
      `${gateway} reports of more than ${driftBounds.pointsPerPeriod} points and models`,
    );
  }
  if (open >= driftBounds.openPeriods) {
    throw new DriftRefusedError(
      "drift-bounds",
      `${driftBounds.openPeriods} periods of ${gateway} wait to be assessed`,
    );
  }
}

/** One report's moments, which lie in one slot and at one load. */
export interface ReportCell {
  readonly slot: number;
  readonly loadName: string;
  readonly moments: readonly ColumnMoments[];
}

/** The cell that a report adds to; null when it has no value at all. */
export function cellOf(report: readonly DayFeature[]): ReportCell | null {
  const place = report.find(({ cells }) => cells.length > 0)?.cells[0];
  if (place === undefined) return null;
  const moments = report.flatMap(({ sketch: { feature }, cells }) =>
    cells.map(({ count, mean, sumSquares }): ColumnMoments => ({ feature, count, mean, sumSquares })),
  );
  return { slot: place.slot, loadName: nameLoad(place.load), moments };
}

/** @throws DriftRefusedError when a slot that has so many loads may not have another */
export function checkLoads(loads: number): void {
  if (loads < driftBounds.loadsPerSlot) return;
  throw new DriftRefusedError("drift-bounds", `more than ${driftBounds.loadsPerSlot} loads within one slot`);
}

/** Null: they do not fit together, for their bins or a sum beyond all counts; the day goes on without the second. */
export function packTogether(day: Uint8Array, period: Uint8Array): Uint8Array | null {
  try {
    return packSketches(mergeColumns(unpackSketches(day), unpackSketches(period), mergeSketches));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What was heard in a period, of its row and those of its cells. */
export function assembleSummary(row: RecordRow, cellRows: readonly RecordRow[]): DaySummary {
  const cells = new Map<number, DayCell[]>();
  for (const { slot, load_name, moments } of cellRows) {
    const place = { slot: Number(slot), load: readLoad(String(load_name)) };
    for (const { feature, count, mean, sumSquares } of unpackMoments(moments as Uint8Array)) {
      if (count === 0) continue;
      const cell: DayCell = { slot: place.slot, load: place.load, count, mean, sumSquares };
      const list = cells.get(feature);
      if (list === undefined) cells.set(feature, [cell]);
      else list.push(cell);
    }
  }
  const sketches = unpackSketches(row.sketches as Uint8Array);
  return {
    fromMs: Number(row.from_ms),
    periodMs: Number(row.period_ms),
    features: sketches.map((sketch) => ({ sketch, cells: cells.get(sketch.feature) ?? [] })),
  };
}

function nameLoad(load: DriftLoad | null): string {
  return load === null ? "" : `${load.by}:${load.band}`;
}

function readLoad(name: string): DriftLoad | null {
  if (name === "") return null;
  const [by, band] = name.split(":");
  return { by: by === "power" ? "power" : "speed", band: Number(band) };
}

/** Joins the rows of one point and model, which follow one another. */
export function groupIntoDays(day: string, rows: readonly RecordRow[]): DriftDay[] {
  const days: DriftDay[] = [];
  for (const row of rows) {
    const next = readDay(day, row);
    const last = days.at(-1);
    const isSame =
      last !== undefined &&
      last.site === next.site &&
      last.turbine === next.turbine &&
      last.component === next.component &&
      last.modelDigest === next.modelDigest;
    if (isSame) days[days.length - 1] = joinPeriods(last, next);
    else days.push(next);
  }
  return days;
}

function readDay(day: string, row: RecordRow): DriftDay {
  return {
    site: String(row.site),
    turbine: String(row.turbine),
    component: String(row.component),
    day,
    modelName: String(row.model_name),
    modelVersion: String(row.model_version),
    modelDigest: String(row.model_digest),
    fromMs: Number(row.first_ms),
    toMs: Number(row.last_ms),
    reports: Number(row.reports),
    sketches: unpackSketches(row.sketches as Uint8Array),
  };
}

function joinPeriods(a: DriftDay, b: DriftDay): DriftDay {
  return {
    ...a,
    fromMs: Math.min(a.fromMs, b.fromMs),
    toMs: Math.max(a.toMs, b.toMs),
    reports: a.reports + b.reports,
    sketches: mergeColumns(a.sketches, b.sketches, mergeSketches),
  };
}

/** Verdicts of a list; one row more than is asked for says that it goes on. */
export function cutVerdicts(rows: readonly RecordRow[], limit: number): DriftVerdictPage {
  const verdicts = rows.slice(0, limit).map((row) => JSON.parse(String(row.json)) as DriftVerdict);
  const last = verdicts.at(-1);
  return { verdicts, next: rows.length > limit && last !== undefined ? driftCursor(last) : null };
}

/** The worst level of each point and day, of the levels of periods. */
export function assembleDriftDays(rows: {
  /** In the order of time. */
  readonly shown: readonly PeriodRange[];
  /** Of `point`, `level` and the range of the period. */
  readonly levels: readonly RecordRow[];
  /** In the order of their names; one more than `limit` where others follow. */
  readonly points: readonly RecordRow[];
  /** Undefined: all. */
  readonly limit: number | undefined;
}): DriftDayLevels {
  const names = [...new Set(rows.shown.map(nameDriftDay))];
  const columnOf = createColumns(names);
  const byPoint = new Map<number, (DriftLevel | null)[]>();
  for (const row of rows.levels) {
    const index = columnOf(readRange(row));
    if (index === undefined) continue;
    const point = Number(row.point);
    const ofPoint = byPoint.get(point) ?? names.map(() => null);
    byPoint.set(point, ofPoint);
    ofPoint[index] = worseDriftLevel(ofPoint[index] ?? null, row.level as DriftLevel);
  }
  const shownPoints = rows.points.slice(0, rows.limit);
  const points = shownPoints.flatMap((row) => {
    const levels = byPoint.get(Number(row.id));
    return levels === undefined ? [] : [{ ...readPoint(row), levels }];
  });
  const last = shownPoints.length < rows.points.length ? shownPoints.at(-1) : undefined;
  const next = last === undefined ? null : driftCursor({ ...readPoint(last), modelDigest: "" });
  return { days: names, points, next };
}

/** The column of a period among names of days. Each period is named once: its rows are many thousands, and naming costs more than reading them. */
function createColumns(names: readonly string[]): (range: PeriodRange) => number | undefined {
  const byName = new Map(names.map((name, index) => [name, index]));
  const byStart = new Map<number, Map<number, number | undefined>>();
  return (range) => {
    const { fromMs, toMs } = range;
    const byEnd = byStart.get(fromMs) ?? new Map<number, number | undefined>();
    byStart.set(fromMs, byEnd);
    if (!byEnd.has(toMs)) byEnd.set(toMs, byName.get(nameDriftDay(range)));
    return byEnd.get(toMs);
  };
}

/** The period that a row names. */
export function readRange(row: RecordRow): PeriodRange {
  return { fromMs: Number(row.from_ms), toMs: Number(row.to_ms) };
}

/** The point that a row names. */
export function readPoint(row: RecordRow): PointId {
  return { site: String(row.site), turbine: String(row.turbine), component: String(row.component) };
}

/** A period that is due, of a row of `renewed_ms`, `previous_digest`, its range and its model. */
export function readDuePeriod(row: RecordRow): DriftPeriod {
  return {
    ...readPoint(row),
    ...readRange(row),
    modelDigest: String(row.model_digest),
    modelName: String(row.model_name),
    modelVersion: String(row.model_version),
    renewedMs: numberOrNull(row.renewed_ms),
    previousDigest: textOrNull(row.previous_digest),
  };
}

/** What a row says that days have taught. */
export function readStoredReference(row: RecordRow): StoredReference {
  return {
    reference: JSON.parse(String(row.json)) as unknown,
    periodMs: Number(row.period_ms),
    untilMs: Number(row.until_ms),
    renewedMs: numberOrNull(row.renewed_ms),
  };
}

/** What a row says was last told of a point. */
export function readDriftState(row: RecordRow): DriftState {
  return {
    ...readPoint(row),
    modelDigest: String(row.model_digest),
    level: row.level as DriftState["level"],
    sinceMs: Number(row.since_ms),
    fromMs: Number(row.from_ms),
    stablePeriods: Number(row.stable_periods),
  };
}
