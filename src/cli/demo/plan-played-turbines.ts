/**
 * Which recordings play the three turbines of a replay: two healthy ones and one with a fault that the model has not
 * seen. Recordings of bearings that the bundle was trained on are refused, unless they are asked for by name.
 */
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { type FaultKind, faultKinds } from "../../core/contract/bundle/bearing-fault.ts";
import { createRandom } from "../../core/maths/random.ts";
import { openRecordingSet } from "../../training/dataset/recordings/open-recording-set.ts";
import type { RecordedEntry, RecordingSet } from "../../training/dataset/recordings/recording-set.ts";
import { readRecordingsManifest } from "../../training/dataset/recordings/recordings-manifest.ts";

export interface PlayedPlanOptions {
  /** Manifest of the recordings, which lie in `cwru/` of the data folder. */
  readonly manifest: string;
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

interface PlayedTurbine {
  /** The accelerometer that is sent; it sits at the bearing that `truth` speaks of. */
  readonly entry: RecordedEntry;
  readonly truth: "healthy" | FaultKind;
  /** The model was trained on this physical bearing: an alert proves nothing. */
  readonly seenInTraining: boolean;
}

interface PlayedPlan {
  /** Reads the entries. */
  readonly set: RecordingSet;
  readonly turbines: readonly PlayedTurbine[];
  /** Index of the turbine that must alert, and with what. */
  readonly expected: { readonly turbine: number; readonly fault: FaultKind };
  /** Sentences that whoever shows the replay must show too. */
  readonly notices: readonly string[];
}

/** Turbines without a fault. */
const healthyTurbines = 2;
/** Values that a recording may have, in g. */
const range = { min: -50, max: 50 };

/**
 * Plans a replay; the same data, groups and seed give the same plan. Healthy turbines play two channels of a recording of
 * a machine without any fault (nothing could shake them), the faulty one a recording of a held-out bearing at its own
 * sensor. Fails with DATA_MISSING when nothing fits, or as the reader of the recordings.
 */
export async function planPlayedTurbines(options: PlayedPlanOptions): Promise<PlayedPlan> {
  const dir = join(options.dataDir, "cwru");
  const set = await openRecordingSet(await readRecordingsManifest(options.manifest), dir, range);
  const faultyMachines = new Set(
    set.entries.filter(({ label }) => label !== "healthy").map(({ machine }) => machine),
  );
  const seen = ({ machine }: RecordedEntry): boolean => options.trainGroups.includes(machine);
  const allowed = (entry: RecordedEntry): boolean =>
    options.allowTrainingData === true ||
    // A machine without a fault belongs to no bearing group: it must only not have been trained on.
    (faultyMachines.has(entry.machine) ? options.heldOutGroups.includes(entry.machine) : !seen(entry));
  const playable = set.entries.filter(allowed);
  const normal = pickNormal(playable.filter(({ machine }) => !faultyMachines.has(machine)));
  if (normal === null) throw nothingToPlay(dir, "no normal recording with both ends");
  const faulty = new Map<FaultKind, RecordedEntry[]>();
  for (const entry of playable) {
    const { label } = entry;
    if (label === "healthy" || label === "faulty") continue;
    faulty.set(label, [...(faulty.get(label) ?? []), entry]);
  }
  // Every value is drawn, wanted or not: fixing the kind must not move the turbine.
  const random = createRandom(options.seed).fork("replay");
  const turbine = random.integer(healthyTurbines + 1);
  const kinds = faultKinds.filter((kind) => faulty.has(kind));
  const drawnKind = kinds[random.integer(Math.max(1, kinds.length))];
  const fault = options.kind ?? drawnKind;
  const choices = fault === undefined ? undefined : faulty.get(fault);
  if (fault === undefined || choices === undefined) {
    throw nothingToPlay(dir, `no recording of a held-out bearing with ${fault ?? "any"} fault`);
  }
  const chosen = choices[random.integer(choices.length)]!;
  const turbines: PlayedTurbine[] = normal.map((entry) => ({
    entry,
    truth: "healthy",
    seenInTraining: seen(entry),
  }));
  turbines.splice(turbine, 0, { entry: chosen, truth: fault, seenInTraining: seen(chosen) });
  return { set, turbines, expected: { turbine, fault }, notices: notices(turbines) };
}

/** Channels of the first file that has enough of them; null: there is none. */
function pickNormal(entries: readonly RecordedEntry[]): readonly RecordedEntry[] | null {
  for (const { file } of entries) {
    const channels = entries.filter((entry) => entry.file === file);
    if (channels.length >= healthyTurbines) return channels.slice(0, healthyTurbines);
  }
  return null;
}

function notices(turbines: readonly PlayedTurbine[]): string[] {
  const told = turbines
    .filter(({ seenInTraining }) => seenInTraining)
    .map(
      ({ entry }) =>
        `${entry.file}: the model was trained on this bearing (${entry.machine}), so this shows nothing about unseen ones`,
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
