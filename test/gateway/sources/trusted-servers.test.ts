import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createScratchFolder } from "../../../scripts/scratch-folder.ts";
import { createCertificateCheck } from "../../../src/gateway/sources/trusted-servers.ts";

const openssl = "/usr/bin/openssl";
const noAuthority = "basicConstraints=critical,CA:FALSE";
const forServer = "extendedKeyUsage=clientAuth,serverAuth";

describe.skipIf(!existsSync(openssl))("a server whose authority alone is trusted (with openssl)", () => {
  let folder = "";
  let root: X509Certificate;
  beforeAll(() => {
    const scratch = createScratchFolder("trusted-servers");
    folder = scratch.path;
    root = issue("root", { extensions: ["basicConstraints=critical,CA:TRUE"] });
    return () => scratch.remove();
  });

  /** Of itself, or of `issuer`, whose certificate and key are in the folder. */
  function issue(
    name: string,
    { extensions, issuer }: { readonly extensions: readonly string[]; readonly issuer?: string },
  ): X509Certificate {
    const at = (file: string): string => join(folder, file);
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const own = [
      "-keyout",
      at(`${name}.key`),
      "-out",
      at(`${name}.pem`),
      "-subj",
      `/CN=${name}`,
      "-days",
      "2",
    ];
    const by = issuer === undefined ? [] : ["-CA", at(`${issuer}.pem`), "-CAkey", at(`${issuer}.key`)];
    const more = extensions.flatMap((each) => ["-addext", each]);
    execFileSync(openssl, ["req", "-x509", ...curve, ...own, ...by, ...more], { stdio: "pipe" });
    return new X509Certificate(readFileSync(at(`${name}.pem`)));
  }
  const issued = (name: string, names: string, ...more: readonly string[]): X509Certificate =>
    issue(name, { issuer: "root", extensions: [noAuthority, `subjectAltName=${names}`, ...more] });
  const check = (certificate: X509Certificate, host: string): string | undefined =>
    createCertificateCheck([root], host)(certificate.raw, Date.now());

  test("is taken where its certificate is for the host of the address, and may be a server's", () => {
    const named = issued("scada", "URI:urn:site:scada,DNS:scada.site,IP:10.0.0.5", forServer);
    expect(check(named, "scada.site")).toBeUndefined();
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
    const between = issue("between", { issuer: "root", extensions: ["basicConstraints=critical,CA:TRUE"] });
    const server = issue("far", { issuer: "between", extensions: [noAuthority, "subjectAltName=DNS:far"] });
    expect(check(server, "far")).toContain("is not trusted");
    expect(createCertificateCheck([between], "far")(server.raw, Date.now())).toBeUndefined();
  });
});
