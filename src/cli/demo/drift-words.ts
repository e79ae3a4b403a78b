/** What a demonstration of drift says while it learns and once it finds. Text in, text out. */

import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import { driftLevels } from "../../core/contract/drift-verdict.ts";
import type { ExpectedDrift } from "./demo-turbine.ts";
import type { DemoVerdict } from "./demo-watch.ts";
import type { PeriodVerdicts } from "./drift-watch.ts";
import { driftPeriods } from "./plan-drift.ts";

/** Says of one period after the other what is new: one line while nothing drifts, a few for each point that begins to. */
export function createDriftTeller(color: boolean): (period: PeriodVerdicts) => string {
  const told = new Map<string, string>();
  return ({ fromMs, verdicts }) => {
    const lines = [`${clock(fromMs)}  ${describePeriod(verdicts)}`];
    for (const verdict of verdicts) {
      const place = `${verdict.turbine}/${verdict.component}`;
      const title = verdict.level === "drift" ? (verdict.cause?.kind ?? "") : "";
      if (title !== "" && told.get(place) !== title) lines.push("", ...renderVerdict(verdict, color), "");
      told.set(place, title);
    }
    return `${lines.join("\n")}\n`;
  };
}

/** Whether what was expected came, at the end; `until` says how long was waited. */
export function describeDriftEnd(
  verdict: DemoVerdict,
  expected: ExpectedDrift | null,
  until: string,
): string {
  if (expected === null) {
    if (verdict === "met") return "\nnothing drifts, and nothing was found\n";
    return verdict === "broken"
      ? "\na drift was found where nothing drifts\n"
      : `\nnot enough was seen ${until}\n`;
  }
  const places = expected.points.map(({ turbine, component }) => `${turbine} / ${component}`).join(", ");
  const wanted = `${expected.drift} as a drift of the ${expected.kind} at ${places}`;
  if (verdict === "met") return `\nfound, named and placed: ${wanted}\n`;
  return verdict === "broken"
    ? `\nexpected ${wanted}, but another drift was found, or this one at another place\n`
    : `\nexpected ${wanted}, but it was not found ${until}\n`;
}

function describePeriod(verdicts: readonly DriftVerdict[]): string {
  // A machine that is too busy to play the devices loses whole periods.
  if (verdicts.length === 0) return "nothing was heard of any point";
  const count = (level: DriftVerdict["level"]): number =>
    verdicts.filter((verdict) => verdict.level === level).length;
  const learning = count("learning");
  if (learning === verdicts.length) {
    const known = Math.min(...verdicts.map(({ referenceDays }) => referenceDays));
    return `learning: ${known} of ${driftPeriods.learn} periods are known of each of ${learning} points`;
  }
  const counted = driftLevels
    .map((level) => [level, count(level)] as const)
    .filter(([, points]) => points > 0);
  return counted.map(([level, points]) => `${points} ${level}`).join(", ");
}

function renderVerdict({ turbine, component, cause }: DriftVerdict, color: boolean): string[] {
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const kind = cause === null ? "" : `of ${cause.kind === "unknown" ? "unknown cause" : `the ${cause.kind}`}`;
  return [
    [paint(33, "DRIFT"), paint(1, `${turbine} / ${component}`), kind].join("  "),
    `          ${cause?.title ?? ""}`,
    ...(cause?.evidenceFor ?? []).map((words) => `          for: ${words}`),
    ...(cause?.evidenceAgainst ?? []).map((words) => `          against: ${words}`),
  ];
}

function clock(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 16);
}
