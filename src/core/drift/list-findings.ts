/** Verdicts of a day as findings: points that one cause moved are told once. Decides nothing. */
import type { DriftVerdict } from "../contract/drift-verdict.ts";
import { driftLevelRank, isMoved, titleVerdict } from "./drift-words.ts";

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
  const groups = new Map<string, DriftVerdict[]>();
  for (const verdict of verdicts) {
    if (!isMoved(verdict.level)) continue;
    const { site, cause } = verdict;
    const place = cause?.kind === "fleet" ? "" : site;
    const key = JSON.stringify([place, cause?.kind ?? verdict.component, titleVerdict(verdict)]);
    groups.set(key, [...(groups.get(key) ?? []), verdict]);
  }
  return [...groups.values()]
    .map(describeGroup)
    .sort(
      (a, b) =>
        driftLevelRank[b.level] - driftLevelRank[a.level] ||
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
  return driftLevelRank[b.level] - driftLevelRank[a.level] || (a.pValue ?? 1) - (b.pValue ?? 1);
}
