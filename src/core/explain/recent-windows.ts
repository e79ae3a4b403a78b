/**
 * The windows that a measuring point saw last, as far as physical evidence reads them: a ring of fixed size, which copies what
 * it is given. Decides nothing.
 */
import type { LineColumns } from "./fault-lines.ts";
import {
  growRows,
  isAhead,
  isLater,
  type KnownWindow,
  makeRows,
  type RecentRows,
  type RecentScore,
  type RecentWindow,
  readRow,
  writeRow,
} from "./recent-rows.ts";

/** The last windows of one point, all of one model. */
export interface RecentWindows {
  note(window: RecentWindow, score: RecentScore): void;
  /**
   * The windows after `sinceMs`, oldest first, each with whether it speaks for `output`: those do in which no other output had a
   * higher logit. Where none does, all do; where there is none, the last one does.
   */
  listSince(alarm: { readonly output: number; readonly sinceMs: number }): readonly KnownWindow[];
}

/** The mean of a line over so many windows is known within half a decibel. */
const keptWindows = 60;

/** Windows for which room is made at once. */
const roomWindows = 5;

/** Creates an empty ring. */
export function createRecentWindows(columns: LineColumns, capacity: number = keptWindows): RecentWindows {
  return new Ring(columns, capacity);
}

class Ring implements RecentWindows {
  readonly #columns: LineColumns;
  readonly #capacity: number;
  #rows: RecentRows | null = null;
  #noted = 0;

  constructor(columns: LineColumns, capacity: number) {
    this.#columns = columns;
    this.#capacity = capacity;
  }

  note(window: RecentWindow, score: RecentScore): void {
    const { features } = window;
    const { logits } = score;
    if (this.#rows?.features !== features.length || this.#rows.outputs !== logits.length) {
      this.#rows = makeRows(Math.min(roomWindows, this.#capacity), {
        features: features.length,
        outputs: logits.length,
        columns: this.#columns,
      });
      this.#noted = 0;
    }
    if (this.#noted === this.#rows.windows && this.#noted < this.#capacity) {
      this.#rows = growRows(this.#rows, Math.min(this.#noted + roomWindows, this.#capacity));
    }
    writeRow(this.#rows, this.#noted % this.#rows.windows, { window, score });
    this.#noted++;
  }

  listSince({ output, sinceMs }: { readonly output: number; readonly sinceMs: number }): KnownWindow[] {
    const rows = this.#rows;
    if (rows === null) return [];
    const length = Math.min(this.#noted, rows.windows);
    const places = Array.from({ length }, (_, at) => (this.#noted - length + at) % rows.windows);
    const since = places.filter((place) => isLater(rows, place, sinceMs));
    const hasLeading = since.some((place) => isAhead(rows, place, output));
    const listed = since.length > 0 ? since : places.slice(-1);
    return listed.map((place) => ({
      ...readRow(rows, place),
      speaks: !hasLeading || isAhead(rows, place, output),
    }));
  }
}
