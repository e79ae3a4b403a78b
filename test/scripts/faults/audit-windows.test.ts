/** Whether the audit of a fault run finds what is missing and what is doubled, and cries at nothing else. */
import { expect, test } from "vitest";
import { shippedWindow } from "../../../scripts/bearing-feature-spec.ts";
import { findDoubled, findMissing, type StoredRow } from "../../../scripts/faults/audit-windows.ts";
import type { AcknowledgedPiece } from "../../../scripts/faults/paced-device.ts";
import { createPredictionThinner } from "../../../src/gateway/record/prediction-thinner.ts";

const shaftRpm = 1_500;
const windowMs = (shippedWindow.length * 60_000) / shaftRpm;
const pieceMs = 2_000;

function rowAt(toMs: number): StoredRow {
  return { toMs, windows: 1, lengthMs: windowMs };
}

/** Windows that end one after the other, a row each. */
function rowsFrom(fromMs: number, count: number): readonly StoredRow[] {
  return Array.from({ length: count }, (_, index) => rowAt(fromMs + (index + 1) * windowMs));
}

function piecesFrom(fromMs: number, count: number, run: number): readonly AcknowledgedPiece[] {
  return Array.from({ length: count }, (_, index) => {
    return { fromMs: fromMs + index * pieceMs, toMs: fromMs + (index + 1) * pieceMs, run };
  });
}

/** Six windows end within eight pieces, of which a seventh window has begun. */
function goOnLater(run: number): readonly AcknowledgedPiece[] {
  return [...piecesFrom(0, 8, 1), ...piecesFrom(laterMs, 6, run)];
}
const laterMs = 100_000;
const later = rowsFrom(laterMs, 5);

test("what a kill took of a window that was open is missing, until a gap declares it", () => {
  const pieces = goOnLater(2);
  const rows = [...rowsFrom(0, 6), ...later];
  const openMs = 6 * windowMs;
  expect(findMissing(pieces, rows, [])).toEqual({ missing: [pieces[7]], declared: 0 });
  const late = { fromMs: openMs + 200, toMs: 16_000 };
  expect(findMissing(pieces, rows, [late]).missing).toEqual([pieces[7]]);
  const whole = { fromMs: openMs, toMs: 16_000 };
  expect(findMissing(pieces, rows, [whole])).toEqual({ missing: [], declared: 1 });
  expect(findMissing(pieces, rowsFrom(0, 6), [whole]).missing).toEqual(pieces.slice(8));
});

test("where a device itself leaves something out, the window before is set aside, and no more than that", () => {
  const pieces = goOnLater(1);
  expect(findMissing(pieces, [...rowsFrom(0, 6), ...later], [])).toEqual({ missing: [], declared: 0 });
  expect(findMissing(pieces, [...rowsFrom(0, 5), ...later], []).missing).toEqual([pieces[6]]);
  expect(findMissing(pieces, later, []).missing).toEqual(pieces.slice(0, 7));
  // What comes after it has no such excuse.
  expect(findMissing(pieces, [...rowsFrom(0, 6), ...later.slice(1)], []).missing).toEqual(
    pieces.slice(8, 10),
  );
});

test("so it is where nothing more came to be acknowledged before the gateway ended", () => {
  const pieces = goOnLater(2);
  const cutOff = pieces.with(7, { ...pieces[7]!, isCutOff: true });
  expect(findMissing(cutOff, [...rowsFrom(0, 6), ...later], []).missing).toEqual([]);
  expect(findMissing(cutOff, [...rowsFrom(0, 5), ...later], []).missing).toEqual([pieces[6]]);
});

test("a window that is set aside may be longer than a piece, but not than what came since the place before", () => {
  const overTwo = [...piecesFrom(0, 2, 1), ...piecesFrom(laterMs, 6, 1)];
  expect(findMissing(overTwo, [rowAt(1_900), ...later], []).missing).toEqual([]);
  expect(findMissing(overTwo, later, []).missing).toEqual([overTwo[0]]);
  const restarted = [...piecesFrom(0, 2, 1), ...piecesFrom(4_000, 1, 2), ...piecesFrom(laterMs, 6, 2)];
  expect(findMissing(restarted, [rowAt(2_000), rowAt(3_700), ...later], []).missing).toEqual([restarted[1]]);
});

test.for([1_000, 10_000])(
  "rows of %i ms are not taken for doubled, and what is doubled is found",
  (rowMs) => {
    const rows: StoredRow[] = [];
    const thinner = createPredictionThinner(
      ({ timesMs, windows }) => {
        for (const [index, toMs] of timesMs.entries())
          rows.push({ toMs, windows: windows[index]!, lengthMs: windows[index]! * windowMs });
      },
      { rowMs },
    );
    for (let index = 1; index < 100; index++) {
      const mode = { failureMode: "outer-race", score: 0, threshold: 0.5, active: false, sinceMs: null };
      thinner.update(
        {
          point: { site: "s", turbine: "t", component: "c" },
          windowId: `t/c/${index}`,
          fromMs: (index - 1) * windowMs,
          toMs: index * windowMs,
          operatingState: "full-performance",
          model: { name: "m", version: "1", digest: "d" },
          // Every seventh is a row of its own, while the others' row is open.
          modes: [{ ...mode, probability: index % 7 === 0 ? 0.9 : 0.1 }],
        },
        1_500,
      );
    }
    thinner.flush();
    rows.sort((left, right) => left.toMs - right.toMs);
    expect(findDoubled(rows, rowMs)).toBeNull();
    const single = rows.findIndex(({ windows }) => windows === 1);
    const large = rows.findLastIndex(({ windows }) => windows >= rowMs / windowMs - 2);
    for (const place of [single, large]) {
      const doubled = rows.toSpliced(place, 0, rows[place]!);
      expect(findDoubled(doubled, rowMs)).not.toBeNull();
    }
  },
);
