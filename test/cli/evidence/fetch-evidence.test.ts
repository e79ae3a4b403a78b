import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fetchEvidence } from "../../../src/cli/evidence/fetch-evidence.ts";
import { renderFetched } from "../../../src/cli/evidence/render-list.ts";
import { encodeNpy } from "../../../src/core/platform/files/encode-npy.ts";
import { makeEvidence } from "../../collector/evidence/make-evidence.ts";
import { serveOther } from "../../support/serve-other.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

test("who asks for evidence that the record does not know hears that it may be older than the samples", async () => {
  const collector = await serveOther((_request, response) => void response.writeHead(404).end("{}"));
  const id = "ab".repeat(32);
  await expect(fetchEvidence({ collector, id })).rejects.toMatchObject({
    code: "USAGE",
    message: `the collector has no evidence ${id}`,
    hint: expect.stringMatching(/too old.*put back from a backup.*KEYS\.md/),
  });
});

test("what was got is got where the collector's list cannot be asked, and it is said that nothing was compared", async () => {
  const { id, about, counts } = await makeEvidence();
  const collector = await serveOther((request, response) => {
    const path = request.url ?? "";
    if (path.endsWith(".json")) return void response.end(about);
    if (path.endsWith(".npy")) return void response.end(encodeNpy([counts]));
    response.writeHead(503).end("{}");
  });
  const out = join(createTemporaryFolder(), "got.npy");
  const got = await fetchEvidence({ collector, id, out });
  expect(existsSync(out)).toBe(true);
  expect(got.listedOtherwise).toBeNull();
  expect(renderFetched(got)).toContain("could not be asked: nothing was compared");
});
