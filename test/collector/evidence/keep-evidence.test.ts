import { expect, it, onTestFinished } from "vitest";
import { keepEvidence } from "../../../src/collector/evidence/keep-evidence.ts";
import { createSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { evidenceNumber } from "../record/evidence-record-suite.ts";

const day = 86_400_000;
/** Of one, with what its files take of the disk beside their bytes. */
const each = 240_500 + 8_192;

function createPlace() {
  const record = createSqliteRecord(openSqlite(":memory:"));
  onTestFinished(() => record.close());
  const removedFiles: string[] = [];
  const keep = (
    bounds: { readonly maxBytes: number; readonly days?: number },
    nowMs: number | null = evidenceNumber(1).storedMs,
  ) =>
    keepEvidence({
      record,
      store: { remove: async (id) => void removedFiles.push(id) },
      incoming: { sweep: async () => 0 },
      bounds: { days: 730, ...bounds },
      clock: nowMs === null ? null : { nowMs: () => nowMs },
      logger: silentLogger,
    });
  const left = async (): Promise<number[]> =>
    (await record.evidence({ limit: 500, offset: 0 })).items
      .map(({ id }) => Number.parseInt(id, 16))
      .sort((one, other) => one - other);
  return { record, removedFiles, keep, left };
}

const kinds = ["alarm", "alarm", "reference", "request", "reference", "request"] as const;

it("gives up references first, then what people asked for, and alarms last; the oldest of each first", async () => {
  const { record, removedFiles, keep, left } = createPlace();
  for (const [index, kind] of kinds.entries()) await record.putEvidence(evidenceNumber(index + 1, { kind }));
  for (let room = kinds.length; room > 0; room--)
    expect(await keep({ maxBytes: room * each })).toBe(room === kinds.length ? 0 : 1);
  expect(removedFiles).toEqual([3, 5, 4, 6, 1].map((index) => evidenceNumber(index).id));
  expect(await left()).toEqual([2]);
});

it("keeps to this order over all gateways that have no more than their share", async () => {
  const { record, removedFiles, keep } = createPlace();
  for (let index = 0; index < 18; index++)
    await record.putEvidence(evidenceNumber(index, { kind: kinds[index % 6]!, gateway: `gw-${index}` }));
  expect(await keep({ maxBytes: 10 * each })).toBe(8);
  expect(removedFiles).toEqual([2, 4, 8, 10, 14, 16, 3, 5].map((index) => evidenceNumber(index).id));
});

it("takes room from a gateway that sends without end, and nothing from its neighbours", async () => {
  const { record, keep, left } = createPlace();
  for (let index = 1; index <= 20; index++)
    await record.putEvidence(evidenceNumber(index, { kind: "reference", gateway: `gw-${index % 10}` }));
  for (let index = 21; index <= 300; index++)
    await record.putEvidence(evidenceNumber(index, { gateway: "flood" }));
  expect(await keep({ maxBytes: 100 * each })).toBe(200);
  expect(await left()).toEqual([
    ...Array.from({ length: 20 }, (_, index) => index + 1),
    ...Array.from({ length: 80 }, (_, index) => index + 221),
  ]);
});

it("counts what many small files take of a disk", async () => {
  const { record, keep, left } = createPlace();
  for (let index = 1; index <= 10; index++) await record.putEvidence(evidenceNumber(index, { bytes: 1 }));
  expect(await keep({ maxBytes: 5 * 8_193 })).toBe(5);
  expect(await left()).toEqual([6, 7, 8, 9, 10]);
});

it("removes what is older than its days, whatever it is and however much room there is", async () => {
  const { record, keep, left } = createPlace();
  for (let index = 0; index < 250; index++) await record.putEvidence(evidenceNumber(index, { bytes: 1 }));
  const { storedMs } = evidenceNumber(230);
  expect(await keep({ maxBytes: 1e9, days: 30 }, storedMs + 30 * day)).toBe(230);
  expect((await left())[0]).toBe(230);
});

it("removes nothing for its age where no clock is believed, and still what is too much", async () => {
  const { record, keep, left } = createPlace();
  for (let index = 1; index <= 5; index++) await record.putEvidence(evidenceNumber(index));
  expect(await keep({ maxBytes: 3 * each, days: 0 }, null)).toBe(2);
  expect(await left()).toEqual([3, 4, 5]);
});
