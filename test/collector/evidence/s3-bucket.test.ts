import { writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openS3Bucket } from "../../../src/collector/evidence/s3-bucket.ts";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";
import { listeningPort } from "../../support/listening-port.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

async function openBucket(answer: RequestListener) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const keyFile = join(createTemporaryFolder(), "key");
  writeFileSync(keyFile, "key\n", { mode: 0o600 });
  const { evidence } = collectorConfigSchema().parse({
    evidence: {
      s3: {
        endpoint: `http://127.0.0.1:${listeningPort(server)}`,
        bucket: "evidence",
        accessKeyIdFile: keyFile,
        secretAccessKeyFile: keyFile,
      },
    },
  });
  const bucket = await openS3Bucket(evidence.s3!, 1_000);
  onTestFinished(() => bucket.close());
  return bucket;
}

it.each([
  ["ExpiredToken", /temporary/],
  ["InvalidToken", /session token/],
  ["QuotaExceeded", /Make room/],
])("says what helps where a server refuses with %s", async (code, hint) => {
  const bucket = await openBucket((_, response) => {
    response.writeHead(400).end(`<Error><Code>${code}</Code></Error>`);
  });
  await expect(bucket.put("a.npy", new Uint8Array(3))).rejects.toMatchObject({
    code: "STORE",
    message: expect.stringContaining(code),
    hint: expect.stringMatching(hint),
  });
});

it("says of an answer without its length that it has none", async () => {
  const bucket = await openBucket((_, response) => {
    response.writeHead(200, { "transfer-encoding": "chunked" }).end("bytes");
  });
  await expect(bucket.get("a.npy")).rejects.toThrow(
    /a\.npy came without its length; at most 1000 bytes are read/,
  );
});
