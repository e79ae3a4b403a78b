import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openS3Bucket } from "../../../src/collector/evidence/s3-bucket.ts";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";
import { asAuthority, hasOpenssl, issueCertificate, noAuthority } from "../../support/issue-certificate.ts";
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

it.skipIf(!hasOpenssl)("trusts the authority that is in its file by now (with openssl)", async () => {
  const folder = createTemporaryFolder();
  const [old, next] = ["old", "next"].map((name) =>
    issueCertificate(folder, name, { extensions: [asAuthority] }),
  );
  const extensions = [noAuthority, "subjectAltName=IP:127.0.0.1"];
  const { cert, key } = issueCertificate(folder, "server", { issuer: next!, extensions });
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) => {
    response.end();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const [keyFile, caFile] = [join(folder, "secret"), join(folder, "ca.pem")];
  writeFileSync(keyFile, "key\n", { mode: 0o600 });
  writeFileSync(caFile, readFileSync(old!.cert));
  const { evidence } = collectorConfigSchema().parse({
    evidence: {
      s3: {
        endpoint: `https://127.0.0.1:${listeningPort(server)}`,
        bucket: "evidence",
        accessKeyIdFile: keyFile,
        secretAccessKeyFile: keyFile,
        caFile,
      },
    },
  });
  const bucket = await openS3Bucket(evidence.s3!, 1_000);
  onTestFinished(() => bucket.close());
  await expect(bucket.put("a.npy", new Uint8Array(3))).rejects.toMatchObject({
    hint: expect.stringContaining("evidence.s3.caFile"),
  });
  writeFileSync(caFile, "");
  await expect(bucket.put("a.npy", new Uint8Array(3))).rejects.toThrow("ca.pem is empty");
  writeFileSync(caFile, readFileSync(next!.cert));
  await bucket.put("a.npy", new Uint8Array(3));
});
