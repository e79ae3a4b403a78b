import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEvidenceSpool } from "../../../src/gateway/evidence/evidence-spool.ts";
import type { MadeEvidence } from "../../../src/gateway/evidence/make-evidence.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

test("a folder that cannot be used is told once, keeps nothing from starting, and is used as soon as it can be", async () => {
  const dir = join(createTemporaryFolder(), "evidence");
  writeFileSync(dir, "no folder");
  const faults: unknown[] = [];
  const spool = await openEvidenceSpool({
    dir,
    maxBytes: 1e6,
    allowed: ["alarm"],
    onDropped: () => {},
    onFault: (error) => void faults.push(error),
  });
  const about = "{}";
  const id = createHash("sha256").update(about).digest("hex");
  const evidence: MadeEvidence = { id, kind: "alarm", about, packed: Uint8Array.of(1, 2, 3) };
  await expect(spool.add(evidence)).rejects.toMatchObject({ code: "STORE", subject: dir });
  expect(await spool.next()).toBeNull();
  expect(faults).toEqual([expect.objectContaining({ code: "STORE" })]);
  rmSync(dir);
  await Promise.all([spool.next(), spool.add(evidence)]);
  expect([spool.waiting, spool.bytes]).toEqual([1, 3]);
});
