/** What is doubtful about recordings that are scored each by itself, in words for stderr: nobody says which are of one machine. */
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import type { FileDescription } from "../../../training/dataset/sidecar/sidecar.ts";
import { createBeginning } from "./beginning.ts";
import { createClippingDoubts } from "./clipping-doubts.ts";
import { doubtSpeed } from "./speed-doubts.ts";
import { listStandbyDoubts } from "./standby-doubts.ts";

/** Collects doubts, as recordings are read. */
interface RecordingDoubts {
  /** Looks at the beginning of a recording, once, however often it is scored. */
  look(file: SampleFile, description: FileDescription): Promise<void>;
  /** About speeds: the first of them, and how many more there are. */
  listSpeed(): readonly string[];
  listClipping(): readonly string[];
}

/** Doubts about speeds that are printed one by one; of more only the number is. */
const shownDoubts = 3;

/** Creates a collection without any. */
export function createRecordingDoubts(): RecordingDoubts {
  const looked = new Set<string>();
  const speeds: string[] = [];
  const clipping = createClippingDoubts();
  return {
    look: async (file, description) => {
      const { sidecar } = description;
      if (looked.has(file.path)) return;
      looked.add(file.path);
      const beginning = createBeginning(file);
      // Asks for most, and so comes first.
      const doubt = await doubtSpeed(file.path, beginning, sidecar);
      if (doubt !== null) speeds.push(doubt);
      if (sidecar.speed !== undefined && sidecar.speed.isFromHz !== true && sidecar.shaftRpm > 0)
        speeds.push(...listStandbyDoubts([{ point: file.path, description }]));
      await clipping.look(beginning);
    },
    listSpeed: () => {
      const more = speeds.length - shownDoubts;
      return more <= 0
        ? speeds
        : [...speeds.slice(0, shownDoubts), `${more} more files are doubtful likewise`];
    },
    listClipping: clipping.list,
  };
}
