/** How far a window's evidence for a mode stands out from its rivals', and what a machine's own reference expects of it. */
import type { SiteBaseline, SiteLevels } from "../../contract/site-baseline.ts";
import type { SlowReference } from "../slow-evidence.ts";
import { isBeyond, octavesBeyond } from "./learnt-speeds.ts";
import { octavesAbove } from "./severity.ts";

/**
 * Of each output: its raw logit above the highest of the others; of one without rivals: the logit itself. What moves all
 * outputs of a machine alike, its noise and its load, cancels. Of those at the places `coinciding` none is the rival of another:
 * they rise together.
 */
export function computeMargins(logits: ArrayLike<number>, coinciding: readonly number[] = []): number[] {
  const margins: number[] = [];
  for (let own = 0; own < logits.length; own++) {
    let highest = Number.NEGATIVE_INFINITY;
    for (let other = 0; other < logits.length; other++) {
      const isAlike = coinciding.includes(own) && coinciding.includes(other);
      if (other !== own && !isAlike) highest = Math.max(highest, logits[other]!);
    }
    margins.push(highest === Number.NEGATIVE_INFINITY ? logits[own]! : logits[own]! - highest);
  }
  return margins;
}

/** What the margin of output `index` is expected to be at a shaft speed; null without a reference for this model. */
export function expectMargin(
  baseline: SiteBaseline | null,
  index: number,
  shaftRpm: number,
): SlowReference | null {
  const margin = baseline?.margins[index];
  if (baseline === null || margin === undefined) return null;
  // Before these were kept a reference rested on a day at least.
  const { location, autocorrelation, perOctave = 0, wander = usualWander, freedom, blocks } = margin;
  const scale = Math.max(margin.scale, leastMarginScale);
  const allowed = allowBeside(shaftRpm, baseline);
  return {
    location: location + perOctave * octavesAbove(shaftRpm, baseline) + allowed,
    allowed,
    window: toLongRun(scale, autocorrelation),
    single: Math.sqrt(scale * scale + wander * wander),
    wander,
    freedom: freedom ?? priorFreedom,
    blocks: blocks ?? 1,
    windows: baseline.windows,
  };
}

/** How much higher a margin may lie just outside the learnt speeds, where a line that stood beside a mode's comes among them. */
function allowBeside(shaftRpm: number, baseline: SiteBaseline): number {
  // Until it is settled, what looks like a fault is not to be learnt.
  if (baseline.isProvisional === true) return 0;
  if (!(shaftRpm > 0) || isBeyond(shaftRpm, baseline.shaftRpm)) return 0;
  return besideMargin * Math.min(1, Math.abs(octavesBeyond(shaftRpm, baseline)) / besideOctaves);
}

/** Has a margin to be higher here by all that is allowed for? */
export function isJustBeside(shaftRpm: number, baseline: SiteBaseline): boolean {
  return allowBeside(shaftRpm, baseline) === besideMargin;
}

/** The same by what was learnt, or else by what was refused as a reference. */
export function expectMode(
  own: { readonly baseline: SiteBaseline | null; readonly doubted?: SiteBaseline | null | undefined },
  index: number,
  shaftRpm: number,
): SlowReference | null {
  return expectMargin(own.baseline, index, shaftRpm) ?? expectMargin(own.doubted ?? null, index, shaftRpm);
}

/** What the severity above a reference is expected to be; the same at all speeds, as the windows of an hour may have many. */
export function expectSeverity(baseline: SiteBaseline): SlowReference {
  let widest: SiteLevels = baseline;
  for (const levels of baseline.later ?? noLevels) {
    if ((levels.severity?.wander ?? 0) > (widest.severity?.wander ?? usualSeverityDb)) widest = levels;
  }
  const { severity, windows } = widest;
  const wander = severity?.wander ?? usualSeverityDb;
  return {
    location: 0,
    allowed: 0,
    window: severity?.window ?? usualSeverityDb,
    single: Math.sqrt(usualSeverityDb ** 2 + wander ** 2),
    wander,
    freedom: severity?.freedom ?? priorFreedom,
    blocks: severity?.blocks ?? 1,
    windows,
  };
}

const noLevels: readonly SiteLevels[] = [];

/** The deviation of which sums over neighbouring windows scatter as if windows were independent. */
export function toLongRun(scale: number, autocorrelation: number): number {
  return scale * Math.sqrt((1 + autocorrelation) / (1 - autocorrelation));
}

/** Logits, from so far outside the learnt speeds on, which is 0.3 %; nearer to them in proportion. */
const besideMargin = 1.5;
const besideOctaves = Math.log2(1.003);
/** A margin's deviation is never known better than this, in logits. */
export const leastMarginScale = 0.25;
/** How far a healthy machine's hours lie apart, as long as it has not shown it itself: logits, and dB. */
export const usualWander = 0.5;
export const usualSeverityDb = 1.5;
/** Blocks that this prior knowledge weighs as much as. */
export const priorFreedom = 12;
