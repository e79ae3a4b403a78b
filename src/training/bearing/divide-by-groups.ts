/** Which bearings are trained on and which are held out: whole bearings, never windows. */
import { AuroraError } from "../../contract/aurora-error.ts";
import type { CwruRows, WaveformRows } from "./cwru-rows.ts";

/** Signals of both sides. */
export interface GroupDivision {
  readonly trainSignals: readonly WaveformRows[];
  readonly heldOutSignals: readonly WaveformRows[];
  /** Sorted names. */
  readonly trainGroups: readonly string[];
}

/** The recording without any fault is held out always: its bearings' own are not trained on under another name. */
export const alwaysHeldOut = "normal";

/** Divides; fails with CONFIG_INVALID when there is no such bearing. */
export function divideByGroups(heldOutGroups: readonly string[], data: CwruRows): GroupDivision {
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
  return {
    trainSignals: data.signals.filter((signal) => !isHeld(signal)),
    heldOutSignals: [...data.signals.filter(isHeld), ...data.extra.filter(isHeld)],
    trainGroups: [...groups].filter((group) => !held.has(group)).sort(),
  };
}
