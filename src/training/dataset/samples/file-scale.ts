/** What a file's numbers are worth in g: by what is said of it, else by the unit that the file itself states. */
import {
  gravitiesOf,
  hasUnitWord,
  isOtherQuantity,
  readAccelerationUnit,
} from "../../../core/contract/acceleration-units.ts";
import type { SampleFile } from "./samples.ts";

/** What a description says of a file's numbers. */
interface SaidScale {
  /** Of number 1, in g; null: nothing is said. */
  readonly scale: number | null;
  /** A unit that was said, and is none of acceleration. */
  readonly otherUnit?: string | undefined;
  /** A unit that was said, and that nobody here knows. */
  readonly unreadUnit?: string | undefined;
}

/** What it comes to. */
export interface FileScale {
  /** Value of number 1, in g; null: nobody knows, or it is no acceleration. */
  readonly scale: number | null;
  /** The unit of another quantity that the numbers are in; null: none is stated. */
  readonly otherUnit: string | null;
  /** What stands where a unit does and is none that is known; null: nothing, or another one counts. */
  readonly unreadUnit: string | null;
  /** The file states a unit of acceleration that what is said of it contradicts; null: it does not. */
  readonly overruled: string | null;
}

/** How far apart two values of number 1 may lie, as a share: g is 9.81 m/s² to many. */
const sameScale = 0.01;

/** Settles it. A converter's counts are in no unit, whatever stands above them. */
export function findFileScale(file: Pick<SampleFile, "isCounts" | "unit">, said: SaidScale): FileScale {
  const stated = file.isCounts ? undefined : file.unit;
  const unit = stated === undefined ? null : readAccelerationUnit(stated);
  const own = unit === null ? null : gravitiesOf[unit];
  const unreadUnit = said.unreadUnit ?? null;
  if (said.scale !== null) {
    const isOther = own !== null && Math.abs(said.scale / own - 1) > sameScale;
    return { scale: said.scale, otherUnit: null, unreadUnit, overruled: isOther ? stated! : null };
  }
  const none = { scale: null, otherUnit: null, unreadUnit: null, overruled: null };
  if (said.otherUnit !== undefined) return { ...none, otherUnit: said.otherUnit };
  if (own !== null) return { ...none, scale: own };
  if (stated === undefined || !hasUnitWord(stated)) return { ...none, unreadUnit };
  return isOtherQuantity(stated)
    ? { ...none, otherUnit: stated.trim() }
    : { ...none, unreadUnit: stated.trim() };
}
