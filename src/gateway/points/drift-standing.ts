/** How a point stands after its verdicts one by one, and what of it is told: a level once, and its end. Keeps nothing. */

import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import { isMoved } from "../../core/drift/drift-level.ts";
import type { DriftStanding } from "./drift-snapshot.ts";

/** What is told of a point. */
export type DriftEventName =
  | `drift.${"warning" | "drift" | "ended" | "relearning" | "lost"}`
  | "baseline-renewed";

/** Of a point that no day has been assessed of. */
export const nothingSaid: DriftStanding = { level: "learning", sinceMs: null, title: null, raised: null };

/** As subscribers of the turbine's state take it. */
const maxTitle = 1024;

/** What stands after a verdict, and what is to be told of it: a level once, and its end. */
export function advanceStanding(
  before: DriftStanding,
  verdict: DriftVerdict,
): {
  readonly standing: DriftStanding;
  readonly event: { readonly name: DriftEventName; readonly detail: string } | null;
} {
  const { level, fromMs, shifts, cause } = verdict;
  const hasMoved = isMoved(level);
  const sinceMs = hasMoved ? Math.min(fromMs, ...shifts.map((shift) => shift.sinceMs)) : fromMs;
  const title = hasMoved ? (cause?.title ?? "it is not as it was").slice(0, maxTitle) : null;
  const isSame = before.level === level && before.sinceMs !== null;
  const raised = nextRaised(before.raised, level);
  const standing = { level, sinceMs: isSame ? before.sinceMs : sinceMs, title, raised };
  if (raised === before.raised) return { standing, event: null };
  if (raised === null) return { standing, event: { name: "drift.ended", detail: "it is as it was again" } };
  return { standing, event: { name: `drift.${raised}`, detail: title ?? "" } };
}

/** A warning that grows is told again; what shrinks to one is not. Only a day like the reference ends it. */
function nextRaised(raised: DriftStanding["raised"], level: DriftVerdict["level"]): DriftStanding["raised"] {
  if (level === "drift") return "drift";
  if (level === "warning") return raised ?? "warning";
  return level === "stable" ? null : raised;
}
