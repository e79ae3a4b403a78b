import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { createScratchFolder } from "../../../scripts/scratch-folder.ts";
import { createCertificateCheck } from "../../../src/gateway/sources/trusted-servers.ts";
import {
  asAuthority,
  hasOpenssl,
  type IssuedFiles,
  issueCertificate,
  noAuthority,
} from "../../support/issue-certificate.ts";

const forServer = "extendedKeyUsage=clientAuth,serverAuth";

describe.skipIf(!hasOpenssl)("a server whose authority alone is trusted (with openssl)", () => {
  let folder = "";
  let authority: IssuedFiles;
  let root: X509Certificate;
  beforeAll(() => {
    const scratch = createScratchFolder("trusted-servers");
    folder = scratch.path;
    authority = issueCertificate(folder, "root", { extensions: [asAuthority] });
    root = read(authority);
    return () => scratch.remove();
  });

  const read = ({ cert }: IssuedFiles): X509Certificate => new X509Certificate(readFileSync(cert));
  const issued = (name: string, names: string, ...more: readonly string[]): X509Certificate =>
    read(
      issueCertificate(folder, name, {
        issuer: authority,
        extensions: [noAuthority, `subjectAltName=${names}`, ...more],
      }),
    );
  const check = (certificate: X509Certificate, host: string): string | undefined =>
    createCertificateCheck([root], host)(certificate.raw, Date.now());

  test("is taken where its certificate is for the host of the address, and may be a server's", () => {
    const named = issued("scada", "URI:urn:site:scada,DNS:scada.site,IP:10.0.0.5", forServer);
    expect(check(named, "scada.site")).toBeUndefined();
    expect(check(named, "scada.site.")).toBeUndefined();
    expect(check(named, "10.0.0.5")).toBeUndefined();
    expect(check(issued("any-use", "IP:fd00::5"), "fd00::5")).toBeUndefined();
  });

  test("is refused for a certificate of another host, also where its common name is this one", () => {
    const laptop = issued("scada.site", "URI:urn:office:laptop,DNS:laptop.office", forServer);
    expect(check(laptop, "scada.site")).toMatch(
      /^the certificate of the server is for URI:urn:office:laptop, DNS:laptop\.office, not for scada\.site \(CN=scada\.site, SHA-256 /,
    );
    expect(check(laptop, "10.0.0.5")).toContain("not for 10.0.0.5");
    expect(check(issued("no-host", "URI:urn:site:scada"), "no-host")).toContain("not for no-host");
  });

  test("is refused for a certificate that only a client may have", () => {
    const client = issued("client", "DNS:scada.site", "extendedKeyUsage=clientAuth");
    expect(check(client, "scada.site")).toContain("was not issued for a server");
  });

  test("is taken for any certificate that is in a file itself", () => {
    const client = issued("old", "URI:urn:site:old", "extendedKeyUsage=clientAuth");
    const late = Date.now() + 3 * 86_400_000;
    const checkPinned = createCertificateCheck([client, root], "scada.site");
    expect(checkPinned(client.raw, Date.now())).toBeUndefined();
    expect(checkPinned(client.raw, late)).toContain("is valid from");
  });

  test("is refused where an authority between signed it, until that is trusted itself", () => {
    const between = issueCertificate(folder, "between", { issuer: authority, extensions: [asAuthority] });
    const extensions = [noAuthority, "subjectAltName=DNS:far"];
    const server = read(issueCertificate(folder, "far", { issuer: between, extensions }));
    expect(check(server, "far")).toContain("is not trusted");
    expect(createCertificateCheck([read(between)], "far")(server.raw, Date.now())).toBeUndefined();
  });
});
