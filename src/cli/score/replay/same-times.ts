/**
 * Recordings of a point that begin at the same time as one before them, and hold something else: of each time only the first
 * counts, and a copy of it is no loss. Says so, in words for stderr.
 */
import { type FileHandle, open } from "node:fs/promises";
import { extname } from "node:path";
import { formatInstant } from "../files/time-doubts.ts";
import type { PlannedRecording } from "./plan-replay.ts";
import { digestWhenRead } from "./repeated-recordings.ts";

type TimedFile = Pick<PlannedRecording, "file" | "point" | "timeMs" | "open">;

/** One sentence a point; `recordings` are in order of time. What cannot be read is no doubt: playing it says why. */
export async function listSameTimeDoubts(recordings: readonly TimedFile[]): Promise<readonly string[]> {
  const firsts = new Map<string, TimedFile>();
  const doubts = new Map<string, { readonly pair: readonly [TimedFile, TimedFile]; count: number }>();
  for (const each of recordings) {
    const first = firsts.get(each.point);
    if (first?.timeMs !== each.timeMs) firsts.set(each.point, each);
    else if (await areDifferent(first, each).catch(() => false)) {
      const doubt = doubts.get(each.point) ?? { pair: [first, each], count: 0 };
      doubts.set(each.point, doubt);
      doubt.count++;
    }
  }
  return [...doubts].map(([point, { pair, count }]) => {
    const [first, other] = pair;
    const files = first.file === other.file ? `rows of ${first.file}` : `${first.file} and ${other.file}`;
    const many = count === 1 ? "1 recording begins" : `${count} recordings begin`;
    return `${point}: ${many} at the same time as another that holds something else, and only the first of them counts: ${files}, both ${formatInstant(first.timeMs)}; does the time lack its zone, or half of the day?`;
  });
}

/** Are they not the same recording? Of one in two formats, which differs in its bytes, that cannot be told. */
async function areDifferent(one: TimedFile, other: TimedFile): Promise<boolean> {
  if (one.file === other.file) return (await digestOf(one)) !== (await digestOf(other));
  const [kind, otherKind] = [one, other].map(({ file }) => extname(file).toLowerCase());
  return kind === otherKind && (await haveOtherBytes(one.file, other.file));
}

async function digestOf({ open: openSamples }: TimedFile): Promise<string | null> {
  return await digestWhenRead(await openSamples()).digest();
}

const pieceBytes = 64 * 1024;

async function haveOtherBytes(one: string, other: string): Promise<boolean> {
  const files: FileHandle[] = [];
  try {
    for (const path of [one, other]) files.push(await open(path));
    for (let at = 0; ; at += pieceBytes) {
      const [a, b] = await Promise.all(
        files.map(async (file) => {
          const { buffer, bytesRead } = await file.read(Buffer.alloc(pieceBytes), 0, pieceBytes, at);
          return buffer.subarray(0, bytesRead);
        }),
      );
      if (!a!.equals(b!)) return true;
      if (a!.length < pieceBytes) return false;
    }
  } finally {
    for (const file of files) await file.close();
  }
}
