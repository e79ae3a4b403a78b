/** What a recording's severity is measured against: a machine's own healthy baseline, or what the bundle knows. */
import type { BaselineSpec } from "../../../core/contract/bundle/baseline-spec.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import type { SiteBaseline } from "../../../core/contract/site-baseline.ts";
import { computeSeverity } from "../../../core/decision/severity.ts";
import { bearingLevelSpec } from "../../../core/features/bearing-level-spec.ts";
import { computeMedian } from "../../../core/maths/robust.ts";
import { createThinnedList } from "./thinned-list.ts";

/**
 * `baseline`: dB above the healthy baseline that was given. `bundle`: dB above the healthy machines that the bundle was
 * trained on; of another machine only the trend means something. `unit`: dB above 1 of the bundle's unit, where the
 * bundle has no reference either.
 */
export type SeverityReference = "baseline" | "bundle" | "unit";

/** How levels become a severity. */
export interface SeverityScale {
  readonly spec: BaselineSpec;
  readonly baseline: SiteBaseline | null;
  readonly reference: SeverityReference;
}

/** Levels of a bundle that declares none. */
const plainSpec: BaselineSpec = {
  levels: bearingLevelSpec,
  reference: bearingLevelSpec.list.map(() => null),
  minWindows: 16,
};

/** Pieces whose severities are remembered. */
const maxPieces = 8192;

/** The scale of a bundle, against `baseline` where there is one. */
export function chooseSeverityScale(manifest: Manifest, baseline: SiteBaseline | null): SeverityScale {
  const spec = manifest.baseline ?? plainSpec;
  if (baseline !== null) return { spec, baseline, reference: "baseline" };
  if (spec.reference.some((level) => level !== null) && spec !== plainSpec) {
    return { spec, baseline, reference: "bundle" };
  }
  const reference = spec.levels.list.map(() => ({ locationDb: 0, scaleDb: 0 }));
  return { spec: { ...spec, reference }, baseline, reference: "unit" };
}

/** Collects the severities of a recording's pieces. */
export interface SeverityMedian {
  add(levels: Float32Array, shaftRpm: number): void;
  /** dB; null where no level was heard. */
  readonly value: number | null;
}

/** Starts a recording. A knock or a gust in a few pieces changes nothing. */
export function createSeverityMedian({ spec, baseline }: SeverityScale): SeverityMedian {
  const severities = createThinnedList<number>(maxPieces);
  return {
    add: (levels, shaftRpm) => {
      const severity = computeSeverity({ levels, shaftRpm }, spec, baseline);
      if (Number.isFinite(severity)) severities.add(() => severity);
    },
    get value(): number | null {
      return severities.entries.length === 0 ? null : computeMedian(severities.entries);
    },
  };
}
