/**
 * Looks, while a daemon runs, at the certificates and keys that its configuration names: tells of those that come to their end, and of
 * what cannot be used, or not together, as where a certificate was renewed and its key was not. Renews nothing.
 */
import { type ConfigFinding, formatKeyPath } from "../../contract/config/config-finding.ts";
import type { ConfiguredFile, FileContent } from "../../contract/config/configured-files.ts";
import { checkConfiguredFiles } from "./check-files.ts";
import { createEndingsWatch, type WatchEndingsOptions } from "./watch-endings.ts";

/** Of the figure that counts them. */
export const unfitFilesHelp =
  "Certificates and keys that the configuration names and that could not be used, or not together, when they were last looked at";

/** A file, and what is wrong with it. */
export interface UnfitFile {
  /** As the configuration calls it: `mqtt.keyFile`. */
  readonly key: string;
  readonly file: string;
  readonly problem: string;
}

interface FilesWatch {
  /** Call it about once an hour. */
  look(): Promise<void>;
  /** What the last look found. */
  readonly unfit: readonly UnfitFile[];
}

const eventName = "file-unfit";
const looked: ReadonlySet<FileContent> = new Set(["certificate", "own-certificate", "private-key"]);

/** Creates a watch that has not looked yet. */
export function createFilesWatch(files: readonly ConfiguredFile[], options: WatchEndingsOptions): FilesWatch {
  const { logger, tell } = options;
  const lookForEnds = createEndingsWatch(files, options);
  const certificates = files.filter(({ content }) => looked.has(content));
  let unfit: readonly UnfitFile[] = [];
  /** What was told of them, until they are well. */
  let told: readonly UnfitFile[] = [];
  const isIn = (list: readonly UnfitFile[], { key, problem }: UnfitFile): boolean =>
    list.some((each) => each.key === key && each.problem === problem);

  const lookForUnfit = async (): Promise<void> => {
    const before = unfit;
    const found = await checkConfiguredFiles(certificates);
    unfit = found.map(describe);
    told = told.filter((each) => isIn(unfit, each));
    for (const [index, each] of unfit.entries()) {
      // They may have been in the midst of being replaced.
      if (!isIn(before, each) || isIn(told, each)) continue;
      const { key, file, problem } = each;
      logger.warn(`${key}: ${problem}`, { file, hint: found[index]!.write });
      try {
        await tell(eventName, file, `${key}: ${problem}`);
        told = [...told, each];
      } catch (error) {
        logger.error("no event could be kept of this, which is tried again", { file, error });
      }
    }
  };

  return {
    look: async () => {
      await lookForEnds();
      await lookForUnfit();
    },
    get unfit() {
      return unfit;
    },
  };
}

function describe({ path, value, problem }: ConfigFinding): UnfitFile {
  const key = formatKeyPath(path);
  return { key, file: value ?? key, problem };
}
