/**
 * Which of the windows that a baseline is learnt from were heard while the machine stood, although a speed was stated of it: they
 * are faint, and say nothing of how it is when it runs. Knows levels alone: of a device that sends scores nothing is found.
 */
import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import { computeMedian, computeQuantile } from "../../maths/robust.ts";
import type { BaselineSubject, HealthyWindow } from "./fit-site-baseline.ts";
import type { HeardWindow } from "./median-severity.ts";
import { isSensorNoise } from "./sensor-noise.ts";
import { computeSeverity } from "./severity.ts";

/** Windows of a standstill. */
interface Standstill {
  /** Their places in what was learnt from. */
  readonly places: ReadonlySet<number>;
  /** The loudest of them, dB above the healthy machines of training. */
  readonly upToDb: number;
  /** What it looks like, and what to do, in words. */
  readonly detail: string;
}

/** Between a machine that runs and one that stands no level lies, over so much, dB. */
const leastGapDb = 9;
/** Share of the windows from which on the louder ones are the machine; fewer are knocks. */
const leastRunning = 1 / 8;
/** Fewer faint windows are of a contact that was loose for a moment. */
const fewestStanding = 4;
/** A standstill is as loud as another, but for so much, dB. */
const likeDb = 3;
/** What lies further apart are two speeds, octaves (12 %). */
const mostOctaves = 1 / 6;
/** A speed that was measured goes from one window to the next, octaves (0.02 %: what is stated or held stays) … */
const heldOctaves = 0.0003;
/** … and, of a machine that turns, between a tenth and nine tenths of the windows by so much (2 %: mains in a tachometer's wire stay within). */
const turnsOctaves = 0.03;
/** Main shafts turn at 5 to 30 rpm, planets at up to some 60: a faster machine is heard above its sensor's noise while it turns. */
const slowRpm = 60;

/** Those of a standstill among `windows`; null: there are none, or nobody can tell. */
export function findStandstill(
  windows: readonly HealthyWindow[],
  { spec, isVouched = false }: BaselineSubject,
): Standstill | null {
  const levels = windows.map((window) => computeSeverity(window, spec, null));
  const split = splitLevels(levels);
  const places = levels.flatMap((level, place) => (level <= split.upToDb ? [place] : []));
  const fainter = places.map((place) => windows[place]!);
  const louder = windows.filter((_, place) => levels[place]! > split.upToDb);
  const isMachine = louder.length >= leastRunning * windows.length && isOneSpeed(louder, fainter);
  if (fainter.length < fewestStanding) return null;
  // Somebody has looked at a machine that is as faint as that, or its speed says that it turns, and slowly.
  if (!isMachine && (isVouched || turnsSlowly(fainter) || !isSensorNoise(fainter, spec))) return null;
  const speed = `${Math.round(computeMedian(fainter.map(({ shaftRpm }) => shaftRpm)))} rpm`;
  const faint = isMachine
    ? `${split.gapDb.toFixed(0)} dB fainter than when it runs`
    : "as faint as a sensor's own noise";
  const turning = isMachine
    ? ""
    : "; if it turns, once it was inspected: aurora baseline renew … --found-healthy (in a manifest: renewedAt with found: healthy)";
  const detail = `its speed is stated as ${speed} while it is ${faint}, in ${places.length} of ${windows.length} windows: does it stand? Nothing is learnt of these; send its speed or its state${turning}`;
  return { places: new Set(places), upToDb: split.upToDb, detail };
}

/** Is a window, far fainter than its machine's own reference, one of a standstill? `upToDb`: as {@link Standstill} has it; null: none was found. */
export function isStandstill(window: HeardWindow, spec: BaselineSpec, upToDb: number | null): boolean {
  if (upToDb !== null && computeSeverity(window, spec, null) <= upToDb + likeDb) return true;
  return isSensorNoise([window], spec);
}

/** The highest level below the widest gap, where that is wide enough; else the highest of all, and no gap. dB. */
function splitLevels(levels: readonly number[]): { readonly upToDb: number; readonly gapDb: number } {
  const sorted = levels.filter(Number.isFinite).sort((one, other) => one - other);
  let [upToDb, gapDb] = [sorted.at(-1) ?? Number.NaN, leastGapDb];
  for (let at = 1; at < sorted.length; at++) {
    const wideDb = sorted[at]! - sorted[at - 1]!;
    if (wideDb > gapDb) [upToDb, gapDb] = [sorted[at - 1]!, wideDb];
  }
  return { upToDb, gapDb };
}

/** A machine whose speed is stated as it changes is fainter where it is slower. */
function isOneSpeed(louder: readonly HealthyWindow[], fainter: readonly HealthyWindow[]): boolean {
  const [fast, slow] = [louder, fainter].map((windows) =>
    computeMedian(windows.map(({ shaftRpm }) => shaftRpm)),
  );
  return Math.abs(Math.log2(fast! / slow!)) < mostOctaves;
}

/** Does their speed go as that of a slow machine does that turns? It may be fainter than its sensor's noise. */
function turnsSlowly(windows: readonly HealthyWindow[]): boolean {
  if (computeMedian(windows.map(({ shaftRpm }) => shaftRpm)) > slowRpm) return false;
  const octaves = windows.map(({ shaftRpm }) => Math.log2(shaftRpm));
  const steps = octaves.slice(1).map((octave, at) => Math.abs(octave - octaves[at]!));
  const [low, high] = [0.1, 0.9].map((share) => computeQuantile(octaves, share));
  return computeMedian(steps) > heldOctaves && high! - low! > turnsOctaves;
}
