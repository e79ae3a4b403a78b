/** How points stand against their healthy baselines, as text for a terminal. */
import type { PointBaselineReport, RenewalReply } from "../../core/contract/baseline-report.ts";
import {
  adviseRefused,
  sayConditions,
  sayNextStep,
} from "../../core/decision/reference/describe-baseline.ts";
import { saySpeeds } from "../../core/decision/reference/learnt-speeds.ts";

/** A paragraph a point. */
export function renderBaselines(points: readonly PointBaselineReport[]): string {
  if (points.length === 0) return "This gateway has no measuring points.\n";
  return points.map(renderPoint).join("\n");
}

/** What became of an order to learn anew. */
export function renderRenewal({ point, letGo, activeAlarms, isStored }: RenewalReply): string {
  const { turbine, component, renewed } = point;
  const isBlocked = activeAlarms.length > 0 && renewed?.foundHealthy !== true;
  const lines = [
    isBlocked
      ? `${turbine} ${component} learns its healthy baseline anew as soon as its alarms have ended.`
      : `${turbine} ${component} learns its healthy baseline anew from now on.`,
    letGo === 0
      ? "It had none in use yet: what it had learnt so far is let go."
      : `Version ${letGo} is let go, and the evidence against it.`,
    renewed?.foundHealthy === true
      ? "It was found healthy: however it looks from now on is learnt, and what rises clearly above that is raised, days later than on other machines."
      : "If it looks faulty meanwhile, learning is refused.",
    tellAlarms(activeAlarms, renewed?.foundHealthy === true),
  ];
  if (!isStored)
    lines.push("The gateway's disk refused it: it holds, but a restart before that is mended forgets it.");
  return `${lines.join("\n")}\n`;
}

function tellAlarms(active: readonly string[], isEnding: boolean): string {
  if (active.length === 0) return "No alarm of it is active.";
  const names = active.join(", ");
  return isEnding
    ? `Its alarms have ended: ${names}.`
    : `Active alarms go on until their signals have been near the healthy level for a day of data and sixty windows, or, where these lie hours apart, 24 over ten days: ${names}. After an inspection --found-healthy ends them at once.`;
}

const stateWords = {
  none: "no baseline",
  learning: "learning",
  refused: "learning refused",
  "own-reference": "own reference",
} as const;

function renderPoint(point: PointBaselineReport): string {
  const { turbine, component, model, state, why, learning, reference, severityDb, renewed } = point;
  const lines = [`${turbine} ${component}: ${stateWords[state]}`, `  why        ${why}`];
  if (state === "refused") lines.push(`  to do      ${adviseRefused(point)}`);
  if (learning !== null) {
    const { since } = learning;
    const progress = sayNextStep(learning) ?? sayConditions(learning);
    lines.push(`  learning   ${progress}${since === null ? "" : `, since ${since}`}`);
  }
  if (reference !== null) {
    const { version, windows, from, to, shaftRpm, hasScores, suspicions, later = [] } = reference;
    lines.push(
      `  reference  version ${version} since ${to}, ${windows} windows from ${from}`,
      `  speeds     ${saySpeeds(shaftRpm)}`,
      ...later.map(
        (each) => `  later      ${saySpeeds(each.shaftRpm)}, ${each.windows} windows from ${each.from}`,
      ),
      `  holds      ${hasScores ? "levels and scores" : "levels only"}`,
    );
    for (const suspicion of suspicions) lines.push(`  suspicious ${suspicion}`);
  }
  if (state !== "none") {
    lines.push(`  severity   ${severityDb === null ? "not known" : `${severityDb.toFixed(1)} dB`}`);
  }
  lines.push(`  model      ${model.name} ${model.version}`);
  if (renewed !== null) {
    const { count, at, by, reason, foundHealthy } = renewed;
    const times = count === 1 ? "once" : `${count} times`;
    lines.push(
      `  renewed    ${times}, last ${at} by ${by}: ${foundHealthy === true ? "found healthy, " : ""}${reason}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
