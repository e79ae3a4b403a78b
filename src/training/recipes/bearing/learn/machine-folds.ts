/**
 * Leaves machines out: which are judged together by a student that learnt from the others. A machine is never on both sides. A
 * bearing that recordings of several machines hear is learnt from and never judged, and not heard while its machine is left out.
 */
import { compareTexts } from "../../../../core/maths/compare-texts.ts";
import type { RecordedEntry } from "../../../dataset/recordings/recording-set.ts";

/** Machines that are left out at a time; `name` is that of a training step. */
export interface MachineFold {
  readonly name: string;
  readonly machines: readonly string[];
}

type DividedEntry = Pick<RecordedEntry, "machine" | "shared" | "label" | "learn">;

/** Every machine in turn up to so many; more are put together in as many groups. */
const mostFolds = 12;

/** In the order of the machines' names; groups are as alike as can be in what their machines show. */
export function planMachineFolds(entries: readonly DividedEntry[]): readonly MachineFold[] {
  const machines = [...new Set(entries.filter(isJudged).map(({ machine }) => machine))].sort();
  if (machines.length <= mostFolds) {
    return machines.map((machine) => ({ name: `without ${machine}`, machines: [machine] }));
  }
  const labelsOf = new Map<string, Set<string>>();
  for (const { machine, label } of entries) {
    labelsOf.set(machine, (labelsOf.get(machine) ?? new Set()).add(label));
  }
  const shown = (machine: string): string => [...labelsOf.get(machine)!].sort().join(" ");
  const dealt = [...machines].sort((a, b) => compareTexts(shown(a), shown(b)) || compareTexts(a, b));
  return Array.from({ length: mostFolds }, (_, fold) => ({
    name: `without group ${fold + 1}`,
    machines: dealt.filter((_, index) => index % mostFolds === fold).sort(),
  }));
}

/** Is it a case of its machine's own? */
export function isJudged({ shared }: Pick<RecordedEntry, "shared">): boolean {
  return shared === null;
}

/** Places of the entries that a fold learns from, and of those that it judges. */
export function divideByFold(
  entries: readonly DividedEntry[],
  { machines }: MachineFold,
): { readonly train: readonly number[]; readonly judged: readonly number[] } {
  const left = new Set(machines);
  const places = entries.map((_, index) => index);
  return {
    train: places.filter((index) => entries[index]!.learn && !left.has(entries[index]!.machine)),
    judged: places.filter((index) => left.has(entries[index]!.machine) && isJudged(entries[index]!)),
  };
}
