/** Counts and prints what `bench-transfer.ts` found: alarms, ranking, and the recordings that were decided wrongly. */
import { faultKinds } from "../../src/core/contract/bundle/bearing-fault.ts";
import type { SensorBand } from "../../src/core/contract/prediction.ts";
import { beginFast, findBound, type HealthySpread } from "../../src/core/decision/fast-lane.ts";
import { computeQuantile } from "../../src/core/maths/robust.ts";
import { computeAuroc } from "../../src/training/judge/metrics.ts";
import type { HeardWindow } from "./transfer-alarms.ts";
import type { RigFaults } from "./transfer-rig.ts";
import type { RankingScores } from "./transfer-scores.ts";

/** One recording that was ranked, and decided in both ways; null: nothing is raised. */
export interface DecidedRecording {
  readonly faults: RigFaults;
  readonly scores: RankingScores;
  readonly windows: readonly HeardWindow[];
  readonly unknown: string | null;
  readonly own: string | null;
}

export interface RigOutcome {
  readonly seed: number;
  readonly hasReference: boolean;
  /** What it raised while it learnt its healthy self. */
  readonly raisedLearning: string | null;
  readonly recordings: readonly DecidedRecording[];
}

/** Recordings. */
interface Decided {
  readonly healthy: number;
  readonly faulty: number;
  readonly right: number;
}

export interface AlarmCounts {
  readonly rigs: number;
  readonly faulty: number;
  readonly unknown: Decided;
  readonly own: Decided;
  /** Rigs. */
  readonly withoutReference: number;
  readonly raisedLearning: number;
}

const ways = ["unknown", "own"] as const;

const isFaulty = ({ faults }: DecidedRecording): boolean => faults.length > 0;
const isHealthy = ({ faults }: DecidedRecording): boolean => faults.length === 0;

/** It raises one of its kinds, or nothing where it has none. */
function isRight({ faults, ...decided }: DecidedRecording, way: (typeof ways)[number]): boolean {
  const raised = decided[way];
  return raised === null ? faults.length === 0 : faults.some((kind) => kind === raised);
}

function countDecided(recordings: readonly DecidedRecording[], way: (typeof ways)[number]): Decided {
  const raised = recordings.filter((recording) => recording[way] !== null);
  return {
    healthy: raised.filter(isHealthy).length,
    faulty: raised.filter(isFaulty).length,
    right: raised.filter((recording) => isRight(recording, way)).length,
  };
}

export function countAlarms(rigs: readonly RigOutcome[]): AlarmCounts {
  const recordings = rigs.flatMap((rig) => rig.recordings);
  return {
    rigs: rigs.length,
    faulty: recordings.filter(isFaulty).length,
    unknown: countDecided(recordings, "unknown"),
    own: countDecided(recordings, "own"),
    withoutReference: rigs.filter(({ hasReference }) => !hasReference).length,
    raisedLearning: rigs.filter(({ raisedLearning }) => raisedLearning !== null).length,
  };
}

const wide = 42;
export const alarmHeader: string = [
  `${"".padEnd(wide)}|           unknown machine           |                 own reference`,
  `${"alarms".padEnd(wide)}|  healthy       faulty          right |   none learning healthy       faulty          right`,
].join("\n");

export function describeAlarms(name: string, counts: AlarmCounts): string {
  const { rigs, faulty, unknown, own, withoutReference, raisedLearning } = counts;
  const share = (count: number): string =>
    `${`${count}/${faulty}`.padStart(9)} ${((100 * count) / faulty).toFixed(1).padStart(5)}`;
  const ofRigs = (count: number): string => `${count}/${rigs}`.padStart(8);
  return [
    name.padEnd(wide),
    `|${ofRigs(unknown.healthy)} ${share(unknown.faulty)} ${share(unknown.right)}`,
    ` |${ofRigs(withoutReference)} ${ofRigs(raisedLearning)}${ofRigs(own.healthy)} ${share(own.faulty)} ${share(own.right)}`,
  ].join("");
}

/** The figures of a family in the order of {@link rankingHeader}. */
export function rankFamily(rigs: readonly RigOutcome[]): number[] {
  const recordings = rigs.flatMap((rig) => rig.recordings);
  const column = (by: "student" | "physics", at: number): number[] =>
    recordings.map(({ scores }) => scores[by][at]!);
  const faulty = recordings.map(isFaulty);
  const modesOf = (by: "student" | "physics"): number =>
    faultKinds.reduce((sum, own, index) => {
      const labels = recordings.map(({ faults }) => faults.includes(own));
      return sum + computeAuroc(column(by, index + 1), labels) / faultKinds.length;
    }, 0);
  const namedBy = (by: "student" | "physics"): number =>
    shareOf(recordings, ({ faults, scores }) => {
      const own = scores[by].slice(1, 1 + faultKinds.length);
      return faults.length === 0 ? null : faults.includes(faultKinds[own.indexOf(Math.max(...own))]!);
    });
  const highest = faultKinds.length + 1;
  return [
    computeAuroc(column("student", 0), faulty),
    computeAuroc(column("student", highest), faulty),
    computeAuroc(column("physics", 0), faulty),
    modesOf("student"),
    modesOf("physics"),
    namedBy("student"),
    namedBy("physics"),
    shareOf(recordings, (each) => (isHealthy(each) ? each.scores.student[highest]! <= 0.5 : null)),
  ];
}

/** Of those that `tell` says something of. */
function shareOf<T>(items: readonly T[], tell: (item: T) => boolean | null): number {
  const told = items.map(tell).filter((each) => each !== null);
  return told.filter(Boolean).length / told.length;
}

export const rankingHeader: string = [
  `${"".padEnd(wide)}|         |         fault AUROC         |    modes AUROC    |       named       | healthy`,
  `${"ranking".padEnd(wide)}| windows | student  highest  physics | student   physics | student   physics |   quiet`,
].join("\n");

export function describeRanking(name: string, windows: number | null, figures: readonly number[]): string {
  const [fault, highest, physics, modes, modesPhysics, named, namedPhysics, quiet] = figures.map((figure) =>
    figure.toFixed(3).padStart(7),
  );
  const shown = windows === null ? "" : windows.toFixed(1);
  return `${name.padEnd(wide)}| ${shown.padStart(7)} | ${fault}  ${highest}  ${physics} | ${modes}   ${modesPhysics} | ${named}   ${namedPhysics} | ${quiet}`;
}

/** Windows a recording, on average. */
export function countWindows(rigs: readonly RigOutcome[]): number {
  const recordings = rigs.flatMap((rig) => rig.recordings);
  return recordings.reduce((sum, { scores }) => sum + scores.windows, 0) / recordings.length;
}

/**
 * Every recording of a family that is decided wrongly, a line each: what was raised in each way, and the mean raw logits of
 * its own kind (of a healthy one: of the leading mode) as decided, and of both bands, with the highest of the other modes'.
 */
export function listWrong(name: string, rigs: readonly RigOutcome[]): string[] {
  return rigs.flatMap(({ seed, hasReference, recordings }) =>
    recordings
      .filter((recording) => !ways.every((way) => isRight(recording, way)))
      .map((recording) => {
        const { faults, windows } = recording;
        const shown = ways.map((way) =>
          isRight(recording, way) ? "as it is" : (recording[way] ?? "nothing"),
        );
        return [
          name.padEnd(wide),
          `${seed}`.padStart(5),
          ` ${faults.join(" and ") || "healthy"}`.padEnd(12),
          shown.map((each) => each.padEnd(16)).join(""),
          hasReference ? "" : "(no reference) ",
          describeLogits(windows, faults),
        ].join("");
      }),
  );
}

export const wrongHeader: string = `${"decided wrongly".padEnd(wide)} seed ${"is".padEnd(11)}${"unknown machine".padEnd(16)}${"own reference".padEnd(16)}logits`;

function describeLogits(windows: readonly HeardWindow[], [kind]: RigFaults): string {
  if (windows.length === 0) return "no window";
  const meanOf = (read: (heard: HeardWindow) => ArrayLike<number>): number[] =>
    faultKinds.map((_, mode) => windows.reduce((sum, heard) => sum + read(heard)[mode]!, 0) / windows.length);
  const joined = meanOf(({ output }) => output.logits);
  const at = kind === undefined ? joined.indexOf(Math.max(...joined)) : faultKinds.indexOf(kind);
  const others = Math.max(...joined.filter((_, mode) => mode !== at));
  const bands = (["lower", "upper"] as const).map((band) =>
    meanOf(({ output }) => output.bands?.[band].logits ?? output.logits)[at]!.toFixed(2),
  );
  const [lower, upper] = bands;
  const two = windows.some(({ output }) => output.bands !== undefined);
  return `${joined[at]!.toFixed(2)}${two ? ` (${lower}, above ${upper})` : ""}, others ${others.toFixed(2)}`;
}

/**
 * Faulty recordings that raise nothing, by how the leading mode's mean logit stands to what an unknown machine must exceed
 * and to the healthy recordings here: below 99 % of those no decision tells them apart.
 */
export function describeSilent(rigs: readonly RigOutcome[], spread: HealthySpread): string[] {
  const recordings = rigs.flatMap((rig) => rig.recordings).filter(({ windows }) => windows.length > 0);
  const bound = findBound(beginFast(spread), spread, {
    elapsedMs: 0,
    ceiling: Number.POSITIVE_INFINITY,
    isPooled: false,
  });
  const healthy = recordings.filter(isHealthy).map(({ windows }) => leadingOf(windows));
  const high = computeQuantile(healthy, 0.99);
  const reasons = [
    `above the first bound (${bound.toFixed(2)}): too few windows`,
    "one band above it, both joined below",
    `above 99 % of healthy (${high.toFixed(2)})`,
    "below that",
  ];
  const find = (windows: readonly HeardWindow[]): number => {
    const joined = leadingOf(windows);
    if (joined > bound) return 0;
    if (Math.max(leadingOf(windows, "lower"), leadingOf(windows, "upper")) > bound) return 1;
    return joined > high ? 2 : 3;
  };
  const silent = ways.map((way) =>
    recordings
      .filter((recording) => isFaulty(recording) && recording[way] === null)
      .map(({ windows }) => find(windows)),
  );
  const lines = reasons.map((reason, at) => {
    const counts = silent.map((found) => `${found.filter((each) => each === at).length}`.padStart(16));
    return `${reason.padEnd(wide)} |${counts.join("|")}`;
  });
  return [
    `${"faulty recordings that raise nothing".padEnd(wide)} | unknown machine|   own reference`,
    ...lines,
  ];
}

/** The highest of the modes' mean logits, as decided, or of one band. */
function leadingOf(windows: readonly HeardWindow[], band?: SensorBand): number {
  const logitsOf = ({ output }: HeardWindow): ArrayLike<number> =>
    (band === undefined ? undefined : output.bands?.[band].logits) ?? output.logits;
  const means = faultKinds.map(
    (_, mode) => windows.reduce((sum, heard) => sum + logitsOf(heard)[mode]!, 0) / windows.length,
  );
  return Math.max(...means);
}

/** Faulty recordings that raise nothing, and those that raise another kind, a line each kind. */
export function describeMissedKinds(rigs: readonly RigOutcome[]): string[] {
  const recordings = rigs.flatMap((rig) => rig.recordings);
  const lines = faultKinds.map((fault) => {
    const own = recordings.filter(({ faults }) => faults[0] === fault);
    const counts = ways.map((way) => {
      const silent = own.filter((recording) => recording[way] === null).length;
      const other = own.filter((recording) => recording[way] !== null && !isRight(recording, way)).length;
      return `${`${silent}/${own.length}`.padStart(9)}${`${other}/${own.length}`.padStart(9)}`;
    });
    return `${fault.padEnd(wide)}|${counts.join(" |")}`;
  });
  return [
    `${"".padEnd(wide)}|  unknown machine  |   own reference`,
    `${"faulty recordings, by kind".padEnd(wide)}|  nothing    other |  nothing    other`,
    ...lines,
  ];
}
