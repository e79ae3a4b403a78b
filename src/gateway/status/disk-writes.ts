/**
 * What this process has written to disks, as Linux counts it (`write_bytes` of /proc/self/io, proc(5)): pages that went or will go to a
 * device, with those of SQLite's log and of the file system that are nobody's payload. Flash wears by them. What is written to memory
 * (tmpfs) and by other processes is not in it.
 */
import { readFileSync } from "node:fs";
import { dayMs } from "../../core/maths/durations.ts";

interface DiskWrites {
  /** Since this process began. */
  readonly writtenBytes: number;
  /** At the pace since then; null in the first ten minutes, in which much is opened and little is usual. */
  readonly writtenPerDayBytes: number | null;
}

/** A pace is said from this age on. */
const paceFromSeconds = 600;

/** Where the counters are; a file of the kernel, some hundred bytes long. */
const countersPath = "/proc/self/io";

/**
 * Reads the counter now; null where the system has none.
 * @param seconds since when it counts
 */
export function readDiskWrites(
  seconds: number = process.uptime(),
  path: string = countersPath,
): DiskWrites | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // Another system than Linux, or a kernel that does not count tasks' input and output.
    return null;
  }
  const written = /^write_bytes: (\d+)$/m.exec(text)?.[1];
  if (written === undefined) return null;
  const writtenBytes = Number(written);
  const perDay = Math.round((writtenBytes / seconds) * (dayMs / 1_000));
  return { writtenBytes, writtenPerDayBytes: seconds < paceFromSeconds ? null : perDay };
}
