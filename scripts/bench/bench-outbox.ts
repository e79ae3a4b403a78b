/** Rows a second that the gateway's outbox commits to its disk, and what a byte of them takes there. */
import { join } from "node:path";
import { systemClock, systemTimers } from "../../src/core/platform/clock.ts";
import { encodeRecord } from "../../src/core/wire/record-codec.ts";
import { createOutbox } from "../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../src/gateway/record/store-file.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { predictionRows } from "./bench-predictions.ts";

export interface OutboxFigures {
  /** Records of one row, in groups of 64 as the gateway commits them. */
  readonly rowsPerSecond: number;
  readonly diskBytesPerStoredByte: number;
}

const groupRecords = 64;

/** Fills an outbox with `rows` records. */
export function measureOutbox(rows: number): OutboxFigures {
  const scratch = createScratchFolder("bench-outbox");
  const file = openStoreFile({ path: join(scratch.path, "store.db") });
  try {
    const outbox = createOutbox({ file, clock: systemClock, timers: systemTimers });
    const records = Array.from({ length: 100 }, (_, index) =>
      predictionRows(`wt-${index}`, "gearbox", { rows: 1, endMs: Date.now() }),
    );
    const diskBefore = outbox.counts().diskBytes;
    let bytes = 0;
    const startMs = performance.now();
    for (let row = 0; row < rows; row++) {
      outbox.append(records[row % records.length]!);
      if (row % groupRecords === groupRecords - 1) outbox.flush();
    }
    outbox.flush();
    const seconds = (performance.now() - startMs) / 1_000;
    for (const record of records) bytes += encodeRecord(record).length;
    const counts = outbox.counts();
    if (counts.records !== rows) throw new Error(`${counts.records} of ${rows} rows are in the outbox`);
    outbox.close();
    return {
      rowsPerSecond: Math.round(rows / seconds),
      diskBytesPerStoredByte:
        Math.round(((counts.diskBytes - diskBefore) / ((bytes / records.length) * rows)) * 100) / 100,
    };
  } finally {
    file.close();
    scratch.remove();
  }
}
