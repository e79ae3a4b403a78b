/** Verdicts of a day as findings: points that one cause moved are told once. Decides nothing. */

import type { DriftVerdict } from "../contract/drift-verdict.ts";
import { groupBy } from "../maths/group-by.ts";
import { compareLevels, isMoved } from "./drift-level.ts";
import { titleVerdict } from "./drift-words.ts";

/** What moved some points. */
export interface DriftFinding {
  readonly title: string;
  readonly level: "warning" | "drift";
  /** Its surest verdict, whose evidence stands for all. */
  readonly first: DriftVerdict;
  /** All of one cause, the surest first. */
  readonly verdicts: readonly DriftVerdict[];
}

/** Drift first, then what moved most points, then the surest. */
export function listFindings(verdicts: readonly DriftVerdict[]): readonly DriftFinding[] {
  const moved = verdicts.filter(({ level }) => isMoved(level));
  const groups = groupBy(moved, (verdict) => {
    const { site, component, cause } = verdict;
    const place = cause?.kind === "fleet" ? "" : site;
    return JSON.stringify([place, cause?.kind ?? component, titleVerdict(verdict)]);
  });
  return [...groups.values()]
    .map(describeGroup)
    .sort(
      (a, b) =>
        compareLevels(a.level, b.level) ||
        b.verdicts.length - a.verdicts.length ||
        compareVerdicts(a.first, b.first),
    );
}

function describeGroup(group: readonly DriftVerdict[]): DriftFinding {
  const verdicts = [...group].sort(compareVerdicts);
  const first = verdicts[0]!;
  return {
    title: titleVerdict(first),
    level: first.level === "drift" ? "drift" : "warning",
    first,
    verdicts,
  };
}

function compareVerdicts(a: DriftVerdict, b: DriftVerdict): number {
  return compareLevels(a.level, b.level) || (a.pValue ?? 1) - (b.pValue ?? 1);
}
