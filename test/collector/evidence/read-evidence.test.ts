import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { createEvidenceReader } from "../../../src/collector/evidence/read-evidence.ts";
import type { RecordedEvidence } from "../../../src/core/contract/evidence-list.ts";
import { systemClock } from "../../../src/core/platform/clock.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";

it("says that a file which is listed is missing, and not of one that is not listed, or not any more", async () => {
  const warnings: string[] = [];
  let isListed = true;
  const id = "ab".repeat(32);
  const reader = createEvidenceReader({
    store: { open: async () => null },
    record: {
      findEvidence: async (of) => (of === id && isListed ? ({ npySha256: id } as RecordedEvidence) : null),
      storeOwnEvent: async () => {},
    },
    clock: systemClock,
    logger: { ...silentLogger, warn: (message) => void warnings.push(message) },
  });
  expect(await reader.read("cd".repeat(32), "npy")).toBeNull();
  expect(warnings).toEqual([]);
  expect(await reader.read(id, "npy")).toBe("missing");
  expect(warnings).toEqual(["evidence is listed, and its file is gone from its folder or bucket"]);
  const reading = reader.read(id, "npy");
  isListed = false;
  expect(await reading).toBeNull();
  expect(warnings).toHaveLength(1);
});

it("gives out the bytes that it held against their digest, and says when they cannot be read", async () => {
  const warnings: string[] = [];
  const good = Buffer.from("samples");
  const bodies = [
    Readable.from([good]),
    Readable.from(
      (async function* () {
        yield good;
        throw new Error("cut");
      })(),
    ),
  ];
  const reader = createEvidenceReader({
    store: { open: async () => ({ sizeBytes: good.length, body: bodies.shift()! }) },
    record: {
      findEvidence: async () => ({ npySha256: sha256Hex(good) }) as RecordedEvidence,
      storeOwnEvent: async () => {},
    },
    clock: systemClock,
    logger: { ...silentLogger, warn: (message) => void warnings.push(message) },
  });
  expect(await reader.read("ab".repeat(32), "npy")).toEqual(good);
  expect(bodies).toHaveLength(1);
  await expect(reader.read("ab".repeat(32), "npy")).rejects.toMatchObject({ code: "STORE" });
  expect(warnings).toEqual(["evidence cannot be read"]);
});

it("tells of a damaged file once, however many ask for it at once, and anew when it was right meanwhile", async () => {
  const good = Buffer.from("samples");
  let bytes = Buffer.from("damaged");
  const events: string[] = [];
  const reader = createEvidenceReader({
    store: { open: async () => ({ sizeBytes: bytes.length, body: Readable.from([bytes]) }) },
    record: {
      findEvidence: async (id) => ({ id, npySha256: sha256Hex(good) }) as RecordedEvidence,
      storeOwnEvent: async ({ name }) => void events.push(name),
    },
    clock: systemClock,
    logger: silentLogger,
  });
  const read = () => reader.read("ab".repeat(32), "npy");
  expect(await Promise.all([read(), read()])).toEqual(["damaged", "damaged"]);
  expect(await read()).toBe("damaged");
  expect(events).toEqual(["evidence-damaged"]);
  bytes = good;
  expect(await read()).toEqual(good);
  bytes = Buffer.from("damaged");
  expect(await read()).toBe("damaged");
  expect(events).toHaveLength(2);
});
