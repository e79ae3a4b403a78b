/**
 * The files of evidence as they are given to people: read once, whole, and held against their digest, so that nothing of what was damaged, cut off or
 * exchanged goes out. Of such a file an event tells once in a run, until it is right again; it is neither mended nor removed. What is
 * listed and not there is called missing, which is not the same as not listed.
 */
import type { Readable } from "node:stream";
import { maxAboutBytes, maxPackedBytes } from "../../core/contract/evidence.ts";
import type { RecordedEvidence } from "../../core/contract/evidence-list.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { asStoreError } from "../../core/platform/files/file-system.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { FleetRecord } from "../record/fleet-record.ts";
import type { EvidenceFileKind, EvidenceStore } from "./evidence-store.ts";

export interface EvidenceReader {
  /** The bytes of a file, or why there are none. @throws AuroraError STORE */
  read(id: string, kind: EvidenceFileKind): Promise<Buffer | NoEvidenceFile>;
}

/** `damaged`: the file is not that of its digest. `missing`: it is listed, and is not there. Null: it is not listed, or not any more. */
type NoEvidenceFile = "damaged" | "missing" | null;

const maxBytes = { json: maxAboutBytes, npy: maxPackedBytes };
/** Of damaged files so many are remembered; of one beyond them an event may tell again. */
const maxTold = 1_000;
const damagedEventName = "evidence-damaged";

export function createEvidenceReader(options: {
  readonly store: Pick<EvidenceStore, "open">;
  readonly record: Pick<FleetRecord, "findEvidence" | "storeOwnEvent">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
}): EvidenceReader {
  const { store, record, clock, logger } = options;
  /** Files that were damaged when they were last read, those that were told first ahead. */
  const told = new Set<string>();
  const readFile = async (id: string, kind: EvidenceFileKind): Promise<Buffer | null> => {
    try {
      const file = await store.open(id, kind);
      return file === null ? null : await asStoreError("read", id, readBounded(file.body, maxBytes[kind]));
    } catch (error) {
      logger.warn("evidence cannot be read", { id, kind, error });
      throw error;
    }
  };
  const tellDamaged = async ({ id, site, turbine, component }: RecordedEvidence): Promise<void> => {
    const name = damagedEventName;
    const timeMs = clock.nowMs();
    const detail = `${id}: a file of it is not that of its digest, and is not given out; restore both files from a backup`;
    const subject = `${site}/${turbine}/${component}`;
    await record.storeOwnEvent({ kind: "event", timeMs, name, subject, detail }, timeMs);
  };
  return {
    read: async (id, kind) => {
      const known = await record.findEvidence(id);
      if (known === null) return null;
      const bytes = await readFile(id, kind);
      if (bytes === null) {
        // What is removed for its age loses its file first.
        if ((await record.findEvidence(id)) === null) return null;
        logger.warn("evidence is listed, and its file is gone from its folder or bucket", { id, kind });
        return "missing";
      }
      const file = `${id}.${kind}`;
      if (sha256Hex(bytes) === (kind === "npy" ? known.npySha256 : id)) {
        told.delete(file);
        return bytes;
      }
      logger.error("a file of evidence is not that of its digest", { id, kind });
      if (!told.has(file)) {
        if (told.size === maxTold) told.delete(told.keys().next().value!);
        // Before anything is waited for: who asks meanwhile tells nothing.
        told.add(file);
        await tellDamaged(known).catch((error: unknown) => {
          told.delete(file);
          logger.error("no event could be kept of damaged evidence", { id, error });
        });
      }
      return "damaged";
    },
  };
}

/** What is longer than a file of evidence may be is read no further: its digest tells. */
async function readBounded(body: Readable, most: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    pieces.push(piece);
    length += piece.length;
    if (length > most) break;
  }
  return Buffer.concat(pieces);
}
