/**
 * Learns the levels of a machine at speeds that it came to after it had its own reference, as strictly as at first: of as many windows
 * over as long a time, steady, not faulty, and no louder than speed explains. What was learnt before stays as it was.
 */
import { type LaterLevels, maxLater, type SiteBaseline } from "../../contract/site-baseline.ts";
import { computeMedian } from "../../maths/robust.ts";
import type { BaselineOptions } from "./baseline-status.ts";
import { type BaselineSubject, fitSiteBaseline, type HealthyWindow } from "./fit-site-baseline.ts";
import type { GatheredWindows } from "./gathered-windows.ts";
import { hearAll } from "./heard-time.ts";
import { chooseLevels, octavesBeyond, saySpeeds, speedMargin } from "./learnt-speeds.ts";
import { medianSeverity } from "./median-severity.ts";
import { maxRefinedDb } from "./refine-baseline.ts";
import { findStandstill } from "./standstill.ts";
import { boundSeverity } from "./window-severity.ts";

/** Louder by more at a slower speed is worth a word, dB. */
const doubtfulDb = 1;

/** Is there room for levels at further speeds? */
export function canLearnLater({ later = [] }: SiteBaseline): boolean {
  return later.length < maxLater;
}

/**
 * The baseline with levels at further speeds, where `gathered` has enough of them; null: not yet. What was learnt of is let go, and of
 * what is not steady or looks faulty the older half.
 */
export function learnLater(
  baseline: SiteBaseline,
  gathered: GatheredWindows,
  { subject, options }: { readonly subject: BaselineSubject; readonly options: BaselineOptions },
): SiteBaseline | null {
  const windows = gathered.list();
  for (const places of groupBySpeeds(windows, baseline)) {
    const group = places.map((place) => windows[place]!);
    const isEnough =
      group.length >= subject.spec.minWindows && group.length * gathered.stride >= options.minWindows;
    if (!isEnough || hearAll(group.map(({ fromMs }) => fromMs)).spanMs < options.minDurationMs) continue;
    const stood = findStandstill(group, subject);
    const learnt = stood === null ? fitLater(group, baseline, subject) : null;
    const half = Math.ceil(places.length / 2);
    const letGo = new Set(
      places.filter((_, at) => (stood === null ? learnt !== null || at < half : stood.places.has(at))),
    );
    gathered.retain((place) => !letGo.has(place));
    if (learnt === null) return null;
    const suspicions = [...baseline.suspicions, ...findDoubts(learnt)];
    return { ...baseline, later: [...(baseline.later ?? []), learnt], suspicions };
  }
  return null;
}

/** Places of the windows, in order, of speeds that adjoin each other and lie between the same two of the learnt ones. */
function groupBySpeeds(
  windows: readonly HealthyWindow[],
  { shaftRpm, later = [] }: SiteBaseline,
): number[][] {
  const learnt = [shaftRpm, ...later.map((each) => each.shaftRpm)];
  const below = (rpm: number): number => learnt.filter(({ max }) => max < rpm).length;
  const groups: number[][] = [];
  let lastRpm = 0;
  for (const place of [...windows.keys()].sort((a, b) => windows[a]!.shaftRpm - windows[b]!.shaftRpm)) {
    const rpm = windows[place]!.shaftRpm;
    if (rpm > lastRpm * (1 + speedMargin) || below(rpm) !== below(lastRpm)) groups.push([]);
    groups.at(-1)!.push(place);
    lastRpm = rpm;
  }
  return groups.map((places) => places.sort((a, b) => a - b));
}

/** Null: nothing to learn of. */
function fitLater(
  windows: readonly HealthyWindow[],
  baseline: SiteBaseline,
  subject: BaselineSubject,
): LaterLevels | null {
  const { spec } = subject;
  // What somebody found healthy was the machine at other speeds.
  const fitted = fitSiteBaseline(windows, { ...subject, isVouched: false }, baseline.version);
  if (!fitted.ok) return null;
  const unexplained = windows.map((window) => boundSeverity(window, spec, baseline).atLeastDb ?? Number.NaN);
  if (computeMedian(unexplained.filter(Number.isFinite)) > maxRefinedDb) return null;
  const { fromMs, toMs, shaftRpm, levels, severity } = fitted.value;
  const nearest = chooseLevels(baseline, shaftRpm.reference);
  const besideRpm = shaftRpm.reference / 2 ** octavesBeyond(shaftRpm.reference, nearest);
  const louderDb = medianSeverity(windows, spec, baseline);
  return { windows: windows.length, fromMs, toMs, shaftRpm, levels, severity, besideRpm, louderDb };
}

/** A machine is fainter where it is slower: one that is not may have a fault since then. */
function findDoubts({ shaftRpm, besideRpm, louderDb }: LaterLevels): string[] {
  if (shaftRpm.reference > besideRpm || louderDb <= doubtfulDb) return [];
  return [
    `${louderDb.toFixed(0)} dB louder at ${saySpeeds(shaftRpm)}, which it came to later, than at ${Math.round(besideRpm)} rpm`,
  ];
}
