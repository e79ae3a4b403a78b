/** Which machines are trained on and which are held out: whole machines, never windows. */
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import type { RecordedEntry } from "../../../dataset/recordings/recording-set.ts";
import { chooseLearningPath, type PathEntry, reasonOfLeast } from "../../../judge/learning-path.ts";
import type { WaveformRows } from "./recorded-rows.ts";

/** What is divided: a recording, or what a manifest says of it. */
interface LabelledEntry {
  readonly entry: RecordedEntry;
  /** Null = healthy. */
  readonly failureMode: string | null;
}

interface Divisible<T> {
  readonly signals: readonly T[];
  readonly extra: readonly T[];
  readonly machines: readonly string[];
}

export interface GroupDivision<T = WaveformRows> {
  readonly trainSignals: readonly T[];
  readonly heldOutSignals: readonly T[];
  readonly trainGroups: readonly string[];
  /** What the division cannot show, a sentence each: for the card. */
  readonly shortcomings: readonly string[];
}

/**
 * Divides; fails with CONFIG_INVALID where there is no such machine, where a side has no healthy or no faulty recording, or
 * where a fault of `modes` that several machines have is on one side only: it could not be learnt, or nobody could say how well
 * it was.
 */
export function divideByGroups<T extends LabelledEntry>(
  heldOutGroups: readonly string[],
  data: Divisible<T>,
  modes: readonly string[],
): GroupDivision<T> {
  const held = new Set(heldOutGroups);
  const groups = new Set(data.signals.map(({ entry }) => entry.machine));
  const known = new Set(data.machines);
  for (const group of heldOutGroups) {
    if (known.has(group)) continue;
    throw new AuroraError("CONFIG_INVALID", `there is no machine "${group}" to hold out`, {
      op: "divide recordings",
      subject: group,
      hint: `machines are ${[...known].sort().join(", ")}`,
    });
  }
  const isHeld = ({ entry }: T): boolean => held.has(entry.machine);
  const division = {
    trainSignals: data.signals.filter((signal) => !isHeld(signal)),
    heldOutSignals: [...data.signals.filter(isHeld), ...data.extra.filter(isHeld)],
    trainGroups: [...groups].filter((group) => !held.has(group)).sort(),
  };
  const { trainSignals, heldOutSignals } = division;
  const all = [...trainSignals, ...heldOutSignals];
  for (const [side, signals] of [
    ["trained on", trainSignals],
    ["held out", heldOutSignals],
  ] as const) {
    refuseMissing(side, signals, { all, modes });
  }
  const little = sayLittleEvidence(heldOutSignals.map(({ entry }) => entry));
  return {
    ...division,
    shortcomings: [...findShortcomings(division, modes), ...(little === null ? [] : [`${little}.`])],
  };
}

/** Why the machines that are held out are too few for an honest figure, by the rule of `learning-path.ts`; null: they are enough. */
export function sayLittleEvidence(heldOut: readonly PathEntry[]): string | null {
  const { machines, lacking } = chooseLearningPath(heldOut);
  if (lacking.length === 0) return null;
  return `${machines === 1 ? "1 machine is" : `${machines} machines are`} held out, too few for an honest figure: it takes ${lacking.join(", ")}; ${reasonOfLeast}`;
}

/** Fails as {@link divideByGroups} by what a manifest says alone, before anything is read. */
export function checkDivision(
  heldOutGroups: readonly string[],
  entries: readonly RecordedEntry[],
  modes: readonly string[],
): void {
  const labelled = entries.map((entry) => ({
    entry,
    failureMode: entry.label === "healthy" ? null : entry.label,
  }));
  const said = {
    signals: labelled.filter(({ entry }) => entry.learn),
    extra: labelled.filter(({ entry }) => !entry.learn),
    machines: [...new Set(entries.map(({ machine }) => machine))],
  };
  divideByGroups(heldOutGroups, said, modes);
}

function refuseMissing(
  side: string,
  signals: readonly LabelledEntry[],
  { all, modes }: { readonly all: readonly LabelledEntry[]; readonly modes: readonly string[] },
): void {
  const missing = modes.filter(
    (mode) => machinesOf(all, mode).length > 1 && signals.every(({ failureMode }) => failureMode !== mode),
  );
  if (missing.length > 0) {
    throw new AuroraError("CONFIG_INVALID", `no machine with the fault ${missing.join(", ")} is ${side}`, {
      op: "divide recordings",
      subject: "dataset.heldOutGroups",
      hint: "hold out a machine of each fault that several have, and leave one of each to be trained on",
    });
  }
  for (const [what, isThere] of [
    ["healthy", ({ failureMode }: LabelledEntry) => failureMode === null],
    ["faulty", ({ failureMode }: LabelledEntry) => failureMode !== null],
  ] as const) {
    if (signals.some(isThere)) continue;
    const machines = new Set(all.filter(isThere).map(({ entry }) => entry.machine));
    throw new AuroraError(
      "CONFIG_INVALID",
      `no ${what} recording is ${side}: ${sayMachines([...machines])} in all`,
      {
        op: "divide recordings",
        subject: "dataset.heldOutGroups",
        hint:
          machines.size > 1
            ? `hold out one of ${[...machines].sort().slice(0, 8).join(", ")}, and leave one to be trained on`
            : machines.size === 0
              ? `record a ${what} machine, or use the shipped bundle as it is: \`aurora data check\` says what that can find`
              : `one ${what} machine can be learnt from or judged on, not both: record a second one (three of each fault and of healthy ones make a figure that says something), or fine-tune the shipped bundle`,
      },
    );
  }
}

/** A fault that one machine has is learnt or judged, never both; one that none has is neither. */
function findShortcomings(
  { trainSignals, heldOutSignals }: Pick<GroupDivision<LabelledEntry>, "trainSignals" | "heldOutSignals">,
  modes: readonly string[],
): string[] {
  return modes.flatMap((mode) => {
    const [learnt, judged] = [machinesOf(trainSignals, mode), machinesOf(heldOutSignals, mode)];
    if (learnt.length > 0 && judged.length > 0) return [];
    if (learnt.length > 0) {
      return [
        `The fault ${mode} was learnt from ${learnt.join(", ")} alone and judged on no recording: a second machine with it would show how well.`,
      ];
    }
    const source =
      "what the other faults teach, by the weights that all share, and invented rigs where there are any";
    return judged.length > 0
      ? [
          `The fault ${mode} was learnt from no recording, only from ${source}; it was judged on ${judged.join(", ")}.`,
        ]
      : [`No recording shows the fault ${mode}: it rests on ${source}, and was judged on no recording.`];
  });
}

function machinesOf(signals: readonly LabelledEntry[], mode: string): string[] {
  return [
    ...new Set(signals.flatMap(({ entry, failureMode }) => (failureMode === mode ? [entry.machine] : []))),
  ];
}

function sayMachines(machines: readonly string[]): string {
  if (machines.length === 0) return "there is no such machine";
  return `there ${machines.length === 1 ? "is 1 such machine" : `are ${machines.length} such machines`}`;
}
