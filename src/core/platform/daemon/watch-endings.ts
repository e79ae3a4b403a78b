/**
 * Tells, while a daemon runs, that a certificate or the root of updates that it names comes to its end: a month, a week and a day
 * before, then, and as long after. What a start finds is told by the start. Renews nothing.
 */
import { formatKeyPath } from "../../contract/config/config-finding.ts";
import type { ConfiguredFile } from "../../contract/config/configured-files.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { warnOfFiles } from "./file-warnings.ts";

interface WatchEndingsOptions {
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
  /** Told beside the log: name, subject and detail of an event. */
  readonly tell: (name: string, subject: string, detail: string) => void | Promise<void>;
}

/** How often to look. */
export const endingsEveryMs = 86_400_000;

const marksMs = [-30, -7, -1, 0, 1, 7, 30].map((days) => days * 86_400_000);

/** Creates the look. */
export function createEndingsWatch(
  files: readonly ConfiguredFile[],
  { clock, logger, tell }: WatchEndingsOptions,
): () => Promise<void> {
  let lookedMs = clock.nowMs();
  return async () => {
    const [beforeMs, nowMs] = [lookedMs, clock.nowMs()];
    lookedMs = nowMs;
    for (const { path, value, problem, write, endsMs } of await warnOfFiles(files, nowMs)) {
      if (endsMs === undefined) continue;
      if (!marksMs.some((markMs) => beforeMs < endsMs + markMs && endsMs + markMs <= nowMs)) continue;
      const key = formatKeyPath(path);
      logger.warn(`${key}: ${problem}`, { file: value, hint: write });
      await tell("file-expires", value ?? key, `${key}: ${problem}`);
    }
  };
}
