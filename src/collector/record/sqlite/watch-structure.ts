/**
 * Checks the structure of a record's file that is too large to be checked before it is used: once after the start, by a process of its own
 * that only reads and can be ended at any moment. From a damage on the record refuses everything, so that nothing is called
 * stored that the next start sets aside.
 */
import { type ChildProcess, execFile } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { hourMs } from "../../../core/maths/durations.ts";
import { type Clock, systemTimers } from "../../../core/platform/clock.ts";
import { every } from "../../../core/platform/daemon/every.ts";
import { findProgram } from "../../../core/platform/daemon/open-thread.ts";
import { nodeFileSystem } from "../../../core/platform/files/file-system.ts";
import type { Logger } from "../../../core/platform/logger.ts";
import { noteFilePlace } from "../../../core/platform/sqlite/file-place.ts";
import { sizeOf, sizeWithLog } from "../../../core/platform/sqlite/file-size.ts";
import type { StructureFinding } from "../../../core/platform/sqlite/structure.ts";
import type { FleetRecord } from "../fleet-record.ts";
import { noteDamage, tellLeaked } from "./structure-findings.ts";

interface WatchStructureOptions {
  readonly path: string;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
  /** The log grows for as long as somebody reads: beyond this, or a quarter of what is free, the check is given up for now; default 256 MiB; for tests. */
  readonly maxLogBytes?: number;
  /** How often to look at the log; default 5 s; for tests. */
  readonly lookEveryMs?: number;
}

/** A check that was not finished is begun again after this. */
const againAfterMs = hourMs;

/** Begins the check; returns the record as it is to be used, which ends it when it closes. */
export function watchStructure(record: FleetRecord, options: WatchStructureOptions): FleetRecord {
  const { path, logger, maxLogBytes = 256 * 1024 ** 2, lookEveryMs = 5_000 } = options;
  let fault: AuroraError | null = null;
  let found: string | null = null;
  let cancelAgain = (): void => {};
  let isClosing = false;
  let child: ChildProcess | null = null;
  const isElsewhere = noteFilePlace(path);
  const note = async (damage: string): Promise<void> => {
    try {
      await noteDamage(path, damage, isElsewhere);
    } catch (error) {
      logger.error("no note of the damage can be left: the next start finds it anew", { path, error });
    }
  };
  const act = async ({ leakedPages, damage, unreadable }: StructureFinding): Promise<void> => {
    if (unreadable !== null) logger.warn("not all of the database could be read", { path, unreadable });
    if (damage === null) {
      if (leakedPages > 0) await tellLeaked(record, leakedPages, options);
      return;
    }
    found = damage;
    fault = damageError(path, damage);
    logger.error("the database is damaged: nothing more is stored in it", { error: fault });
    await note(damage);
  };
  const look = async (): Promise<void> => {
    const startMs = performance.now();
    const stopLooking = every(lookEveryMs, logger, async () => {
      const logBytes = sizeOf(`${path}-wal`);
      const mostBytes = Math.min(maxLogBytes, (await nodeFileSystem.freeBytes(dirname(path))) / 4);
      if (logBytes <= mostBytes || child?.killed !== false) return;
      child.kill("SIGKILL");
      logger.warn("the log beside the database is too large: its check is ended", {
        path,
        logBytes,
        mostBytes,
      });
    });
    try {
      logger.info("the database is checked while it is used", { path, bytes: sizeWithLog(path) });
      const finding = await check(path, (begun) => {
        child = begun;
      });
      const tookMs = Math.round(performance.now() - startMs);
      logger.info("the database was checked", { path, ...finding, tookMs });
      await act(finding);
    } catch (error) {
      if (isClosing) return;
      logger.warn("the database could not be checked, tried again in an hour", { path, error });
      cancelAgain = systemTimers.after(againAfterMs, () => {
        looking = look();
      });
    } finally {
      await stopLooking();
    }
  };
  let looking = look();
  const close = async (): Promise<void> => {
    isClosing = true;
    cancelAgain();
    child?.kill("SIGKILL");
    await looking;
    await record.close();
    // Closing moves the log into the file.
    if (found !== null) await note(found);
    found = null;
  };
  return { ...refuseAfter(record, () => fault), close };
}

/** Rejects where the process ended without an answer. */
async function check(path: string, onBegun: (child: ChildProcess) => void): Promise<StructureFinding> {
  const { file, loader } = findProgram("record-check-main", import.meta.url);
  const running = promisify(execFile)(process.execPath, [...loader, fileURLToPath(file), path]);
  onBegun(running.child);
  return JSON.parse((await running).stdout) as StructureFinding;
}

function damageError(path: string, damage: string): AuroraError {
  return new AuroraError("STORE", `${path} is damaged: ${damage}`, {
    op: "check database",
    subject: path,
    hint: "Start the collector again: it sets the file aside, of which most can be read (src/KEYS.md), and begins a new record. Gateways keep what it has not acknowledged.",
    // As if SQLite had come upon it.
    cause: Object.assign(new Error(damage), { code: "SQLITE_CORRUPT" }),
  });
}

/** The record, of which each call rejects once there is a fault. */
function refuseAfter(record: FleetRecord, fault: () => AuroraError | null): FleetRecord {
  const guarded = Object.entries(record).map(([name, call]: [string, (...args: never[]) => unknown]) => [
    name,
    async (...args: never[]) => {
      const found = fault();
      if (found !== null) throw found;
      return call(...args);
    },
  ]);
  return Object.fromEntries(guarded) as FleetRecord;
}
