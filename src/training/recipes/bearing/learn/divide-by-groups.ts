/** Which bearings are trained on and which are held out: whole bearings, never windows. */
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import type { BearingConfig } from "../bearing-config.ts";
import type { CwruRows, WaveformRows } from "./cwru-rows.ts";

export interface GroupDivision {
  readonly trainSignals: readonly WaveformRows[];
  readonly heldOutSignals: readonly WaveformRows[];
  readonly trainGroups: readonly string[];
}

/** The recording without any fault is held out always: its bearings' own are not trained on under another name. */
export const alwaysHeldOut = "normal";

/**
 * Divides; fails with CONFIG_INVALID when there is no such bearing, or when a failure mode of `modes` is on one side only:
 * it could not be learnt, or nobody could say how well it was.
 */
export function divideByGroups(
  heldOutGroups: readonly string[],
  data: CwruRows,
  modes: readonly string[],
): GroupDivision {
  const held = new Set([...heldOutGroups, alwaysHeldOut]);
  const groups = new Set(data.signals.map((signal) => signal.waveform.group));
  const known = new Set([...groups, ...data.extra.map((signal) => signal.waveform.group)]);
  for (const group of heldOutGroups) {
    if (known.has(group)) continue;
    throw new AuroraError("CONFIG_INVALID", `there is no bearing "${group}" to hold out`, {
      op: "divide recordings",
      subject: group,
      hint: `bearings are ${[...known].sort().join(", ")}`,
    });
  }
  const isHeld = (signal: WaveformRows): boolean => held.has(signal.waveform.group);
  const division = {
    trainSignals: data.signals.filter((signal) => !isHeld(signal)),
    heldOutSignals: [...data.signals.filter(isHeld), ...data.extra.filter(isHeld)],
    trainGroups: [...groups].filter((group) => !held.has(group)).sort(),
  };
  refuseMissing("trained on", division.trainSignals, modes);
  refuseMissing("held out", division.heldOutSignals, modes);
  return division;
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

function refuseMissing(side: string, signals: readonly WaveformRows[], modes: readonly string[]): void {
  const missing = modes.filter((mode) => signals.every(({ waveform }) => waveform.failureMode !== mode));
  if (missing.length === 0) return;
  throw new AuroraError("CONFIG_INVALID", `no bearing with the fault ${missing.join(", ")} is ${side}`, {
    op: "divide recordings",
    subject: "dataset.heldOutGroups",
    hint: "hold out a bearing of each failure mode, and leave one of each to be trained on",
  });
}
