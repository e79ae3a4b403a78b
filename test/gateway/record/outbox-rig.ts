import { expect, onTestFinished } from "vitest";
import type { Lane } from "../../../src/core/contract/topics.ts";
import type { UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { decodeRecord } from "../../../src/core/wire/record-codec.ts";
import { createOutbox, type Outbox, type OutboxOptions } from "../../../src/gateway/record/outbox.ts";
import {
  openStoreFile,
  type StoreFile,
  type StoreFileOptions,
} from "../../../src/gateway/record/store-file.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

/** What it is made of. */
export interface OutboxRig {
  readonly clock: ManualClock;
  readonly file: StoreFile;
  readonly outbox: Outbox;
  readonly path: string;
}

/** Opens one for the length of a test. */
export function openOutbox(
  path: string,
  options: Partial<OutboxOptions> = {},
  fileOptions: Partial<StoreFileOptions> = {},
): OutboxRig {
  const clock = createManualClock();
  const file = openStoreFile({ path, ...fileOptions });
  const outbox = createOutbox({ file, clock, timers: clock, ...options });
  onTestFinished(() => file.close());
  return { clock, file, outbox, path };
}

/** What a lane holds, decoded. */
export function contents(
  outbox: Outbox,
  lane: Lane,
): { first: number; records: readonly UplinkRecord[] } | null {
  const held = outbox.peek(lane, { maxRecords: 10_000, maxBytes: 1e9 });
  if (held === null) return null;
  expect(held.oldestSequence).toBeLessThanOrEqual(held.firstSequence);
  return { first: held.firstSequence, records: held.records.map(decodeRecord) };
}
