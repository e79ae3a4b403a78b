import { expect, it } from "vitest";
import { createEvidenceReader } from "../../../src/collector/evidence/read-evidence.ts";
import type { RecordedEvidence } from "../../../src/core/contract/evidence-list.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";

it("says that a file which is listed is gone, and not of one that is not", async () => {
  const warnings: string[] = [];
  const id = "ab".repeat(32);
  const reader = createEvidenceReader({
    store: { open: async () => null },
    record: { findEvidence: async (of) => (of === id ? ({ npySha256: id } as RecordedEvidence) : null) },
    logger: { ...silentLogger, warn: (message) => void warnings.push(message) },
  });
  expect(await reader.open("cd".repeat(32), "npy")).toBeNull();
  expect(warnings).toEqual([]);
  expect(await reader.open(id, "npy")).toBeNull();
  expect(warnings).toEqual(["evidence is listed, and its file is gone from its folder or bucket"]);
});
