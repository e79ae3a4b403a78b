/** Whether the audit of a fault run finds what is missing and what is doubled, and cries at nothing else. */
import { expect, test } from "vitest";
import { findDoubled, findMissing, type StoredRow } from "../../../scripts/faults/audit-windows.ts";
import type { AcknowledgedPiece } from "../../../scripts/faults/paced-device.ts";
import { createPredictionThinner } from "../../../src/gateway/record/prediction-thinner.ts";

const windowMs = 1_200;
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

test("what a kill took of a window that was open is missing, until a gap declares it", () => {
  const pieces = [...piecesFrom(0, 3, 1), ...piecesFrom(20_000, 3, 2)];
  const rows = [...rowsFrom(0, 4), ...rowsFrom(20_000, 5)];
  // Of the third piece 1.2 s are in a window that was open.
  expect(findMissing(pieces, rows, [])).toEqual({ missing: [pieces[2]], declared: 0 });
  expect(findMissing(pieces, rows, [{ fromMs: 5_000, toMs: 6_000 }]).missing).toEqual([pieces[2]]);
  expect(findMissing(pieces, rows, [{ fromMs: 4_000, toMs: 6_000 }])).toEqual({ missing: [], declared: 1 });
  expect(findMissing(pieces, rows.slice(0, 4), [{ fromMs: 4_000, toMs: 6_000 }]).missing).toEqual(
    pieces.slice(3),
  );
});

test("where a device itself leaves something out, the window before is set aside, and no more than that", () => {
  const pieces = [...piecesFrom(0, 3, 1), ...piecesFrom(20_000, 3, 1)];
  expect(findMissing(pieces, [...rowsFrom(0, 4), ...rowsFrom(20_000, 5)], []).missing).toEqual([]);
  expect(findMissing(pieces, [...rowsFrom(0, 3), ...rowsFrom(20_000, 5)], []).missing).toEqual(
    pieces.slice(1, 3),
  );
});

test("so it is where nothing more came to be acknowledged before the gateway ended", () => {
  const pieces = [...piecesFrom(0, 3, 1), ...piecesFrom(20_000, 3, 2)];
  const rows = [...rowsFrom(0, 4), ...rowsFrom(20_000, 5)];
  const cutOff = pieces.with(2, { ...pieces[2]!, isCutOff: true });
  expect(findMissing(cutOff, rows, []).missing).toEqual([]);
  expect(findMissing(cutOff, rows.toSpliced(3, 1), []).missing).toEqual(cutOff.slice(1, 3));
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
