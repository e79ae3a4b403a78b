/** Where the lines of the window that ends stand: room that all cutters of a spec share. */
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import type { FirstLine } from "../explain/mains-hum.ts";
import { findShaftColumns, type ShaftColumns } from "../explain/shaft-lines.ts";
import { findOrMake } from "../maths/find-or-make.ts";

/** Where the lines of the window that ends stand, in each band. */
export interface FoundLines {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly shaftColumns: ShaftColumns;
  /** What each feature is a harmonic of; null: of no other line. */
  readonly firsts: readonly (FirstLine | null)[];
}

/** They live while one window ends: all cutters share those of a spec. */
const sharedLines = new WeakMap<FeatureSpec, FoundLines>();

export function shareLines(spec: FeatureSpec): FoundLines {
  return findOrMake(sharedLines, spec, () => ({
    lower: new Float32Array(spec.list.length),
    upper: new Float32Array(spec.list.length),
    shaftColumns: findShaftColumns(spec),
    firsts: spec.list.map((_, column) => findFirst(spec, column)),
  }));
}

function findFirst({ list }: FeatureSpec, column: number): FirstLine | null {
  const { operator, params, chain } = list[column]!;
  const { order, harmonic } = params;
  if (operator !== "order-log-snr" || typeof harmonic !== "number" || !(harmonic > 1)) return null;
  const first = list.findIndex(
    (other) =>
      other.operator === operator &&
      other.chain === chain &&
      other.params.order === order &&
      other.params.harmonic === 1,
  );
  return first < 0 ? null : { column: first, harmonic };
}
