/** By what Node says of a real server. */
import { readFileSync } from "node:fs";
import { createServer, request } from "node:https";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createScratchFolder } from "../../../scripts/scratch-folder.ts";
import { fetchJson } from "../../../src/cli/ask/ask-collector.ts";
import { cureCertificate } from "../../../src/core/platform/tls-cures.ts";
import {
  asAuthority,
  hasOpenssl,
  type IssuedFiles,
  issueCertificate,
  noAuthority,
} from "../../support/issue-certificate.ts";
import { listeningPort } from "../../support/listening-port.ts";

describe.skipIf(!hasOpenssl)("a server's certificate that a client does not take (with openssl)", () => {
  let folder = "";
  let authority: IssuedFiles;
  beforeAll(() => {
    const scratch = createScratchFolder("tls-cures");
    folder = scratch.path;
    authority = issueCertificate(folder, "authority", { extensions: [asAuthority] });
    return () => scratch.remove();
  });

  async function serve(...extensions: readonly string[]): Promise<number> {
    const { cert, key } = issueCertificate(folder, "server", {
      issuer: authority,
      extensions: [noAuthority, ...extensions],
    });
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) => {
      response.end("{}");
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return listeningPort(server);
  }

  const cure = async (port: number, trust: object): Promise<string | undefined> => {
    const error = await new Promise((resolve) => {
      request({ host: "127.0.0.1", port, agent: false, ...trust })
        .on("error", resolve)
        .end();
    });
    return cureCertificate(error, { authorities: "x.caFile", address: "x.url" });
  };

  test("is cured where the reason is: authority, name, or the certificate itself", async () => {
    const trust = { ca: readFileSync(authority.cert) };
    const port = await serve("subjectAltName=DNS:elsewhere");
    expect(await cure(port, {})).toMatch(/^Name the authority .* in x\.caFile/);
    expect(await cure(port, trust)).toMatch(/^Write a name .* into x\.url/);
    const client = await serve("subjectAltName=IP:127.0.0.1", "extendedKeyUsage=clientAuth");
    expect(await cure(client, trust)).toContain("issued anew");
    expect(cureCertificate(new Error("connect ECONNREFUSED"), { authorities: "", address: "" })).toBe(
      undefined,
    );
  });

  test("of the collector that a command asks is told with what the command knows", async () => {
    const url = new URL(`https://127.0.0.1:${await serve("subjectAltName=IP:127.0.0.1")}/`);
    await expect(fetchJson(url, { op: "ask", maxBytes: 1_000 })).rejects.toMatchObject({
      hint: expect.stringContaining("in NODE_EXTRA_CA_CERTS=FILE"),
    });
  });

  test.each(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"])("with %s asks for the clocks", (code) => {
    const error = Object.assign(new Error(code), { code });
    expect(cureCertificate(error, { authorities: "", address: "" })).toMatch(
      /^Compare both machines' clocks/,
    );
  });
});
