import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { issueCertificate } from "../../../src/cli/fleet/issue-certificate.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { readOpcUaLogin } from "../../../src/gateway/sources/opcua-login.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { power } from "./start-opcua-source.ts";

test("a server's certificate that is commented out is not trusted, and one that TLS would not see is named", async () => {
  const folder = createTemporaryFolder();
  const [certFile, keyFile, trustFile] = ["own.pem", "own.key", "trust.pem"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const issue = (name: string) => issueCertificate({ name, use: "authority", fromMs: Date.now(), days: 9 });
  const [own, old, next] = [issue("own"), issue("old").certPem, issue("next").certPem];
  writeFileSync(certFile, own.certPem);
  writeFileSync(keyFile, own.keyPem);
  const turbines = [{ turbine: "WT01", channels: [power] }];
  const { opcua } = gatewayConfigSchema().parse({
    gateway: { id: "gw1", site: "north" },
    turbines: [{ id: "WT01" }],
    opcua: [{ url: "opc.tcp://scada.site:4840", certFile, keyFile, trustFiles: [trustFile], turbines }],
  });
  const readTrusted = async (pem: string): Promise<readonly string[]> => {
    writeFileSync(trustFile, pem);
    return (await readOpcUaLogin(opcua[0]!)).trusted.map(({ subject }) => subject);
  };
  expect(await readTrusted(old + next)).toEqual(["CN=old", "CN=next"]);
  expect(await readTrusted(`#${old}${next}`)).toEqual(["CN=next"]);
  await expect(readTrusted(`#${old}`)).rejects.toThrow("it holds no certificate in PEM form");
  await expect(readTrusted(old.trimEnd() + next)).rejects.toThrow("a certificate that cannot be read");
});
