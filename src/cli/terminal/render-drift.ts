/** Verdicts of drift as text for a terminal: an operator's words first, figures only where one point is explained. */

import type {
  DriftLevel,
  DriftVerdict,
  FeatureDistances,
  FeatureShift,
} from "../../core/contract/drift-verdict.ts";
import type { DriftVerdictReply } from "../../core/contract/drift-verdict-schema.ts";
import type { WholeGatewayPage } from "../../core/contract/gateway-page.ts";
import type { PointId } from "../../core/contract/stream.ts";
import { describeColumn } from "../../core/drift/describe-column.ts";
import { isMoved, levelsByWeight } from "../../core/drift/drift-level.ts";
import {
  causeWords,
  describeDeviations,
  describeLoad,
  describeLoads,
  describeMove,
  describeValues,
  driftLevelWords,
  formatThree,
  nameMoment,
  sinceOf,
  titleVerdict,
} from "../../core/drift/drift-words.ts";
import { type DriftFinding, listFindings } from "../../core/drift/list-findings.ts";

/** All points of one gateway, in its own order. */
export type GatewayDrift = Pick<WholeGatewayPage, "gateway"> & Pick<WholeGatewayPage["drift"], "points">;

/** What a day has to tell. */
export interface DriftNews extends Pick<DriftVerdictReply, "day"> {
  /** In the order of site, turbine and component, but for those that are stable. */
  readonly verdicts: readonly DriftVerdict[];
  /** Points that are stable. */
  readonly stable: number;
}

/** Points that are named one by one where nobody asked for them. */
const namedPoints = 12;

/**
 * A day: how many points are at which level, what moved, and of whom nothing can be said.
 * @param where what a command ends with that asks the same collector
 */
export function renderDriftReport({ day, verdicts, stable }: DriftNews, where = ""): string {
  if (verdicts.length + stable === 0) {
    return `No day has been assessed yet.\nEach point first learns its own reference; a verdict comes when a day is over.\n`;
  }
  const lines = [`${day}: ${describeCounts(verdicts, stable)}`];
  const findings = listFindings(verdicts);
  for (const finding of findings) lines.push("", ...renderFound(finding));
  if (findings.length === 0) lines.push("", "No point moved away from its own reference.");
  const silent = verdicts.filter(({ level, reason }) => !isMoved(level) && reason !== null);
  if (silent.length > 0) lines.push("");
  for (const verdict of silent.slice(0, namedPoints)) {
    lines.push(`${driftLevelWords[verdict.level]}: ${sayPoint(verdict)}, ${verdict.reason}`);
  }
  if (silent.length > namedPoints)
    lines.push(`and ${silent.length - namedPoints} more points of which nothing is said`);
  const first = findings[0]?.first;
  if (first !== undefined) {
    lines.push(
      "",
      `What speaks for it, in figures: aurora drift explain ${first.turbine}/${first.component} --day ${day}${where}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function describeCounts(verdicts: readonly DriftVerdict[], stable: number): string {
  const countOf = (level: DriftLevel): number =>
    level === "stable" ? stable : verdicts.filter((each) => each.level === level).length;
  const parts = levelsByWeight.map((level) => [level, countOf(level)] as const);
  return parts
    .filter(([, count]) => count > 0)
    .map(([level, count]) => `${count} ${driftLevelWords[level]}`)
    .join(", ");
}

function renderFound({ title, level, first, verdicts }: DriftFinding): string[] {
  const sinceMs = sinceOf(first);
  const points = verdicts.slice(0, namedPoints).map(sayPoint).join("; ");
  const more = verdicts.length > namedPoints ? ` and ${verdicts.length - namedPoints} more` : "";
  return [
    `${level.toUpperCase()}: ${title}`,
    `  points   ${points}${more}`,
    ...(sinceMs === null ? [] : [`  since    ${nameMoment(sinceMs, first)}`]),
    ...renderCause(first),
  ];
}

function renderCause({ cause }: DriftVerdict): string[] {
  if (cause === null) return [];
  return [
    `  what     ${causeWords[cause.kind]}`,
    ...cause.evidenceFor.map((line) => `  for      ${line}`),
    ...cause.evidenceAgainst.map((line) => `  against  ${line}`),
  ];
}

/** All that is known of one point's verdicts of a day. */
export function renderDriftExplanation({ day, verdicts }: DriftVerdictReply): string {
  const lines = verdicts.flatMap((verdict) => [...renderVerdict(day, verdict), ""]);
  return `${lines.join("\n").trimEnd()}\n`;
}

function renderVerdict(day: string, verdict: DriftVerdict): string[] {
  const { level, reason, pValue, rows, referenceDays, shifts, distances } = verdict;
  const { modelName, modelVersion } = verdict;
  const sinceMs = sinceOf(verdict);
  return [
    `${sayPoint(verdict)}, ${day}: ${driftLevelWords[level]}`,
    ...(isMoved(level) ? [`  ${titleVerdict(verdict)}`] : []),
    ...(reason === null ? [] : [`  why      ${reason}`]),
    ...(sinceMs === null ? [] : [`  since    ${nameMoment(sinceMs, verdict)}`]),
    ...renderCause(verdict),
    `  rests on ${referenceDays} days of its own, ${rows} windows or rows of this day, model ${modelName} ${modelVersion}`,
    ...(pValue === null
      ? []
      : [`  chance   a day like the reference looks so, or worse, with probability ${formatThree(pValue)}`]),
    ...shifts.flatMap((shift) => renderShift(shift, distances)),
  ];
}

function renderShift(shift: FeatureShift, distances: readonly FeatureDistances[]): string[] {
  const unit = shift.role === "level" ? " dB" : "";
  const loads = describeLoads(shift);
  const distance = distances.find(({ feature }) => feature === shift.feature);
  return [
    "",
    `  ${describeColumn(shift.name, shift.role)} (${shift.name}): ${describeMove(shift)}`,
    `    ${describeValues(shift)}; ${describeDeviations(shift)}`,
    ...(loads === null ? [] : [`    ${loads}`]),
    ...(shift.loads.length < 2
      ? []
      : [...shift.loads]
          .sort((a, b) => a.band - b.band)
          .map((load) => `      ${describeLoad(load).padEnd(18)} ${formatSigned(load.shift)}${unit}`)),
    ...(distance === undefined ? [] : renderDistances(distance)),
  ];
}

function renderDistances({ psi, ks, wasserstein, jensenShannon, bins }: FeatureDistances): string[] {
  const say = (name: string, { value, low, high }: FeatureDistances["psi"]): string =>
    `${name} ${formatThree(value)} (${formatThree(low)} to ${formatThree(high)})`;
  const lines = [
    `    distances, 90 % intervals: ${say("PSI", psi)}, ${say("KS", ks)},`,
    `      ${say("Wasserstein", wasserstein)}, ${say("Jensen-Shannon", jensenShannon)}`,
  ];
  if (bins === undefined) return lines;
  const highest = Math.max(...bins.reference, ...bins.current, 1e-9);
  return [
    ...lines,
    `    own reference |${drawShares(bins.reference, highest)}|`,
    `    this day      |${drawShares(bins.current, highest)}|`,
  ];
}

const blocks = " ▁▂▃▄▅▆▇█";

/** A column a bin, as high as its share of the highest. */
function drawShares(shares: readonly number[], highest: number): string {
  return shares
    .map((share) => blocks[share <= 0 ? 0 : Math.max(1, Math.round((share / highest) * 8))])
    .join("");
}

/** `WT07 generator-bearing (north-sea)`. */
export function sayPoint({ site, turbine, component }: PointId): string {
  return `${turbine} ${component} (${site})`;
}

/** What a gateway says itself: a line a point. */
export function renderGatewayDrift({ gateway, points }: GatewayDrift): string {
  if (points.length === 0)
    return `The gateway ${gateway} has heard no point yet whose drift it could tell.\n`;
  const lines = points.map(({ turbine, component, level, sinceMs, title, referenceDays }) => {
    const since = sinceMs === null ? "" : ` since ${new Date(sinceMs).toISOString()}`;
    const days = `${referenceDays} ${referenceDays === 1 ? "day" : "days"} of its own`;
    return `${turbine} ${component}: ${driftLevelWords[level]}${since}, ${days}${title === null ? "" : `\n  ${title}`}`;
  });
  return `${lines.join("\n")}\n`;
}

function formatSigned(value: number): string {
  return `${value > 0 ? "+" : ""}${formatThree(value)}`;
}
