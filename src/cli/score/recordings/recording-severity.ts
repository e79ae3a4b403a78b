/**
 * How severe a recording is: its levels, tenth of a second by tenth of a second, against a machine's own healthy baseline or
 * what the bundle knows. Needs no shaft orders and no window, so it says something of recordings that are too short for a
 * diagnosis.
 */
import type { BaselineSpec } from "../../../core/contract/bundle/baseline-spec.ts";
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import type { FeatureSpec } from "../../../core/contract/bundle/feature-spec.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import type { SiteBaseline } from "../../../core/contract/site-baseline.ts";
import type { SampleBlock } from "../../../core/contract/stream.ts";
import { computeSeverity } from "../../../core/decision/reference/severity.ts";
import { bearingLevelSpec } from "../../../core/features/bearing-level-spec.ts";
import { createWaveformExtractor } from "../../../core/features/waveform-extractor.ts";
import { computeMedian } from "../../../core/maths/robust.ts";

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
interface SeverityMedian {
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

/** Length of a piece (peaks grow with time, so all have the same), and the shortest that is measured where a recording holds no whole one. */
const pieceSeconds = 0.1;
const shortestSeconds = 0.05;

/** Takes trusted blocks; a gap ends the open piece unmeasured. */
export interface LevelMeter {
  accept(block: SampleBlock): void;
  finish(): void;
}

/** Creates a meter; `onLevels` gets each piece's levels in dB (valid during the call), NaN where not heard. */
export function createLevelMeter(
  spec: FeatureSpec,
  bearing: BearingOrders,
  onLevels: (levels: Float32Array, shaftRpm: number) => void,
): LevelMeter {
  const extractor = createWaveformExtractor(spec);
  const levels = new Float32Array(spec.list.length);
  let length = 0;
  let filled = 0;
  let expected = 0;
  let rateHz = 0;
  let rpm = 0;
  let pieces = 0;
  const end = (): void => {
    extractor.finish(levels, 0);
    onLevels(levels, rpm);
    pieces++;
    filled = 0;
  };
  return {
    accept: (block) => {
      const { counts, firstSample, sampleRateHz, scale, shaftRpm } = block;
      if (firstSample !== expected || sampleRateHz !== rateHz) filled = 0;
      expected = firstSample + counts.length;
      rateHz = sampleRateHz;
      rpm = shaftRpm;
      length = Math.max(1, Math.round(pieceSeconds * rateHz));
      for (let at = 0; at < counts.length; ) {
        if (filled === 0) extractor.begin({ sampleRateHz, bearing, shaftRpm });
        const to = Math.min(counts.length, at + length - filled);
        extractor.push({ counts, from: at, to, scale, shaftRpm });
        filled += to - at;
        at = to;
        if (filled === length) end();
      }
    },
    finish: () => {
      if (pieces === 0 && filled >= shortestSeconds * rateHz && filled > 0) end();
    },
  };
}

/** Entries evenly spread over all that was added: when it is full, every second one goes, and from then on every second one that comes. */
interface ThinnedList<T> {
  readonly entries: readonly T[];
  /** Adds what `make` gives, if this one is kept. */
  add(make: () => T): void;
}

/** Creates a list of at most `bound` (even, ≥ 2) entries. */
export function createThinnedList<T>(bound: number): ThinnedList<T> {
  let entries: T[] = [];
  let stride = 1;
  let seen = 0;
  return {
    get entries(): readonly T[] {
      return entries;
    },
    add: (make) => {
      if (seen++ % stride !== 0) return;
      if (entries.length === bound) {
        entries = entries.filter((_, index) => index % 2 === 0);
        stride *= 2;
        // This one's turn under the new stride?
        if ((seen - 1) % stride !== 0) return;
      }
      entries.push(make());
    },
  };
}
