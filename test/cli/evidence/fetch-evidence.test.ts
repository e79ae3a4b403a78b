import { expect, test } from "vitest";
import { fetchEvidence } from "../../../src/cli/evidence/fetch-evidence.ts";
import { serveOther } from "../../support/serve-other.ts";

test("who asks for evidence that the record does not know hears that it may be older than the samples", async () => {
  const collector = await serveOther((_request, response) => void response.writeHead(404).end("{}"));
  const id = "ab".repeat(32);
  await expect(fetchEvidence({ collector, id })).rejects.toMatchObject({
    code: "USAGE",
    message: `the collector has no evidence ${id}`,
    hint: expect.stringMatching(/too old.*put back from a backup.*KEYS\.md/),
  });
});
