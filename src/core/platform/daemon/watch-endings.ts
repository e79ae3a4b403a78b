/**
 * Tells, while a daemon runs, that a certificate or the root of updates that it names comes to its end: a month, a week and a day
 * before, but of a short life only from its last quarter on, then, and as long after. What a start finds is told by the start, in the log. Renews nothing.
 */
import { formatKeyPath } from "../../contract/config/config-finding.ts";
import type { ConfiguredFile } from "../../contract/config/configured-files.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { warnOfFiles } from "./file-warnings.ts";

/** Where a watch tells what it finds. */
export interface WatchEndingsOptions {
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
  /** Told beside the log: name, subject and detail of an event. What rejects is told again with the next look. */
  readonly tell: (name: string, subject: string, detail: string) => void | Promise<void>;
  /** When such an event was told last, by an earlier run as well; null: never, or it is not known. */
  readonly findToldMs: (name: string, subject: string) => number | null | Promise<number | null>;
}

const dayMs = 86_400_000;
const eventName = "file-expires";
const marksMs = [-30, -7, -1, 0, 1, 7, 30].map((days) => days * dayMs);

/** Creates the look; the first one looks back a day, for what came while nothing ran. */
export function createEndingsWatch(
  files: readonly ConfiguredFile[],
  { clock, logger, tell, findToldMs }: WatchEndingsOptions,
): () => Promise<void> {
  let lookedMs = clock.nowMs() - dayMs;
  return async () => {
    const nowMs = clock.nowMs();
    let isTold = true;
    for (const { path, value, problem, write, endsMs, noticeMs } of await warnOfFiles(files, nowMs)) {
      if (endsMs === undefined || noticeMs === undefined) continue;
      const hasCome = (sinceMs: number): boolean =>
        marksMs
          .map((markMs) => endsMs + Math.max(markMs, -noticeMs))
          .some((atMs) => sinceMs < atMs && atMs <= nowMs);
      if (!hasCome(lookedMs)) continue;
      const key = formatKeyPath(path);
      const subject = value ?? key;
      logger.warn(`${key}: ${problem}`, { file: value, hint: write });
      try {
        const toldMs = await findToldMs(eventName, subject);
        if (toldMs === null || toldMs > nowMs || hasCome(toldMs))
          await tell(eventName, subject, `${key}: ${problem}`);
      } catch (error) {
        isTold = false;
        logger.error("no event could be kept of this, which is tried again", { file: value, error });
      }
    }
    if (isTold) lookedMs = nowMs;
  };
}
