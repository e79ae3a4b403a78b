/**
 * The recordings of the CWRU rig as the shipped bundle's manifest lists them, and its published bearing-wise splits
 * ("Towards a more realistic evaluation of machine learning models for bearing fault diagnosis", arXiv:2509.22267).
 */
import { join } from "node:path";
import { groupBy } from "../src/core/maths/group-by.ts";
import { packageRoot } from "../src/core/platform/files/package-root.ts";
import { openRecordingSet } from "../src/training/dataset/recordings/open-recording-set.ts";
import type { RecordedEntry, RecordingSet } from "../src/training/dataset/recordings/recording-set.ts";
import { type RecordingSplit, readSplits } from "../src/training/dataset/recordings/recording-splits.ts";
import { readRecordingsManifest } from "../src/training/dataset/recordings/recordings-manifest.ts";

/** The manifest that the bundle was made with. */
export const cwruManifest: string = join(packageRoot(), "models", "bearing-vibration", "recordings.yaml");
/** Of the bundle's data contract, in g. */
const range = { min: -50, max: 50 };

export interface CwruRecordings extends RecordingSet {
  /** Entries by their files, in the order of the files' names. */
  readonly byFile: ReadonlyMap<string, readonly RecordedEntry[]>;
  /** The six splits that settings are chosen on; those for reporting are nobody's concern here. */
  tuningSplits(): Promise<readonly RecordingSplit[]>;
}

/** Opens those below `<dataDir>/cwru`. Fails with DATA_MISSING, DATA_FORMAT, CONFIG_INVALID. */
export async function openCwruRecordings(dataDir: string): Promise<CwruRecordings> {
  const dir = join(dataDir, "cwru");
  const manifest = await readRecordingsManifest(cwruManifest);
  const set = await openRecordingSet(manifest, dir, range);
  return {
    ...set,
    byFile: groupBy(set.entries, ({ file }) => file),
    tuningSplits: () => readSplits(manifest.splits["cwru-tuning"]!, set.entries, dir),
  };
}
