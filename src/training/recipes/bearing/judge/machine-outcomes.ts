/**
 * What a gateway would have said of each recording of a machine that was left out, put together by machine: faults found,
 * called by another name, missed; healthy recordings quiet or raised. One model at a time.
 */
import { compareTexts } from "../../../../core/maths/compare-texts.ts";
import type { RecordedEntry } from "../../../dataset/recordings/recording-set.ts";
import { computeUnitShare, type Figure } from "../../../judge/figure.ts";
import { rowsOfSignals, type ScoredSet } from "../../../judge/scored-set.ts";
import { type AlertRule, decideLooped, type HeldOutEvaluation } from "./held-out-figures.ts";

/** One recording, decided. */
export interface DecidedRecording {
  readonly id: string;
  readonly machine: string;
  /** `healthy`, `faulty` or a kind. */
  readonly label: string;
  /** The failure mode that is raised; null: none. */
  readonly raised: string | null;
  readonly outcome: "found" | "other-kind" | "missed" | "quiet" | "false-alarm";
}

/** How many recordings of a machine came out how. */
export interface MachineOutcome {
  readonly machine: string;
  /** What it was recorded with, `healthy` among them. */
  readonly labels: readonly string[];
  readonly counts: Readonly<Record<DecidedRecording["outcome"], number>>;
}

/** Decides every recording of `set`, each labelled by its id, by the logits of `model`, as of a machine that nobody knows. */
export function decideRecordings(
  { set, labels }: { readonly set: ScoredSet; readonly labels: ReadonlyMap<string, string> },
  model: string,
  rule: AlertRule,
): readonly DecidedRecording[] {
  const logits = rowsOfSignals(set, set.scores[model]!);
  return set.signals.map(({ id, unit }, index) => {
    const raised = decideLooped(logits[index]!, rule);
    const label = labels.get(id)!;
    return { id, machine: unit, label, raised, outcome: judgeOutcome(label, raised) };
  });
}

/** The recordings of held-out machines, as they were decided; their entries are among `entries`. */
export function listHeldOut(
  { recordings }: HeldOutEvaluation,
  entries: readonly Pick<RecordedEntry, "id" | "machine">[],
): readonly DecidedRecording[] {
  const machineOf = new Map(entries.map(({ id, machine }) => [id, machine]));
  return recordings.map(({ waveform, truth, raised }) => {
    const label = truth ?? "healthy";
    return {
      id: waveform,
      machine: machineOf.get(waveform)!,
      label,
      raised,
      outcome: judgeOutcome(label, raised),
    };
  });
}

function judgeOutcome(label: string, raised: string | null): DecidedRecording["outcome"] {
  if (label === "healthy") return raised === null ? "quiet" : "false-alarm";
  if (raised === null) return "missed";
  // Nobody says which kind it is: any is right.
  return raised === label || label === "faulty" ? "found" : "other-kind";
}

/** By machine, in the order of the names. */
export function countByMachine(decided: readonly DecidedRecording[]): readonly MachineOutcome[] {
  const machines = [...new Set(decided.map(({ machine }) => machine))].sort();
  return machines.map((machine) => {
    const own = decided.filter((each) => each.machine === machine);
    const counts = { found: 0, "other-kind": 0, missed: 0, quiet: 0, "false-alarm": 0 };
    for (const { outcome } of own) counts[outcome]++;
    return { machine, labels: [...new Set(own.map(({ label }) => label))].sort(), counts };
  });
}

/**
 * Shares of faulty recordings found and of healthy ones quiet, with intervals of as many cases as there are machines, whose recordings
 * are alike.
 */
export function judgeOutcomes(
  decided: readonly DecidedRecording[],
): Readonly<Record<"detected" | "quiet", Figure>> {
  const share = (isFaulty: boolean, right: DecidedRecording["outcome"]): Figure => {
    const own = decided.filter(({ label }) => (label !== "healthy") === isFaulty);
    const machines = new Set(own.map(({ machine }) => machine)).size;
    return computeUnitShare(own.filter(({ outcome }) => outcome === right).length, own.length, machines);
  };
  return { detected: share(true, "found"), quiet: share(false, "quiet") };
}

/** Recordings of a machine that are decided wrongly. */
export function countWrong({ counts }: MachineOutcome): number {
  return counts.missed + counts["other-kind"] + counts["false-alarm"];
}

/** What a machine's outcomes leave to be wished for; empty: nothing. */
export function sayFailures({ counts }: MachineOutcome): string {
  const faulty = counts.found + counts["other-kind"] + counts.missed;
  const healthy = counts.quiet + counts["false-alarm"];
  return [
    ...(counts.missed > 0 ? [`${counts.missed} of ${faulty} faulty recordings missed`] : []),
    ...(counts["other-kind"] > 0 ? [`${counts["other-kind"]} of ${faulty} called by another kind`] : []),
    ...(counts["false-alarm"] > 0 ? [`${counts["false-alarm"]} of ${healthy} healthy ones raised`] : []),
  ].join(", ");
}

/** Recordings of one machine among the worst. */
const mostOfMachine = 2;

/** The worst recordings: those decided wrongly, faults that were missed first, then by name; a machine is there twice at most. */
export function listWorst(decided: readonly DecidedRecording[], most: number): readonly DecidedRecording[] {
  const rank = { missed: 0, "other-kind": 1, "false-alarm": 2, found: 3, quiet: 3 } as const;
  const taken = new Map<string, number>();
  return decided
    .filter(({ outcome }) => rank[outcome] < 3)
    .sort((a, b) => rank[a.outcome] - rank[b.outcome] || compareTexts(a.id, b.id))
    .filter(({ machine }) => {
      const before = taken.get(machine) ?? 0;
      taken.set(machine, before + 1);
      return before < mostOfMachine;
    })
    .slice(0, most);
}
