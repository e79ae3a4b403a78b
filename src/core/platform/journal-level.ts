/** Levels of lines on stderr, where that is the journal of systemd. */
import { fstatSync } from "node:fs";

/** Of syslog, as systemd reads them before a line (sd-daemon(3)): those that `journalctl -p warning` shows. */
export const journalLevels: {
  readonly [level: string]: string | undefined;
  readonly warn: string;
  readonly error: string;
} = { warn: "<4>", error: "<3>" };

/** Lines of an error that ends the process, for stderr: each with its level where the journal takes them. */
export function atErrorLevel(lines: string): string {
  return isJournal() ? lines.replace(/^(?=.)/gm, journalLevels.error) : lines;
}

/** Is stderr the journal, by device and inode as systemd.exec(5) says? A program that was started with another has the variable, too. */
export function isJournal(): boolean {
  const stream = process.env.JOURNAL_STREAM;
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(2, { bigint: true });
  return stream === `${dev}:${ino}`;
}
