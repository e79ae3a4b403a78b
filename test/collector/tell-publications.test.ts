import { expect, test } from "vitest";
import type { Publication } from "../../src/collector/registry/publication-journal.ts";
import { createTellPublications } from "../../src/collector/tell-publications.ts";
import { ungatedWords } from "../../src/core/contract/bundle/lineage.ts";
import type { EventRecord } from "../../src/core/contract/uplink-record.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";

const publication: Publication = {
  upload: "a".repeat(32),
  publishedMs: 1_000,
  signedBy: ["b".repeat(64)],
  publisher: "ci",
  keyId: "c".repeat(64),
  envelope: "{}",
  order: {
    name: "pump",
    version: "1.1.0",
    digest: "d".repeat(64),
    tar: { bytes: 2_048, sha256: "e".repeat(64) },
    repository: "f".repeat(64),
    madeMs: 900,
  },
};

/** The events that are told of what the journal lists. */
async function tellOf(...listed: readonly Publication[]): Promise<readonly EventRecord[]> {
  const told: EventRecord[] = [];
  const left = [...listed];
  const tell = createTellPublications({
    journal: {
      listNew: async (limit) => left.slice(0, limit),
      markTold: async (upload) => {
        left.splice(
          left.findIndex((one) => one.upload === upload),
          1,
        );
      },
    },
    record: {
      events: async () => ({ total: 0, items: [] }),
      storeOwnEvent: async (event) => {
        told.push(event);
      },
    },
    clock: { nowMs: () => 2_000 },
    logger: silentLogger,
  });
  await tell((work) => work());
  expect(left).toEqual([]);
  return told;
}

test("the event of a publication says who published, who signed, and that the gate was not asked where it was not", async () => {
  const ungated = { ...publication, upload: "9".repeat(32), ungated: true } as const;
  const [usual, other] = await tellOf(publication, ungated);
  expect(usual).toMatchObject({ name: "bundle-published", subject: "pump@1.1.0", timeMs: 1_000 });
  expect(usual?.detail).toMatch(
    /^published by ci \(key c{16}\); digest d{64}; signed by b{16}; publication a{32}$/,
  );
  expect(other?.detail).toContain(
    `published by ci (key ${"c".repeat(16)}); UNGATED: ${ungatedWords}; digest`,
  );
});
