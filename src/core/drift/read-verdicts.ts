/** A period's verdicts with what was read of each point alone, and when two of them moved together. */
import type { DriftVerdict } from "../contract/drift-verdict.ts";
import { isMoved } from "./drift-level.ts";
import { type PointSignature, readSignature } from "./point-signature.ts";
import { compareWith, createDirectionReader, type ShiftDirection } from "./shift-likeness.ts";

/** A point's verdict with what was read of it alone. */
export interface ReadVerdict {
  readonly verdict: DriftVerdict;
  /** Warning or drift. */
  readonly hasMoved: boolean;
  readonly signature: PointSignature;
  /** To be compared with those that were read with it. */
  readonly direction: ShiftDirection;
  /** Since when it has been off, epoch ms: the surest shift says so. */
  readonly onsetMs: number;
  /** How far apart what has one cause with it may have begun, ms. */
  readonly reachMs: number;
}

/** Periods that what has one cause may begin apart. */
const onsetPeriods = 3;

/** Reads one verdict after the other; they may be compared with one another. */
export function createVerdictReader(): (verdict: DriftVerdict) => ReadVerdict {
  const readDirection = createDirectionReader();
  return (verdict) => {
    const signature = readSignature(verdict);
    return {
      verdict,
      hasMoved: isMoved(verdict.level),
      signature,
      direction: readDirection(verdict),
      onsetMs: (signature.shifts[0] ?? verdict.shifts[0])?.sinceMs ?? verdict.fromMs,
      reachMs: onsetPeriods * (verdict.toMs - verdict.fromMs),
    };
  };
}

export function haveOneOnset(a: ReadVerdict, b: ReadVerdict): boolean {
  return Math.abs(a.onsetMs - b.onsetMs) <= a.reachMs;
}

/** Those of others that moved in its direction at about the same time. */
export function findCompanions(own: ReadVerdict, others: readonly ReadVerdict[]): readonly ReadVerdict[] {
  const { direction, onsetMs, reachMs } = own;
  const isAlike = compareWith(direction);
  const companions: ReadVerdict[] = [];
  for (const other of others) {
    if (!other.hasMoved || other === own || Math.abs(other.onsetMs - onsetMs) > reachMs) continue;
    if (isAlike(other.direction)) companions.push(other);
  }
  return companions;
}

export function countTurbines(points: readonly ReadVerdict[]): number {
  return new Set(points.map(({ verdict: { site, turbine } }) => `${site}/${turbine}`)).size;
}
