import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { issueCertificate } from "../../../../src/cli/fleet/issue-certificate.ts";
import type { KeyPath } from "../../../../src/core/contract/config/config-finding.ts";
import { warnOfFiles } from "../../../../src/core/platform/daemon/file-warnings.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const uses = ["authority", "client", "server"] as const;

test("who renews a certificate: at the broker `aurora keys`, elsewhere whoever issued it", async () => {
  const dir = createTemporaryFolder();
  const nowMs = Date.now();
  const dates = { fromMs: nowMs, days: 10 };
  const authority = issueCertificate({ name: "site", use: "authority", ...dates });
  const files = { authority: "", client: "", server: "" };
  for (const use of uses) {
    const { certPem } =
      use === "authority"
        ? authority
        : issueCertificate({ name: "some.host", use, ...dates }, { ...authority, name: "site" });
    files[use] = join(dir, `${use}.pem`);
    writeFileSync(files[use], certPem);
  }
  const advise = async (...path: KeyPath): Promise<readonly string[]> => {
    const listed = uses.map((use) => ({ path, file: files[use], content: "certificate" }) as const);
    return (await warnOfFiles(listed, nowMs)).map(({ write }) => write ?? "");
  };
  for (const path of [
    ["mqtt", "certFile"],
    ["mqtt", "embedded", "caFile"],
  ])
    expect(await advise(...path)).toEqual([
      expect.stringContaining("`aurora keys authority`"),
      expect.stringContaining("`aurora keys client DIR some.host`"),
      expect.stringContaining("`aurora keys server DIR some.host`"),
    ]);
  const others: readonly KeyPath[] = [
    ["opcua", 0, "certFile"],
    ["opcua", 0, "trustFiles", 0],
    ["record", "caFile"],
    ["evidence", "s3", "caFile"],
  ];
  for (const path of others)
    expect([path, await advise(...path)]).toEqual([
      path,
      uses.map(() => "ask whoever issued it for another"),
    ]);
});
