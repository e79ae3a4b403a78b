/** Says how a point stands against its healthy baseline, and why: numbers and sentences for people. Decides nothing. */
import type {
  BaselineStanding,
  LaterReport,
  LearningProgress,
  LevelsReport,
  ReferenceReport,
} from "../../contract/baseline-report.ts";
import { formatTime } from "../../contract/iso-time.ts";
import type { ModelRef } from "../../contract/prediction.ts";
import type { LaterLevels, SiteBaseline, SiteLevels } from "../../contract/site-baseline.ts";
import { dayMs, hourMs } from "../../maths/durations.ts";
import type { BaselineRenewal } from "./baseline-snapshot.ts";
import type { BaselineLearner } from "./baseline-status.ts";
import { saySpeeds } from "./learnt-speeds.ts";

/** What is known of a baseline. */
interface BaselineFacts {
  readonly model: ModelRef;
  /** Null: the model knows no baselines. */
  readonly learner: Pick<BaselineLearner, "status" | "current" | "doubted" | "progress"> | null;
  /** What a baseline rests on at least. */
  readonly wanted: { readonly windows: number; readonly durationMs: number };
  readonly severityDb: number | null;
  readonly renewal: BaselineRenewal | null;
  /** What is not known at speeds of the last day; null: nothing is. */
  readonly beyond: string | null;
}

/** Describes where a point stands. */
export function describeBaseline(facts: BaselineFacts): BaselineStanding {
  const { model, learner, severityDb, renewal } = facts;
  const renewed =
    renewal === null
      ? null
      : {
          count: renewal.count,
          at: formatTime(renewal.atMs),
          by: renewal.by,
          reason: renewal.reason,
          ...(renewal.foundHealthy === true ? { foundHealthy: true as const } : {}),
        };
  const common = { model, severityDb: severityDb === null ? null : round(severityDb, 1), renewed };
  if (learner === null) {
    const why = `the model ${model.name} ${model.version} knows no baselines: nothing is learnt on site`;
    return { ...common, state: "none", why, learning: null, reference: null };
  }
  const reference = learner.current === null ? null : describeReference(learner.current);
  const learning = measureProgress(learner, facts);
  if (learner.status.state === "ready") {
    const { isProvisional } = learner.status;
    const known = explainReady(reference, isProvisional ? sayProgress(learning, learner) : null);
    const { later } = learner.status;
    const why = [known, later, facts.beyond ?? undefined].filter((part) => part !== undefined).join("; ");
    return { ...common, state: "own-reference", why, learning: isProvisional ? learning : null, reference };
  }
  const why = explainLearning(learning, reference, { ...facts, learner });
  const state = learner.status.state === "refused" ? "refused" : "learning";
  return { ...common, state, why, learning, reference };
}

/** Which baseline was learnt: of the windows that it rests on; of a long time not all that were `heard` are kept. */
export function sayLearnt({ version, windows }: SiteBaseline, heard: number): string {
  const among = heard > windows ? ` (${heard} were heard)` : "";
  return `version ${version} of ${windows} windows${among}`;
}

/** What now serves instead of the model that a baseline is of: of equal names and versions by their digests. */
export function sayOtherModel(before: ModelRef | null, now: ModelRef | null): string {
  if (before === null || now === null || before.name !== now.name || before.version !== now.version)
    return "another model";
  const [digest, former] = [now, before].map((model) => model.digest.slice(0, 12));
  return `another ${now.name} ${now.version} (${digest}, before it ${former})`;
}

/** Which levels were learnt later, since when, and how loud they are beside those that had been learnt. */
export function sayLater(later: readonly LaterLevels[]): string {
  const parts = later.map(({ shaftRpm, windows, fromMs, besideRpm, louderDb }) => {
    const db = `${Math.abs(louderDb).toFixed(0)} dB ${louderDb < 0 ? "fainter" : "louder"}`;
    return `${saySpeeds(shaftRpm)} (of ${windows} windows since ${formatTime(fromMs)}, ${db} than at ${Math.round(besideRpm)} rpm)`;
  });
  return `levels were learnt later at ${parts.join(", ")}`;
}

/** What learning waits for while there is nothing to go by, in words; null: it is due, or what was heard was not enough. */
export function sayNextStep({
  windows,
  neededWindows,
}: {
  readonly windows: number;
  readonly neededWindows?: number | undefined;
}): string | null {
  if (neededWindows === undefined || windows >= neededWindows) return null;
  return `${windows} of ${neededWindows} windows until a provisional reference`;
}

/** What the final reference waits for, in words; what is there already is enough. */
export function sayConditions({ windows, ofWindows, hours, ofHours }: LearningProgress): string {
  const heard =
    windows < ofWindows ? `${windows} of ${ofWindows} windows heard` : `${windows} windows heard (enough)`;
  return `${heard}, ${hours < ofHours ? `${hours} of ${ofHours} hours` : `${hours} hours (enough)`}`;
}

/** Of less time nothing is said of a pace. */
const leastPacedMs = hourMs;
/** What takes longer is not foretold. */
const longestPacedMs = 365 * dayMs;

/**
 * How long learning will take as it went so far, by the windows' own times, in coarse words; null: it is enough, too little is
 * known, or it would be more than a year.
 */
export function sayPace(
  { windows, ofWindows, hours, ofHours }: LearningProgress,
  elapsedMs: number,
): string | null {
  const done = Math.min(windows / ofWindows, ofHours === 0 ? 1 : hours / ofHours);
  if (done >= 1 || elapsedMs < leastPacedMs) return null;
  const leftMs = (elapsedMs * (1 - done)) / done;
  if (!(leftMs <= longestPacedMs)) return null;
  const [count, unit] =
    leftMs < 1.5 * dayMs ? [Math.ceil(leftMs / hourMs), "hour"] : [Math.round(leftMs / dayMs), "day"];
  return `about ${count} ${unit}${count === 1 ? "" : "s"} more at the pace so far`;
}

/** A point, as commands are told of it. */
interface NamedPoint {
  readonly turbine: string;
  readonly component: string;
}

/** What a person can do where a point's learning is refused; in words. */
export function adviseRefused(point: NamedPoint): string {
  return `inspect it, then: ${writeRenewal(point)}, with --found-healthy if there was nothing to repair`;
}

/** The command by which a person has a point learn anew. */
export function writeRenewal({ turbine, component }: NamedPoint): string {
  return `aurora baseline renew ${turbine} ${component} --reason '…' --config FILE`;
}

type KnownLearner = NonNullable<BaselineFacts["learner"]>;

function measureProgress(
  { status: { neededWindows }, progress }: KnownLearner,
  { wanted }: Pick<BaselineFacts, "wanted">,
): LearningProgress {
  const { firstMs, seen, heard } = progress;
  return {
    windows: seen,
    ofWindows: wanted.windows,
    ...(neededWindows === undefined ? {} : { neededWindows }),
    hours: round((heard?.spanMs ?? 0) / hourMs, 2),
    ofHours: wanted.durationMs / hourMs,
    since: firstMs === null ? null : formatTime(firstMs),
  };
}

function describeReference(baseline: SiteBaseline): ReferenceReport {
  const { version, model, suspicions, later } = baseline;
  const known = { version, ...describeLevels(baseline), hasScores: model !== null, suspicions };
  return later === undefined ? known : { ...known, later: later.map(describeLater) };
}

function describeLater(levels: LaterLevels): LaterReport {
  const { besideRpm, louderDb } = levels;
  return { ...describeLevels(levels), besideRpm, louderDb: round(louderDb, 1) };
}

function describeLevels({ windows, fromMs, toMs, shaftRpm }: SiteLevels): LevelsReport {
  return { windows, from: formatTime(fromMs), to: formatTime(toMs), shaftRpm };
}

/** What the final reference waits for, and for how long it will as it went so far. */
function sayProgress(learning: LearningProgress, { progress: { firstMs, heard } }: KnownLearner): string {
  const lastMs = heard?.lastMs ?? null;
  const elapsedMs = firstMs === null || lastMs === null ? 0 : lastMs - firstMs;
  const pace = sayPace(learning, elapsedMs);
  return pace === null ? sayConditions(learning) : `${sayConditions(learning)}, ${pace}`;
}

function explainReady(reference: ReferenceReport | null, refining: string | null): string {
  if (reference === null) return "it has its own reference";
  const { version, windows, suspicions } = reference;
  const still = refining === null ? "" : `, provisional until the final one: ${refining}`;
  const rests = `it has its own reference: version ${version}, of ${windows} windows${still}`;
  return suspicions.length === 0 ? rests : `${rests}; but ${suspicions.join("; ")}`;
}

function explainLearning(
  progress: LearningProgress,
  reference: ReferenceReport | null,
  { model, learner, renewal }: BaselineFacts & { readonly learner: KnownLearner },
): string {
  const { windows, ofWindows, hours, ofHours } = progress;
  const next = sayNextStep(progress);
  const parts =
    windows === 0
      ? ["no window has been learnt yet: only those of an operating turbine are"]
      : [...(next === null ? [] : [next]), `for the final one: ${sayProgress(progress, learner)}`];
  const { refusal, standstill } = learner.status;
  const { nextTry, refusals, version } = learner.progress;
  if (refusal !== undefined) {
    const again = nextTry === undefined ? "" : `; it is tried again with ${nextTry} windows`;
    parts.unshift(`it is not learnt from, since it looks faulty: ${refusal}${again}`);
    if (learner.doubted !== null) parts.push("what grows above how it was then is raised all the same");
  } else if (windows >= ofWindows && hours >= ofHours)
    parts.push("the next windows show whether they were steady");
  if (standstill !== undefined) parts.push(standstill);
  if (refusals > 0)
    parts.push(
      `what was learnt moved and was let go in part, ${refusals} ${refusals === 1 ? "time" : "times"}`,
    );
  if (reference !== null) {
    parts.push(
      `levels are held against version ${reference.version}, the scores of ${model.name} ${model.version} are learnt`,
    );
  } else if (version > 0) {
    parts.push(
      renewal === null
        ? `version ${version} was let go`
        : `version ${version} was let go when it was renewed, or since`,
    );
  }
  return parts.join("; ");
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
