/**
 * Looks, while a daemon runs, at the certificates and private keys of TLS and OPC UA that its configuration names: tells of those that come to their end, and of
 * what cannot be used, or not together, as where a certificate was renewed and its key was not. Renews nothing.
 */
import { type ConfigFinding, formatKeyPath } from "../../contract/config/config-finding.ts";
import type { ConfiguredFile, FileContent } from "../../contract/config/configured-files.ts";
import { checkConfiguredFiles } from "./check-files.ts";
import { createEndingsWatch, type WatchEndingsOptions } from "./watch-endings.ts";

/** Of the figure that counts them. */
export const unfitFilesHelp =
  "Certificates and private keys of TLS and OPC UA that could not be read, or do not belong together, when they were last looked at";

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
  /** What the last look found; null before the first. */
  readonly unfit: readonly UnfitFile[] | null;
}

/** What an earlier run told is told again after so long. */
const againMs = 30 * 86_400_000;
const eventName = "file-unfit";
const looked: ReadonlySet<FileContent> = new Set(["certificate", "own-certificate", "private-key"]);

/** Creates a watch that has not looked yet. */
export function createFilesWatch(files: readonly ConfiguredFile[], options: WatchEndingsOptions): FilesWatch {
  const { clock, logger, tell, findToldMs } = options;
  const lookForEnds = createEndingsWatch(files, options);
  const certificates = files.filter(({ content }) => looked.has(content));
  let unfit: readonly UnfitFile[] | null = null;
  /** Keys of which it was told, until they are well. */
  const told = new Set<string>();
  /** Keys that this run has seen well: what an earlier one told of them is over. */
  const seenWell = new Set<string>();
  const isToldBefore = async ({ key, file }: UnfitFile): Promise<boolean> => {
    if (seenWell.has(key)) return false;
    const toldMs = await findToldMs(eventName, file);
    const nowMs = clock.nowMs();
    return toldMs !== null && toldMs <= nowMs && nowMs - toldMs < againMs;
  };

  const lookForUnfit = async (): Promise<void> => {
    const before = new Set(unfit?.map(({ key }) => key));
    const found = await checkConfiguredFiles(certificates);
    const now = found.map(describe);
    unfit = now;
    for (const { path } of certificates) {
      const key = formatKeyPath(path);
      if (now.some((each) => each.key === key)) continue;
      told.delete(key);
      seenWell.add(key);
    }
    for (const [index, each] of now.entries()) {
      // They may have been in the midst of being replaced.
      const { key, file, problem } = each;
      if (!before.has(key) || told.has(key)) continue;
      logger.warn(`${key}: ${problem}`, { file, hint: found[index]!.write });
      try {
        if (!(await isToldBefore(each))) await tell(eventName, file, `${key}: ${problem}`);
        told.add(key);
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
