/**
 * How a baseline that is in use goes on: has the machine grown louder since, what was learnt with one model and what with
 * another, and all of it in one shape. Fits nothing.
 */

import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import type { EveryKey } from "../../contract/every-key.ts";
import type { SiteBaseline, SiteMargin } from "../../contract/site-baseline.ts";
import type { HealthyWindow } from "./fit-site-baseline.ts";
import { medianSeverity } from "./median-severity.ts";
import { isHeard } from "./severity.ts";

/** Median severity, dB, above which a machine is louder than what is known of it explains: nothing is refined or added then. */
export const maxRefinedDb = 2;

/** How much louder the last quarter of `windows` is than the baseline, dB; 0: not much. */
export function measureGrowth(
  windows: readonly HealthyWindow[],
  spec: BaselineSpec,
  baseline: SiteBaseline,
): number {
  const late = windows.slice(-Math.ceil(windows.length / 4));
  const severityDb = medianSeverity(late, spec, baseline);
  return severityDb > maxRefinedDb ? severityDb : 0;
}

/**
 * What is in use after `next` was learnt: all of it, or its scores above levels that were ready before this model came, or
 * its levels beneath scores that were final while no level was heard. `isOurs`: `before` has the scores of this model.
 */
export function mergeBaselines(
  before: SiteBaseline | null,
  next: SiteBaseline,
  isOurs: boolean,
): SiteBaseline {
  if (before === null) return next;
  const wasFinal = before.isProvisional !== true;
  if (!isHeard(before))
    return isOurs && wasFinal ? { ...joinBaselines(next, before), version: next.version } : next;
  const keepsLevels = before.levelsVersion !== undefined || (!isOurs && wasFinal);
  return keepsLevels ? joinBaselines(before, next) : next;
}

/** What is left where scores mean something else from now on: its levels; null: it has none. */
export function dropMargins(baseline: SiteBaseline): SiteBaseline | null {
  return isHeard(baseline) ? { ...baseline, model: null, margins: [] } : null;
}

/** A baseline of a machine that grew louder by `grownDb` while it was learnt: 0, nothing is to be said. */
export function doubtGrowth(learnt: SiteBaseline, grownDb: number): SiteBaseline {
  if (grownDb === 0) return learnt;
  const suspicion = `${grownDb.toFixed(0)} dB louder than its provisional baseline`;
  return { ...learnt, suspicions: [...learnt.suspicions, suspicion] };
}

/** The margins of `learnt` above the levels of `before`, which was learnt when another model served. */
function joinBaselines(before: SiteBaseline, learnt: SiteBaseline): SiteBaseline {
  const octaves = Math.log2(before.shaftRpm.reference / learnt.shaftRpm.reference);
  const { spec, levels, shaftRpm, severity, suspicions, later } = before;
  return {
    ...learnt,
    spec,
    levels,
    shaftRpm,
    severity,
    later,
    suspicions: [...new Set([...suspicions, ...learnt.suspicions])],
    levelsVersion: before.levelsVersion ?? before.version,
    margins: learnt.margins.map((margin) => {
      return { ...margin, location: margin.location + (margin.perOctave ?? 0) * octaves };
    }),
  };
}

/**
 * The same baseline with every key, in one order: every window of a point is held against it, and code that has seen
 * one shape would be compiled anew with each further one that learning makes.
 */
export function toOneShape(baseline: SiteBaseline): EveryKey<SiteBaseline> {
  return {
    formatVersion: baseline.formatVersion,
    version: baseline.version,
    windows: baseline.windows,
    fromMs: baseline.fromMs,
    toMs: baseline.toMs,
    shaftRpm: baseline.shaftRpm,
    spec: baseline.spec,
    levels: baseline.levels,
    model: baseline.model,
    margins: baseline.margins.map(toOneMargin),
    severity: baseline.severity,
    later: baseline.later,
    featureRows: baseline.featureRows,
    levelsVersion: baseline.levelsVersion,
    isProvisional: baseline.isProvisional,
    suspicions: baseline.suspicions,
  };
}

function toOneMargin(margin: SiteMargin): EveryKey<SiteMargin> {
  const { location, perOctave, scale, autocorrelation, wander, freedom, blocks, unlearntRpm } = margin;
  return { location, perOctave, scale, autocorrelation, wander, freedom, blocks, unlearntRpm };
}
