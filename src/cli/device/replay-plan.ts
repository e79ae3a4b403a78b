/**
 * Which recordings play the three turbines of a replay: two healthy ones and one with a fault that the model has not
 * seen. Recordings of bearings that the bundle was trained on are refused, unless they are asked for by name.
 */
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import { type FaultKind, faultKinds } from "../../core/contract/bundle/bearing-fault.ts";
import { createRandom } from "../../core/maths/random.ts";
import {
  type CwruEnd,
  type CwruRecording,
  cwruBearings,
  cwruFailureModes,
  readCwruIndex,
} from "./cwru-recordings.ts";

export interface ReplayPlanOptions {
  /** The data folder, which holds `cwru/`. */
  readonly dataDir: string;
  /** From the manifest's lineage. */
  readonly trainGroups: readonly string[];
  readonly heldOutGroups: readonly string[];
  readonly seed: number;
  /** Recordings of bearings that the model was trained on may be played, too. */
  readonly allowTrainingData?: boolean;
  /** Only this kind of fault; drawn from the seed when absent. */
  readonly kind?: FaultKind;
}

export interface ReplayTurbine {
  readonly recording: CwruRecording;
  /** The accelerometer that is sent; it sits at the bearing that `truth` speaks of. */
  readonly end: CwruEnd;
  readonly bearing: BearingOrders;
  readonly truth: "healthy" | FaultKind;
  /** The model was trained on this physical bearing: an alert proves nothing. */
  readonly seenInTraining: boolean;
}

export interface ReplayPlan {
  readonly dir: string;
  readonly turbines: readonly ReplayTurbine[];
  /** Index of the turbine that must alert, and with what. */
  readonly expected: { readonly turbine: number; readonly fault: FaultKind };
  /** Sentences that whoever shows the replay must show too. */
  readonly notices: readonly string[];
}

const healthyEnds: readonly CwruEnd[] = ["DE", "FE"];

/**
 * Plans a replay; the same data, groups and seed give the same plan. Healthy turbines play the two channels of the
 * normal recording (nothing that a fault at the other end could shake), the faulty one a recording of a held-out
 * bearing at its own sensor. Fails with DATA_MISSING when nothing fits, or as the index's reader.
 */
export async function planReplay(options: ReplayPlanOptions): Promise<ReplayPlan> {
  const dir = join(options.dataDir, "cwru");
  const recordings = await readCwruIndex(dir);
  const seen = (recording: CwruRecording): boolean => options.trainGroups.includes(recording.group);
  const allowed = (recording: CwruRecording): boolean =>
    options.allowTrainingData === true ||
    // A recording without a fault belongs to no bearing group: it must only not have been trained on.
    (recording.fault === "normal" ? !seen(recording) : options.heldOutGroups.includes(recording.group));
  const playable = recordings.filter(allowed);
  const normal = playable.find(
    (recording) =>
      recording.fault === "normal" &&
      healthyEnds.every((end) => recording.channels.some((row) => row.end === end)),
  );
  if (normal === undefined) throw nothingToPlay(dir, "no normal recording with both ends");
  const faulty = new Map<FaultKind, CwruRecording[]>();
  for (const recording of playable) {
    const kind = cwruFailureModes[recording.fault];
    const atFault = recording.channels.some((row) => row.end === recording.faultEnd);
    if (kind === null || !atFault) continue;
    faulty.set(kind, [...(faulty.get(kind) ?? []), recording]);
  }
  // Every value is drawn, wanted or not: fixing the kind must not move the turbine.
  const random = createRandom(options.seed).fork("replay");
  const turbine = random.integer(healthyEnds.length + 1);
  const kinds = faultKinds.filter((kind) => faulty.has(kind));
  const drawnKind = kinds[random.integer(Math.max(1, kinds.length))];
  const fault = options.kind ?? drawnKind;
  const choices = fault === undefined ? undefined : faulty.get(fault);
  if (fault === undefined || choices === undefined) {
    throw nothingToPlay(dir, `no recording of a held-out bearing with ${fault ?? "any"} fault`);
  }
  const chosen = choices[random.integer(choices.length)]!;
  const turbines: ReplayTurbine[] = healthyEnds.map((end) => ({
    recording: normal,
    end,
    bearing: cwruBearings[end],
    truth: "healthy",
    seenInTraining: seen(normal),
  }));
  const end = chosen.faultEnd!;
  turbines.splice(turbine, 0, {
    recording: chosen,
    end,
    bearing: cwruBearings[end],
    truth: fault,
    seenInTraining: seen(chosen),
  });
  return { dir, turbines, expected: { turbine, fault }, notices: notices(turbines) };
}

function notices(turbines: readonly ReplayTurbine[]): string[] {
  const told = turbines
    .filter(({ seenInTraining }) => seenInTraining)
    .map(
      ({ recording }) =>
        `${recording.file}: the model was trained on this bearing (${recording.group}), so this shows nothing about unseen ones`,
    );
  return [...new Set(told)];
}

function nothingToPlay(dir: string, what: string): AuroraError {
  return new AuroraError("DATA_MISSING", `${what} in ${dir}`, {
    op: "plan replay",
    subject: dir,
    hint: "only bearings that the bundle's manifest lists as held out are played; --allow-training-data plays the others too, and says so",
  });
}
