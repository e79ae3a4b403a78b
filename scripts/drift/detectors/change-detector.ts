/** What all detectors of a stream have in common; those that the product does not use are here, to be compared with. */

export type DetectorState = "stable" | "warning" | "drift";

/** Watches one stream; after "drift" it begins anew with the next value. */
export interface ChangeDetector {
  update(value: number): DetectorState;
  /** Numbers that it holds at this moment, of eight bytes each. */
  size(): number;
}
