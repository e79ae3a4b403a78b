/** Where the lines of the window that ends stand: room that all cutters of a spec share. */
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import { findShaftColumns, type ShaftColumns } from "../explain/shaft-lines.ts";
import { findOrMake } from "../maths/find-or-make.ts";

/** Where the lines of the window that ends stand, in each band. */
export interface FoundLines {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly shaftColumns: ShaftColumns;
}

/** They live while one window ends: all cutters share those of a spec. */
const sharedLines = new WeakMap<FeatureSpec, FoundLines>();

export function shareLines(spec: FeatureSpec): FoundLines {
  return findOrMake(sharedLines, spec, () => ({
    lower: new Float32Array(spec.list.length),
    upper: new Float32Array(spec.list.length),
    shaftColumns: findShaftColumns(spec),
  }));
}
