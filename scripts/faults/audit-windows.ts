/** What became of acknowledged samples: in a stored window, in a declared gap, or missing; and windows that are stored twice. */
import type { AcknowledgedPiece, TimeSpan } from "./paced-device.ts";

/** A row of predictions. */
export interface StoredRow {
  /** End of its last window, epoch ms. */
  readonly toMs: number;
  readonly windows: number;
  /** Of its windows together. */
  readonly lengthMs: number;
}

/** What times and speeds are rounded by, over the windows of a row. */
const toleranceMs = 50;
/** Cells that are looked at together, from each one on. */
const runOfCells = 12;

/**
 * Pieces of which something is neither in a window nor in a gap, and the number of those that only a gap declares. Where a device
 * itself left something out while its gateway ran, the window before is set aside and counted, and may be missing: that one alone.
 */
export function findMissing(
  pieces: readonly AcknowledgedPiece[],
  rows: readonly StoredRow[],
  gaps: readonly TimeSpan[],
): { readonly missing: readonly TimeSpan[]; readonly declared: number } {
  const windows = rows.map(({ toMs, lengthMs }) => ({ fromMs: toMs - lengthMs, toMs }));
  const longestMs = rows.reduce((longest, row) => Math.max(longest, row.lengthMs / row.windows), 0);
  const stored = joinSpans(windows);
  const known = joinSpans([...windows, ...gaps]);
  const excused = joinSpans([...known, ...listSetAside(pieces, longestMs)]);
  const isIn = (piece: TimeSpan, spans: readonly TimeSpan[]): boolean =>
    measureUncovered(piece, spans) <= toleranceMs;
  return {
    missing: pieces.filter((piece) => !isIn(piece, excused)),
    declared: pieces.filter((piece) => !isIn(piece, stored) && isIn(piece, known)).length,
  };
}

/** The window before each place at which a device left something out, no longer than what it had sent since the place before. */
function listSetAside(pieces: readonly AcknowledgedPiece[], windowMs: number): readonly TimeSpan[] {
  let beganMs = Number.NaN;
  return pieces.flatMap((piece, index) => {
    const [before, after] = [pieces[index - 1], pieces[index + 1]];
    if (before?.run !== piece.run || isApart(before, piece)) beganMs = piece.fromMs;
    const isLast = piece.isCutOff || (after?.run === piece.run && isApart(piece, after));
    return isLast ? [{ fromMs: Math.max(beganMs, piece.toMs - windowMs), toMs: piece.toMs }] : [];
  });
}

function isApart(before: TimeSpan, after: TimeSpan): boolean {
  return after.fromMs - before.toMs > 1;
}

/**
 * Time at which rows hold more windows than time had room for, or null. Of a row it is known in which cell of `rowMs` its windows
 * ended; it may have been closed behind others that hold single windows of the same cell.
 */
export function findDoubled(rows: readonly StoredRow[], rowMs: number): string | null {
  const single = rows.filter(({ windows }) => windows === 1);
  for (const [index, { toMs, lengthMs }] of single.entries())
    if (index > 0 && toMs - lengthMs < single[index - 1]!.toMs - toleranceMs) return writeTime(toMs);
  const cells = new Map<number, number>();
  let longestMs = 0;
  for (const { toMs, windows, lengthMs } of rows) {
    const cell = Math.floor(toMs / rowMs);
    cells.set(cell, (cells.get(cell) ?? 0) + lengthMs);
    longestMs = Math.max(longestMs, lengthMs / windows);
  }
  for (const first of cells.keys()) {
    let sumMs = 0;
    for (let cell = first; cell < first + runOfCells; cell++) {
      sumMs += cells.get(cell) ?? 0;
      const roomMs = (cell - first + 1) * rowMs + longestMs + toleranceMs;
      if (sumMs > roomMs) return writeTime(first * rowMs);
    }
  }
  return null;
}

/** In order, none touching the next. */
function joinSpans(spans: readonly TimeSpan[]): readonly TimeSpan[] {
  const joined: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of spans.toSorted((left, right) => left.fromMs - right.fromMs)) {
    const last = joined.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else joined.push({ fromMs, toMs });
  }
  return joined;
}

function measureUncovered({ fromMs, toMs }: TimeSpan, spans: readonly TimeSpan[]): number {
  let coveredMs = 0;
  for (const span of spans)
    coveredMs += Math.max(0, Math.min(toMs, span.toMs) - Math.max(fromMs, span.fromMs));
  return toMs - fromMs - coveredMs;
}

function writeTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
