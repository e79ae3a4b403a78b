/** What a training would refuse of recordings that are good in themselves: nobody, or too few, to judge by, too few windows of healthy machines. */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { checkDivision, sayLittleEvidence } from "../../training/recipes/bearing/learn/divide-by-groups.ts";
import { sayLackingWindows, secondsOf } from "../../training/recipes/bearing/learn/enough-windows.ts";
import type { DataTarget, TargetTraining } from "./data-target.ts";
import type { Finding } from "./finding.ts";
import type { MeasuredRecording } from "./measure-recording.ts";

/** Nothing where no training was named, or nothing could be learnt because nobody has a fault: the learning path says that. */
export function findInTraining(
  recordings: readonly MeasuredRecording[],
  { training, expectations: { window } }: Pick<DataTarget, "training" | "expectations">,
): Finding[] {
  if (training === null || recordings.length === 0) return [];
  const { path, heldOutGroups } = training;
  const about = { where: path, file: null } as const;
  const division = heldOutGroups === null ? null : judgeDivision(recordings, { ...training, heldOutGroups });
  return [
    ...(division === null ? [] : [{ ...about, check: "held-out", ...division }]),
    ...(division?.severity === "error"
      ? []
      : findFewWindows(recordings, { heldOutGroups, window }).map((each) => ({ ...about, ...each }))),
  ];
}

/** Too few windows of healthy machines to learn from, in all or of any one of them. */
function findFewWindows(
  recordings: readonly MeasuredRecording[],
  {
    heldOutGroups,
    window,
  }: Pick<TargetTraining, "heldOutGroups"> & Pick<DataTarget["expectations"], "window">,
): Omit<Finding, "where" | "file">[] {
  const healthy = recordings.filter(
    ({ resolved: { entry } }) =>
      entry.label === "healthy" && entry.learn && heldOutGroups?.includes(entry.machine) !== true,
  );
  const isLearnt = recordings.some(({ resolved }) => resolved.entry.label !== "healthy");
  if (healthy.length === 0 || !isLearnt) return [];
  const windows = healthy.map(({ samples, resolved: { entry } }) => {
    const of = (amount: number): number => secondsOf(amount, window.unit, entry.shaftRpm);
    const seconds = samples / entry.sampleRateHz;
    return { entry, windows: Math.max(0, Math.floor((seconds - of(window.length)) / of(window.hop)) + 1) };
  });
  const lacking = sayLackingWindows(windows, window);
  if (lacking === null) return [];
  return [{ severity: "error", check: "few-windows", message: lacking.lack, cure: lacking.cure }];
}

/** What is wrong with the machines that a training from scratch would hold out; null: nothing. */
function judgeDivision(
  recordings: readonly MeasuredRecording[],
  { hypotheses, heldOutGroups }: TargetTraining & { readonly heldOutGroups: readonly string[] },
): Pick<Finding, "severity" | "message" | "cure"> | null {
  const entries = recordings.map(({ resolved }) => resolved.entry);
  try {
    const modes = hypotheses.map(({ failureMode }) => failureMode);
    checkDivision(heldOutGroups, entries, modes);
  } catch (error) {
    if (!(error instanceof AuroraError)) throw error;
    return {
      severity: "error",
      message: error.message,
      cure: error.hint ?? "name other machines under dataset.heldOutGroups",
    };
  }
  const little = sayLittleEvidence(entries.filter(({ machine }) => heldOutGroups.includes(machine)));
  if (little === null) return null;
  return {
    severity: "warning",
    message: little,
    cure: "hold out more machines (dataset.heldOutGroups) where enough are left to learn from; or fine-tune the shipped bundle (`from:`), which is judged by leaving every machine out in turn",
  };
}
