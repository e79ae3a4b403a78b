/** Asks a collector for its verdicts of drift: of a day, of a point. Says what is not there, and what is instead. */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import {
  type DriftPerformanceReply,
  driftPerformanceReplySchema,
} from "../../core/contract/drift-performance-schema.ts";
import { type DriftLevel, type DriftVerdict, driftLevels } from "../../core/contract/drift-verdict.ts";
import {
  type DriftDays,
  type DriftDaysReply,
  type DriftVerdictReply,
  driftDaysReplySchema,
  driftVerdictReplySchema,
  type PointLevels,
} from "../../core/contract/drift-verdict-schema.ts";
import { isMoved } from "../../core/drift/drift-level.ts";
import { compareTexts } from "../../core/maths/compare-texts.ts";
import { askCollector, sayCollector } from "../ask/ask-collector.ts";
import { listSome, sayThereAre } from "../terminal/count-of.ts";
import type { DriftNews } from "../terminal/render-drift.ts";

/** Verdicts that are asked for at once. */
const partSize = 200;
/** Beyond that a fleet is asked site by site. */
const maxParts = 500;

/** Which verdicts. */
interface DriftQuestion {
  readonly collector: string;
  readonly site?: string | undefined;
  readonly turbine?: string | undefined;
  readonly component?: string | undefined;
  /** Default: the newest that was assessed. */
  readonly day?: string | undefined;
}

/**
 * All verdicts of a day, in the order of site, turbine and component; none only where no day was assessed yet.
 * @param nowMs of this machine, for what is said of a day that is not there
 * @throws AuroraError USAGE for a day or a point of which there is no verdict; COLLECTOR
 */
export async function askVerdicts(question: DriftQuestion, nowMs: number): Promise<DriftVerdictReply> {
  const reply = await askDay(question);
  const { component } = question;
  const chosen =
    component === undefined ? reply.verdicts : reply.verdicts.filter((each) => each.component === component);
  if (chosen.length > 0) return { ...reply, verdicts: chosen };
  const isOpen = await explainNothing(question, nowMs);
  if (isOpen) return { ...reply, verdicts: [] };
  throw new AuroraError("USAGE", `there is no verdict of ${describeQuestion(question)}`, { op });
}

/** As {@link askVerdicts}, without the verdicts that say nothing: those of a large fleet take long to read. */
export async function askNews(question: DriftQuestion, nowMs: number): Promise<DriftNews> {
  const { day, verdicts } = await askPart(question, { limit: 1 });
  if (verdicts.length === 0) return { ...(await askVerdicts(question, nowMs)), stable: 0 };
  const news: DriftVerdict[] = [];
  for (const level of driftLevels) {
    if (level !== "stable") news.push(...(await askDay({ ...question, day }, level)).verdicts);
  }
  const { points } = await askLevels({ ...question, day }, day);
  const stable = points.filter(({ levels }) => levels.findLast((level) => level !== null) === "stable");
  return { day, verdicts: news.sort(comparePlaces), stable: stable.length };
}

function comparePlaces(a: DriftVerdict, b: DriftVerdict): number {
  const nameOf = ({ site, turbine, component }: DriftVerdict): string => `${site}\n${turbine}\n${component}`;
  return compareTexts(nameOf(a), nameOf(b));
}

/** All parts of a day, of whatever component. */
async function askDay(question: DriftQuestion, level?: DriftLevel): Promise<DriftVerdictReply> {
  const verdicts: DriftVerdict[] = [];
  let day = question.day;
  let cursor: string | undefined;
  for (let part = 0; part < maxParts; part++) {
    const reply = await askPart({ ...question, day }, { level, cursor, limit: partSize });
    // The newest day may become another one between two parts.
    day = reply.day;
    verdicts.push(...reply.verdicts);
    if (reply.next === null) break;
    cursor = reply.next;
  }
  return { day: day!, verdicts, next: null };
}

function askPart(
  { collector, site, turbine, day }: DriftQuestion,
  {
    limit,
    ...part
  }: {
    readonly limit: number;
    readonly level?: DriftLevel | undefined;
    readonly cursor?: string | undefined;
  },
): Promise<DriftVerdictReply> {
  return askCollector({
    collector,
    path: "api/v1/drift/verdicts",
    query: { site, turbine, day, limit: String(limit), ...part },
    schema: driftVerdictReplySchema(),
    op,
  });
}

/**
 * How well models decide on the day of the verdicts, of the first points of the question.
 * @param day as the verdicts' reply names it
 * @throws AuroraError COLLECTOR
 */
export function askPerformance(
  { collector, site, turbine }: DriftQuestion,
  day: string,
): Promise<DriftPerformanceReply> {
  return askCollector({
    collector,
    path: "api/v1/drift/performance",
    query: { site, turbine, day: day.slice(0, 10), limit: String(estimatedPoints) },
    schema: driftPerformanceReplySchema(),
    op: "ask how well models decide",
  });
}

/** Levels by day, and of a single turbine the verdicts that say which of its columns moved. */
export interface DriftHistory extends DriftDays {
  /** One a day; null: no turbine was named, and so none were asked for. */
  readonly verdicts: readonly (readonly DriftVerdict[])[] | null;
}

/**
 * The last `days` assessed days up to that of the question, of all its points.
 * @param days at most {@link mostDaysAsked}
 * @throws AuroraError COLLECTOR
 */
export async function askHistory(question: DriftQuestion, days: number): Promise<DriftHistory> {
  const table = await askLevels(question);
  const from = Math.max(0, table.days.length - days);
  const shown = table.days.slice(from);
  const points = table.points.map((point) => ({ ...point, levels: point.levels.slice(from) }));
  if (question.turbine === undefined) return { days: shown, points, verdicts: null };
  const verdicts: (readonly DriftVerdict[])[] = [];
  for (const [index, day] of shown.entries()) {
    const hasMoved = points.some(({ levels }) => isMoved(levels[index] ?? null));
    verdicts.push(hasMoved ? (await askDay({ ...question, day })).verdicts : []);
  }
  return { days: shown, points, verdicts };
}

/** So many days are told at once. */
export const mostDaysAsked = 30;

/** All points' levels of the days up to that of the question. @param from default: as many as are told at once */
async function askLevels(question: DriftQuestion, from?: string): Promise<DriftDays> {
  const parts: DriftDaysReply[] = [];
  for (let cursor: string | undefined; parts.length < maxParts; ) {
    const reply = await askDays(question, { from, to: question.day, cursor });
    parts.push(reply);
    if (reply.next === null) break;
    cursor = reply.next;
  }
  // A day may be assessed between two parts.
  const days = [...new Set(parts.flatMap((part) => part.days))].sort();
  const points = parts.flatMap((part) =>
    part.points.map((point) => ({
      ...point,
      levels: days.map((day) => point.levels[part.days.indexOf(day)] ?? null),
    })),
  );
  return { days, points };
}

const op = "ask for verdicts of drift";
/** So many points are looked at for what a question may have meant. */
const namedPoints = 500;
/** An estimate costs the collector tens of milliseconds. */
const estimatedPoints = 100;

/**
 * Why there is nothing: throws what was asked wrongly; true where nothing was, because no day was assessed yet.
 */
async function explainNothing(question: DriftQuestion, nowMs: number): Promise<boolean> {
  const { collector, site, turbine, day } = question;
  if (day !== undefined && Date.parse(day) > nowMs) {
    throw new AuroraError("USAGE", `${day} lies in the future`, {
      op,
      subject: day,
      hint: "A day is assessed when it is over. Without --day the newest one is shown.",
    });
  }
  const ofTurbine = await askDays({ collector, site, turbine });
  const table = ofTurbine.points.length > 0 ? ofTurbine : await askDays({ collector, site });
  if (table.days.length === 0 && site === undefined) {
    if (day === undefined && question.turbine === undefined) return true;
    throw new AuroraError("COLLECTOR", "the collector has no verdict of drift yet", {
      op,
      hint: "Verdicts come once a day, when the day is over; the page says what is heard of now.",
    });
  }
  throw refuseChoice(question, table);
}

function refuseChoice(question: DriftQuestion, table: DriftDaysReply): AuroraError {
  const { collector, turbine, component, day } = question;
  const ofTurbine = table.points.filter((point) => turbine === undefined || point.turbine === turbine);
  const points = ofTurbine.filter((point) => component === undefined || point.component === component);
  if (points.length === 0) {
    const known =
      ofTurbine.length > 0 && turbine !== undefined
        ? `It has ${listSome(ofTurbine.map((point) => point.component))}.`
        : sayThereAre(table.points.map((point) => point.turbine));
    const hint =
      table.points.length === 0
        ? `\`aurora drift report${sayCollector(collector)}\` lists what there is.`
        : known;
    return new AuroraError("USAGE", `there is no verdict of ${describeQuestion(question)}`, { op, hint });
  }
  const days = table.days.filter((_, index) => points.some(({ levels }) => (levels[index] ?? null) !== null));
  const where = turbine === undefined ? "" : ` of ${describeQuestion(question)}`;
  return new AuroraError("USAGE", `there is no verdict${where} of ${day ?? "the newest day"}`, {
    op,
    hint: describeDays(days),
  });
}

/** Levels of the 30 days up to one, of a part of the points; left out: of the newest days, and of the first points. */
function askDays(
  { collector, site, turbine }: Pick<DriftQuestion, "collector" | "site" | "turbine">,
  range: Readonly<Partial<Record<"from" | "to" | "cursor", string | undefined>>> = {},
): Promise<DriftDaysReply> {
  return askCollector({
    collector,
    path: "api/v1/drift/days",
    query: { site, turbine, ...range, limit: String(namedPoints) },
    schema: driftDaysReplySchema(),
    op,
  });
}

/** A point as a command names it: `TURBINE/COMPONENT`, or with its site before. */
interface NamedPoint extends Pick<PointLevels, "turbine" | "component"> {
  readonly site: string | undefined;
}

/** Reads a point's name. @throws AuroraError USAGE, of `op`, where it is none */
export function parsePoint(text: string, op: string): NamedPoint {
  const parts = text.split("/");
  const [component, turbine, site, more] = [...parts].reverse();
  if (component !== undefined && turbine !== undefined && more === undefined && !parts.includes(""))
    return { site, turbine, component };
  throw new AuroraError("USAGE", `${text} is not the name of a point`, {
    op,
    hint: "Name it TURBINE/COMPONENT, for example WT07/generator-bearing.",
  });
}

function describeQuestion({ site, turbine, component }: DriftQuestion): string {
  const parts = [site, turbine, component].filter((part) => part !== undefined);
  return parts.length === 0 ? "any point" : parts.join("/");
}

function describeDays(days: readonly string[]): string {
  if (days.length === 0) return "There is none of the last 30 days.";
  if (days.length === 1) return sayThereAre(days);
  return `There are ${days.length} days from ${days[0]} to ${days.at(-1)}.`;
}
