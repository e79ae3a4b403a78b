/** Which machines are trained on and which are held out: whole machines, never windows. */
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import type { BearingConfig } from "../bearing-config.ts";
import type { RecordedRows, WaveformRows } from "./recorded-rows.ts";

export interface GroupDivision {
  readonly trainSignals: readonly WaveformRows[];
  readonly heldOutSignals: readonly WaveformRows[];
  readonly trainGroups: readonly string[];
  /** What the division cannot show, a sentence each: for the card. */
  readonly shortcomings: readonly string[];
}

/**
 * Divides; fails with CONFIG_INVALID where there is no such machine, where a side has no healthy or no faulty recording, or
 * where a fault of `modes` that several machines have is on one side only: it could not be learnt, or nobody could say how well
 * it was.
 */
export function divideByGroups(
  heldOutGroups: readonly string[],
  data: RecordedRows,
  modes: readonly string[],
): GroupDivision {
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
  const isHeld = ({ entry }: WaveformRows): boolean => held.has(entry.machine);
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
  return { ...division, shortcomings: findShortcomings(division, modes) };
}

/** The share of a configuration that says which rows a network learns from: part of the inputs of every step that does. */
export function describeDivision({
  dataset,
  hypotheses,
  recipe,
  inventedRigs,
  seed,
}: BearingConfig): Readonly<Record<string, unknown>> {
  return {
    heldOut: dataset.heldOutGroups,
    hypotheses,
    clamp: recipe.clamp,
    inventedWeight: inventedRigs?.weight ?? 0,
    seed,
  };
}

function refuseMissing(
  side: string,
  signals: readonly WaveformRows[],
  { all, modes }: { readonly all: readonly WaveformRows[]; readonly modes: readonly string[] },
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
    ["healthy", ({ failureMode }: WaveformRows) => failureMode === null],
    ["faulty", ({ failureMode }: WaveformRows) => failureMode !== null],
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
            : `one ${what} machine can be learnt from or judged on, not both: record a second one (three of each fault and of healthy ones make a figure that says something), or fine-tune the shipped bundle`,
      },
    );
  }
}

/** A fault that one machine has is learnt or judged, never both; one that none has is neither. */
function findShortcomings(
  { trainSignals, heldOutSignals }: Pick<GroupDivision, "trainSignals" | "heldOutSignals">,
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

function machinesOf(signals: readonly WaveformRows[], mode: string): string[] {
  return [
    ...new Set(signals.flatMap(({ entry, failureMode }) => (failureMode === mode ? [entry.machine] : []))),
  ];
}

function sayMachines(machines: readonly string[]): string {
  if (machines.length === 0) return "there is no such machine";
  return `there ${machines.length === 1 ? "is 1 such machine" : `are ${machines.length} such machines`}`;
}
