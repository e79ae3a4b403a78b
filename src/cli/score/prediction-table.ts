/**
 * The predictions as CSV, or as JSON lines where the name ends in .jsonl: written row by row beside their place, and put
 * there only when all of them are. A process that is ended before takes them with it.
 */
import { rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { AuroraError } from "../../contract/aurora-error.ts";
import type { Manifest } from "../../contract/manifest.ts";
import { computeFaultProbability } from "../../decision/fault-probability.ts";
import { atProcessEnd } from "../../platform/at-process-end.ts";
import { renameAtomic } from "../../platform/atomic-file.ts";
import { probabilityKey } from "./file-summary.ts";
import type { ScoredWindow } from "./score-windows.ts";

/** An open table. */
export interface PredictionTable {
  /** Adds a row; `isShort`: the window is shorter than the bundle's. */
  add(file: string, index: number, scored: ScoredWindow, isShort: boolean): Promise<void>;
  /** Makes the table appear under its name. */
  finish(): Promise<void>;
  /** Removes what `finish` did not make permanent. */
  close(): Promise<void>;
}

/** Text that is kept in memory before it is written. */
const bufferLength = 64 * 1024;

/** Begins a table at `path`, whose folder must exist. Fails with STORE. */
export async function openPredictionTable(
  path: string,
  { outputs, calibration }: Manifest,
): Promise<PredictionTable> {
  const temporary = `${path}.${process.pid}.tmp`;
  const fail = (cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AuroraError("STORE", `cannot write ${path}: ${reason}`, {
      op: "write predictions",
      subject: path,
      hint: "check --out: its folder must exist, have room and be writable",
      cause,
    });
  };
  const handle = await open(temporary, "wx").catch(fail);
  const removeTemporary = atProcessEnd(() => rmSync(temporary, { force: true }));
  const keys = outputs.map(({ failureMode }) => probabilityKey(failureMode));
  const columns = [
    ...["file", "window", "from_ms", "to_ms", "shaft_rpm"],
    ...keys.map((key) => `quantised_${key}`),
    ...keys.map((key) => `probability_${key}`),
    "fault_probability",
    "short",
  ];
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
    add: async (file, index, { window, output, probabilities, faultLogits }, isShort) => {
      const row = [
        ...[file, index, window.fromMs, window.toMs, window.shaftRpm],
        ...[...output.quantised, ...probabilities],
        ...[computeFaultProbability(faultLogits, calibration), isShort ? 1 : 0],
      ];
      text += asJson
        ? `${JSON.stringify(Object.fromEntries(columns.map((column, at) => [column, row[at]])))}\n`
        : `${row.map((field) => (typeof field === "string" ? quote(field) : field)).join(",")}\n`;
      if (text.length >= bufferLength) await flush();
    },
    finish: async () => {
      await flush();
      await handle.sync().catch(fail);
      await closeHandle();
      await renameAtomic(temporary, path);
    },
    close: async () => {
      await closeHandle();
      removeTemporary();
    },
  };
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
