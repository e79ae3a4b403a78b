/**
 * What labelled recordings allow: no fault, a few, or enough to learn from scratch; and whether a figure over their machines
 * would be an honest one. Counts machines, never windows: those of one machine are alike. Says it in words; judges no model.
 */

/** What is asked of an entry of a manifest. */
export interface PathEntry {
  /** `healthy`, `faulty` (nobody says which kind) or a kind of fault. */
  readonly label: string;
  /** The physical thing whose recordings stand or fall together. */
  readonly machine: string;
}

/** `baseline`: the shipped bundle beside the machine's own past; `fine-tune`: go on from it; `scratch`: learn anew. */
type PathName = "baseline" | "fine-tune" | "scratch";

export interface LearningPath {
  readonly name: PathName;
  /** Machines in all, with recordings of a fault, with healthy recordings. */
  readonly machines: number;
  readonly faultyMachines: number;
  readonly healthyMachines: number;
  /** Machines by kind of fault, `faulty` among them, in the order of their names. */
  readonly machinesOfKind: Readonly<Record<string, number>>;
  /** What is missing for an honest figure, in words; empty: nothing is. */
  readonly lacking: readonly string[];
}

/**
 * Least machines for a figure. Five that all say the same do so by chance once in 32 times, which is the first number below
 * the usual one in twenty; four once in 16. Of them three with a fault, so that two of three kinds of luck are left to learn
 * from when one is left out; and two that were recorded healthy, or nothing tells a fault from a machine.
 */
export const leastMachines = { all: 5, faulty: 3, healthy: 2 } as const;

/** From so many machines a kind on, of two kinds at least, a student learns as much from them as a parent knows. */
const scratchMachines = { ofKind: 5, kinds: 2 } as const;

const unnamedKind = "faulty";

/** Counts; the order of entries does not matter. */
export function chooseLearningPath(entries: readonly PathEntry[]): LearningPath {
  const machinesWith = (is: (label: string) => boolean): number => listMachines(entries, is).length;
  const labels = [...new Set(entries.map(({ label }) => label))]
    .filter((label) => label !== "healthy")
    .sort();
  const machinesOfKind = Object.fromEntries(
    labels.map((kind) => [kind, machinesWith((label) => label === kind)]),
  );
  const machines = machinesWith(() => true);
  const faultyMachines = machinesWith((label) => label !== "healthy");
  const healthyMachines = machinesWith((label) => label === "healthy");
  const plentiful = Object.entries(machinesOfKind).filter(
    ([kind, count]) => kind !== unnamedKind && count >= scratchMachines.ofKind,
  );
  const counted = { machines, faultyMachines, healthyMachines, machinesOfKind };
  return {
    name:
      faultyMachines === 0 ? "baseline" : plentiful.length >= scratchMachines.kinds ? "scratch" : "fine-tune",
    ...counted,
    lacking: findLacking(counted),
  };
}

/** Machines with a recording of such a label, in the order of their names. */
export function listMachines(entries: readonly PathEntry[], is: (label: string) => boolean): string[] {
  return [...new Set(entries.filter(({ label }) => is(label)).map(({ machine }) => machine))].sort();
}

function findLacking({
  machines,
  faultyMachines,
  healthyMachines,
}: Pick<LearningPath, "machines" | "faultyMachines" | "healthyMachines">): string[] {
  const wanted = [
    [machines, leastMachines.all, "machines in all"],
    [faultyMachines, leastMachines.faulty, "machines with a fault"],
    [healthyMachines, leastMachines.healthy, "machines recorded while healthy"],
  ] as const;
  return wanted.flatMap(([is, least, what]) =>
    is < least ? [`${least} ${what} (there ${is === 1 ? "is" : "are"} ${is})`] : [],
  );
}

/** The path in words, a line a thought: what there is, what it allows, how sure figures can be. */
export function sayLearningPath(path: LearningPath): readonly string[] {
  const { name, machines, faultyMachines, healthyMachines, machinesOfKind, lacking } = path;
  const kinds = Object.entries(machinesOfKind).map(([kind, count]) => `${kind} on ${count}`);
  const counted = `${count(machines, "machine")}: ${faultyMachines} with a fault${kinds.length === 0 ? "" : ` (${kinds.join(", ")})`}, ${healthyMachines} recorded healthy`;
  if (name === "baseline") return [counted, ...baselineWords];
  const words = {
    "fine-tune":
      "path 2 of 3, a few faults: fine-tuning of a shipped bundle (`from:`), which keeps what it was taught; judged by leaving every machine out in turn",
    scratch:
      "path 3 of 3, many faults: enough machines of each kind to learn from scratch; fine-tuning (`from:`) is still worth comparing with",
  }[name];
  const evidence =
    lacking.length === 0
      ? [
          `${machines} machines are enough for a figure with an interval over machines; it is as wide as they are few`,
        ]
      : [`too few machines for an honest figure: it takes ${lacking.join(", ")}; ${reasonOfLeast}`];
  return [counted, words, ...evidence];
}

/** Why it is {@link leastMachines} and not fewer. */
export const reasonOfLeast =
  "five machines that agree do so by chance once in 32 times, four once in 16, and windows of one machine are no witnesses of their own";

const baselineWords = [
  "path 1 of 3, no fault at all: nothing to learn from. Use the shipped bundle as it is; on the gateway it learns how this machine is while healthy (`aurora baseline show`), and raises what leaves that",
  "it can find faults of inner race, outer race and rolling elements by their orders, and levels that rise above the machine's own; it cannot say how often it will be wrong here: no fault was recorded to ask it about",
] as const;

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
