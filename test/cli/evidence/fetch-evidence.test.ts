import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { fetchEvidence } from "../../../src/cli/evidence/fetch-evidence.ts";
import { listeningPort } from "../../support/listening-port.ts";

test("who asks for evidence that the record does not know hears that it may be older than the samples", async () => {
  const server = createServer((_request, response) => void response.writeHead(404).end("{}"));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const id = "ab".repeat(32);
  const fetched = fetchEvidence({ collector: `http://127.0.0.1:${listeningPort(server)}`, id });
  await expect(fetched).rejects.toMatchObject({
    code: "USAGE",
    message: `the collector has no evidence ${id}`,
    hint: expect.stringMatching(/too old.*put back from a backup.*KEYS\.md/),
  });
});
