/** The recordings that a configuration learns from: its manifest, which lies beside it or in the bundle, over the data folder. */
import { join } from "node:path";
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import { findWaveform } from "../../../../core/contract/bundle/manifest.ts";
import { openRecordingSet } from "../../../dataset/recordings/open-recording-set.ts";
import type { RecordingSet } from "../../../dataset/recordings/recording-set.ts";
import {
  parseRecordingsManifest,
  type RecordingsManifest,
} from "../../../dataset/recordings/recordings-manifest.ts";
import type { CommonConfig } from "../../common-config.ts";
import type { RecordingsDataset } from "../bearing-config.ts";

/** A set of recordings, where it lies and what its manifest says of it. */
export interface OpenRecordings {
  readonly set: RecordingSet;
  readonly manifest: RecordingsManifest;
  readonly root: string;
}

/** Opens them; `files` holds the manifest. Fails with CONFIG_INVALID, DATA_MISSING or DATA_FORMAT. */
export async function openRecordings(
  { dataset, channels }: Pick<CommonConfig, "channels"> & { readonly dataset: RecordingsDataset },
  files: ReadonlyMap<string, Uint8Array>,
  dataDir: string,
): Promise<OpenRecordings> {
  const bytes = files.get(dataset.manifest);
  const contract = findWaveform({ channels });
  if (bytes === undefined || contract === undefined) {
    const what =
      bytes === undefined
        ? `holds no ${dataset.manifest}, which lists the recordings`
        : "states no waveform channel";
    throw new AuroraError("CONFIG_INVALID", `the configuration ${what}`, {
      op: "open recordings",
      subject: "dataset.manifest",
      hint: "a manifest lies beside its configuration; a bundle of an older version carries none: train it again",
    });
  }
  const root = join(dataDir, dataset.folder ?? "");
  const manifest = parseRecordingsManifest(bytes, dataset.manifest);
  return { set: await openRecordingSet(manifest, root, contract), manifest, root };
}
