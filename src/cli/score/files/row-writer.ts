/**
 * Rows as CSV, or as JSON lines where the name ends in .jsonl: written beside their place, and put there only when all of
 * them are. A process that is ended before takes them with it. What is there already and no file (/dev/null, a pipe) is
 * written to as it is: nothing is ever put in its place.
 */
import { constants, realpathSync, rmSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { atProcessEnd } from "../../../core/platform/daemon/at-process-end.ts";
import { followLinks, renameAtomic } from "../../../core/platform/files/atomic-file.ts";

/** What stands in a row; null is nothing. */
export type Cell = string | number | null;

export interface RowWriter {
  /** Adds a row, one cell a column. */
  add(row: readonly Cell[]): Promise<void>;
  /** Makes the table appear under its name. */
  finish(): Promise<void>;
  /** Removes what `finish` did not make permanent. */
  close(): Promise<void>;
}

/** Text that is kept in memory before it is written. */
const bufferLength = 64 * 1024;

/** Begins a table at `path`, whose folder must exist. Fails with STORE. */
export async function openRowWriter(path: string, columns: readonly string[]): Promise<RowWriter> {
  const fail = (cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AuroraError("STORE", `cannot write ${path}: ${reason}`, {
      op: "write predictions",
      subject: path,
      hint: "check --out: it names a file, whose folder must exist, have room and be writable",
      cause,
    });
  };
  const before = await stat(path).catch(() => null);
  if (before?.isDirectory() === true) fail(new Error("it is a folder"));
  const isDevice = before !== null && !before.isFile();
  const probe = before?.isFIFO() === true ? await openRead(path).catch(fail) : null;
  const target = isDevice ? path : await followLinks(path);
  const temporary = `${target}.${process.pid}.tmp`;
  // Before it is there: a signal may come at once.
  const removeTemporary = atProcessEnd(() => (isDevice ? undefined : rmSync(temporary, { force: true })));
  const handle = await (isDevice ? open(path, "w") : open(temporary, "wx")).catch(fail);
  await probe?.close();
  const asJson = /\.(jsonl|ndjson)$/i.test(path);
  let isOpen = true;
  let text = asJson ? "" : `${columns.join(",")}\n`;
  const flush = async (): Promise<void> => {
    await handle.writeFile(text).catch(fail);
    text = "";
  };
  const closeHandle = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  return {
    add: async (row) => {
      text += asJson
        ? `${JSON.stringify(Object.fromEntries(columns.map((column, at) => [column, row[at]])))}\n`
        : `${row.map(renderField).join(",")}\n`;
      if (text.length >= bufferLength) await flush();
    },
    finish: async () => {
      await flush();
      if (!isDevice) await handle.sync().catch(fail);
      await closeHandle();
      if (!isDevice) await renameAtomic(temporary, target).catch(fail);
    },
    close: async () => {
      await closeHandle();
      removeTemporary();
    },
  };
}

/** Opens a pipe that somebody reads: to open one that nobody does would wait for ever. */
async function openRead(pipe: string): Promise<FileHandle> {
  const { O_WRONLY, O_NONBLOCK } = constants;
  return open(pipe, O_WRONLY | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENXIO" ? new Error("it is a pipe that nobody reads") : error;
  });
}

function renderField(cell: Cell): string | number {
  if (cell === null) return "";
  return typeof cell === "string" && /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/**
 * @param option what names `out`, for the complaint.
 * @throws AuroraError USAGE where `out` is one of the `inputs`, by whatever way to it.
 */
export function expectOtherOutput(inputs: readonly string[], out: string, option = "--out"): void {
  const place = placeOf(out);
  if (!inputs.some((file) => placeOf(file) === place)) return;
  throw new AuroraError("USAGE", `${out} is an input, and ${option} would replace it`, {
    op: "score files",
    subject: out,
    hint: `give ${option} another name`,
  });
}

/** The path without links and detours; of what is not there yet, that of its folder. */
function placeOf(path: string): string {
  const plain = resolve(path);
  for (const [folder, rest] of [
    [plain, ""],
    [dirname(plain), basename(plain)],
  ] as const) {
    try {
      return join(realpathSync(folder), rest);
    } catch {
      // Not there: the next best, and at last the path as it was written.
    }
  }
  return plain;
}
