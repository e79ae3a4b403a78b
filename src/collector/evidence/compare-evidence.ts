/**
 * Compares the raw evidence that the record lists with the files of its folder, by their names alone, and tells of what differs by
 * one event. Reads no file; mends, lists and removes nothing.
 */
import { dayMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { FleetRecord } from "../record/fleet-record.ts";
import { ownName } from "../record/record-rules.ts";
import { evidenceFileKinds } from "./evidence-store.ts";
import type { FolderStore } from "./folder-store.ts";

interface CompareEvidenceOptions {
  readonly record: Pick<FleetRecord, "evidenceIds" | "oldestEvidence" | "events" | "storeOwnEvent">;
  readonly store: Pick<FolderStore, "dir" | "listParts" | "list">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
  /** Waits before what differs is looked at once more: it may be in the midst of being stored or removed. */
  readonly pause: () => Promise<void>;
  /** Ends it after the step that is under way; nothing is told then. */
  readonly signal: AbortSignal;
}

interface EvidenceCount {
  readonly listed: number;
  /** Of these so many lack a file. */
  readonly missing: number;
  /** Files of evidence that is not listed. */
  readonly unlisted: number;
}

const eventName = "evidence-differs";
/** What an earlier start told in the same words is told again after so long. */
const againMs = dayMs;
/** The first two digits of all digests: what begins with the same ones is compared at a time. */
const allParts = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, "0"));

/** @throws AuroraError STORE where folder or record cannot be asked */
export async function compareEvidence(options: CompareEvidenceOptions): Promise<void> {
  const { record, store, clock, logger, pause, signal } = options;
  const look = async (part: string): Promise<EvidenceCount> => {
    const present = new Set(await store.list(part));
    const ids = new Set(await record.evidenceIds(part));
    const isWhole = (id: string): boolean => evidenceFileKinds.every((kind) => present.has(`${id}.${kind}`));
    return {
      listed: ids.size,
      missing: [...ids].filter((id) => !isWhole(id)).length,
      unlisted: [...present].filter((name) => !ids.has(name.slice(0, name.indexOf(".")))).length,
    };
  };
  const [oldest] = await record.oldestEvidence({ limit: 1 });
  // Where nothing is listed nothing can be missing.
  const parts = oldest === undefined ? await store.listParts() : allParts;
  const count = { listed: 0, missing: 0, unlisted: 0 };
  const differing: string[] = [];
  for (const part of parts) {
    if (signal.aborted) return;
    const { listed, missing, unlisted } = await look(part);
    count.listed += listed;
    if (missing + unlisted > 0) differing.push(part);
  }
  if (differing.length > 0) await pause();
  for (const part of differing) {
    if (signal.aborted) return;
    const { missing, unlisted } = await look(part);
    count.missing += missing;
    count.unlisted += unlisted;
  }
  if (signal.aborted || count.missing + count.unlisted === 0) return;
  const { dir } = store;
  logger.warn("raw evidence that is listed and the files of its folder differ", { dir, ...count });
  const detail = describeDifference(count);
  const timeMs = clock.nowMs();
  const { items } = await record.events({ gateway: ownName, name: eventName, limit: 1, offset: 0 });
  const [told] = items;
  if (told?.detail === detail && Math.abs(timeMs - told.timeMs) < againMs) return;
  await record.storeOwnEvent({ kind: "event", timeMs, name: eventName, subject: dir, detail }, timeMs);
}

function describeDifference({ listed, missing, unlisted }: EvidenceCount): string {
  const sentences: string[] = [];
  if (missing > 0) {
    sentences.push(
      `Without a file here: ${missing} of ${listed} listed pieces of raw evidence.`,
      ...(missing === listed ? ["This folder may not be mounted."] : []),
      "What is lost is restored from a backup, both files of each.",
    );
  }
  if (unlisted > 0)
    sentences.push(
      `Files of raw evidence here that are not listed: ${unlisted}, as when a record was restored or begun anew. They are kept; src/KEYS.md says how to use them.`,
    );
  return sentences.join(" ");
}
