/**
 * From what a table writes to moments: forms and time zones. Of the hour that clocks show twice the first run of a turbine's
 * rows is the earlier one; a local time that never was refuses the table, because its clock is not the one that is configured.
 */

import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { findOrMake } from "../../../core/maths/find-or-make.ts";
import type { TimeConfig } from "./table-config.ts";
import { readTimesOf } from "./time-form.ts";
import { openTimeZone, type TimeZone } from "./time-zone.ts";

/** Where a cell stands, for complaints. */
export interface CellPlace {
  readonly file: string;
  readonly place: string;
}

/** What becomes of a cell's time. */
export type Moment =
  | { readonly kind: "time"; readonly timeMs: number }
  /** The clocks of the zone never showed it. */
  | { readonly kind: "never"; readonly localMs: number }
  | { readonly kind: "none" };

export interface MomentReader {
  /** Reads the next time of `owner` (a turbine), whose cells come in the table's order. */
  read(cell: unknown, owner: string): Moment;
}

const none: Moment = { kind: "none" };

/** Opens a reader of one stretch of rows: what it saw of doubled hours it keeps. */
export function createMomentReader({ form = "iso", zone }: TimeConfig): MomentReader {
  const readTime = readTimesOf(form);
  const clock: TimeZone = openTimeZone(zone)!;
  const owners = new Map<
    string,
    { lastMs: number; isFalling: boolean; readonly doubled: Map<number, number> }
  >();
  return {
    read: (cell, owner) => {
      const written = readTime(cell);
      if (written === null) return none;
      if (!written.isLocal) return { kind: "time", timeMs: written.timeMs };
      const localMs = written.timeMs;
      const moments = clock.momentsOf(localMs);
      if (moments.length === 0) return { kind: "never", localMs };
      const own = findOrMake(owners, owner, () => {
        return { lastMs: Number.NEGATIVE_INFINITY, isFalling: false, doubled: new Map() };
      });
      if (moments.length === 1) {
        own.isFalling = localMs < own.lastMs;
        own.lastMs = localMs;
        return { kind: "time", timeMs: moments[0]! };
      }
      const seen = own.doubled.get(localMs) ?? 0;
      own.doubled.set(localMs, seen + 1);
      const isLater = own.isFalling ? seen === 0 : seen > 0;
      return { kind: "time", timeMs: moments[isLater ? 1 : 0]! };
    },
  };
}

/** The refusal of a table whose clock is another one than the zone's. */
export function refuseNever({ file, place }: CellPlace, cell: unknown, { zone }: TimeConfig): AuroraError {
  return new AuroraError(
    "DATA_FORMAT",
    `${file}, ${place}: ${String(cell)} never was in ${zone}: clocks went forward over it`,
    {
      op: "read times",
      subject: file,
      hint: "the table's clock does not change with that zone: write zone: UTC, or the fixed offset that it keeps, such as +01:00",
    },
  );
}
