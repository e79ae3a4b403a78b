/**
 * What must not be lost and could not be written, as a source for the uplink: sent from memory under a boot id of its own,
 * so that no sequence of the file is taken for it after a kill. The collector takes an event once, by its id, whichever
 * way it comes first. Holds nothing itself.
 */
import { randomBytes } from "node:crypto";
import { type Lane, lanes } from "../../core/contract/topics.ts";
import { memoryLifePrefix, type UplinkAck } from "../../core/contract/uplink-record.ts";
import type { OutboxBatch, PeekOptions } from "./outbox-ledger.ts";
import type { OutboxWriter } from "./outbox-writer.ts";

export interface UnwrittenLife {
  readonly bootId: string;
  /** The oldest numbered records of a lane, or null when there are none, or older ones in the file. */
  peek(lane: Lane, options?: PeekOptions): OutboxBatch | null;
  /** The sequence, where it is of this life; else null. */
  readAck(ack: Pick<UplinkAck, "bootId" | "sequence">): number | null;
  acknowledge(bootId: string, lane: Lane, sequence: number): void;
  onCommit(callback: (lane: Lane) => void): () => void;
  /** There may be something to send. */
  announce(): void;
}

interface UnwrittenLifeOptions {
  readonly writer: OutboxWriter;
  /** Whether the lane holds records in the file, which come first. */
  readonly holdsOlder: (lane: Lane) => boolean;
}

export function createUnwrittenLife({ writer, holdsOlder }: UnwrittenLifeOptions): UnwrittenLife {
  const bootId = `${memoryLifePrefix}${randomBytes(8).toString("hex")}`;
  const callbacks = new Set<(lane: Lane) => void>();
  return {
    bootId,
    peek(lane, options = {}) {
      const all = writer.buffer.numbered(lane, 0);
      const [oldest] = all;
      if (oldest === undefined || holdsOlder(lane)) return null;
      const held = all.filter(({ sequence }) => sequence > (options.after ?? 0));
      const [first] = held;
      if (first === undefined) return null;
      const records: Uint8Array[] = [];
      let bytes = 0;
      for (const { body } of held.slice(0, options.maxRecords ?? 200)) {
        bytes += body.length;
        if (records.length > 0 && bytes > (options.maxBytes ?? 128 * 1024)) break;
        records.push(body);
      }
      return { bootId, firstSequence: first.sequence, oldestSequence: oldest.sequence, records };
    },
    readAck: (ack) => (ack.bootId === bootId ? ack.sequence : null),
    acknowledge(ofBootId, lane, sequence) {
      if (ofBootId !== bootId) return;
      writer.buffer.forget(lane, sequence);
      writer.noteHeld();
    },
    onCommit(callback) {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    announce() {
      for (const lane of lanes) {
        if (writer.buffer.numbered(lane, 0).length === 0) continue;
        for (const callback of [...callbacks]) callback(lane);
      }
    },
  };
}
