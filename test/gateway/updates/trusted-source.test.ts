import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkUpdateServer } from "../../../src/cli/doctor/check-update-server.ts";
import { httpGet, readBody } from "../../../src/gateway/updates/http-get.ts";
import { asAuthority, hasOpenssl, issueCertificate, noAuthority } from "../../support/issue-certificate.ts";
import { listeningPort } from "../../support/listening-port.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

test.skipIf(!hasOpenssl)(
  "an update server is trusted by the authority that updates.caFile holds by now, by gateway and doctor alike (with openssl)",
  async () => {
    const folder = createTemporaryFolder();
    const authority = issueCertificate(folder, "authority", { extensions: [asAuthority] });
    const { cert, key } = issueCertificate(folder, "server", {
      issuer: authority,
      extensions: [noAuthority, "subjectAltName=IP:127.0.0.1"],
    });
    const expires = new Date(Date.now() + 86_400_000).toISOString();
    const timestamp = JSON.stringify({ signed: { expires } });
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) => {
      response.end(timestamp);
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${listeningPort(server)}/tuf`;
    const caFile = join(folder, "ca.pem");
    const fetchBody = async (file: string | null): Promise<string> => {
      const limits = { stallMs: 10_000, deadlineMs: 30_000 };
      const response = await httpGet(url, { ...limits, caFile: file });
      return new TextDecoder().decode(await readBody(response, 1_000, url));
    };
    const refusal = { code: "UPDATE_SOURCE", message: expect.stringContaining("in updates.caFile") };

    await expect(fetchBody(null)).rejects.toMatchObject(refusal);
    expect(await checkUpdateServer(url)).toMatchObject([
      { verdict: "warning", advice: expect.stringContaining("in updates.caFile") },
    ]);
    // While it is replaced it may be empty: that is no reason to trust the system's.
    writeFileSync(caFile, "");
    await expect(fetchBody(caFile)).rejects.toMatchObject({
      code: "UPDATE_SOURCE",
      message: expect.stringContaining("ca.pem is empty"),
    });
    copyFileSync(authority.cert, caFile);
    expect(await fetchBody(caFile)).toBe(timestamp);
    expect((await checkUpdateServer(url, caFile))[0]).toMatchObject({ verdict: "good" });
  },
);
