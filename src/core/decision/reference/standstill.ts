/**
 * Which of the windows that a baseline is learnt from were heard while the machine stood, although a speed was stated of it: they
 * are faint, and say nothing of how it is when it runs. Knows levels alone: of a device that sends scores nothing is found.
 */
import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import { computeMedian } from "../../maths/robust.ts";
import { type BaselineSubject, type HealthyWindow, medianSeverity } from "./fit-site-baseline.ts";
import { computeSeverity } from "./severity.ts";

type HeardWindow = Pick<HealthyWindow, "levels" | "shaftRpm">;

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
/** Noise of a sensor is by so much fainter than the healthy machines of training, dB … */
const noiseBelowDb = 15;
/** … and white: what its bands hold in a hertz differs by no more, dB; fewer bands are alike by chance. */
const whiteDb = 3;
const leastBands = 3;

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
  // Somebody has looked at a machine that is as faint as that.
  if (!isMachine && (isVouched || !isSensorNoise(fainter, spec))) return null;
  const speed = `${Math.round(computeMedian(fainter.map(({ shaftRpm }) => shaftRpm)))} rpm`;
  const faint = isMachine
    ? `${split.gapDb.toFixed(0)} dB fainter than when it runs`
    : "as faint as a sensor's own noise";
  const detail = `its speed is stated as ${speed} while it is ${faint}, in ${places.length} of ${windows.length} windows: does it stand? Nothing is learnt of these; send its speed or its state`;
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

/** Do they show nothing but what electronics make of themselves: white, and far fainter than any machine of training? */
function isSensorNoise(windows: readonly HeardWindow[], spec: BaselineSpec): boolean {
  const { chains, list } = spec.levels;
  const densities = list.flatMap(({ operator, chain }, index) => {
    const band = chains.find(({ name }) => name === chain)?.params;
    const level = computeMedian(windows.map(({ levels }) => levels[index]!).filter(Number.isFinite));
    if (operator !== "rms-db" || band === undefined || !Number.isFinite(level)) return [];
    return [level - 10 * Math.log10(Number(band.toHz) - Number(band.fromHz))];
  });
  const spreadDb = Math.max(...densities) - Math.min(...densities);
  return (
    densities.length >= leastBands &&
    spreadDb <= whiteDb &&
    medianSeverity(windows, spec, null) <= -noiseBelowDb
  );
}
