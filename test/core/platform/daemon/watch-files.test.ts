import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { issueCertificate } from "../../../../src/cli/fleet/issue-certificate.ts";
import { listTlsFiles } from "../../../../src/core/contract/config/configured-files.ts";
import { createFilesWatch } from "../../../../src/core/platform/daemon/watch-files.ts";
import { createLogger, silentLogger } from "../../../../src/core/platform/logger.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

test("a certificate that was renewed without its key is counted at once, and told once where it stays so", async () => {
  const folder = createTemporaryFolder();
  const files = { caFile: null, certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  const dates = { fromMs: Date.now(), days: 90 };
  const authority = { ...issueCertificate({ name: "ca", use: "authority", ...dates }), name: "ca" };
  const [before, after] = ["gw", "gw"].map((name) =>
    issueCertificate({ name, use: "client", ...dates }, authority),
  );
  writeFileSync(files.certFile, before!.certPem);
  writeFileSync(files.keyFile, before!.keyPem);
  const lines: string[] = [];
  const told: string[] = [];
  let isAway = true;
  const watch = createFilesWatch(listTlsFiles(["mqtt"], files), {
    clock: { nowMs: () => Date.now() },
    logger: createLogger({ format: "json", write: (line) => lines.push(line) }),
    tell: async (...event) => {
      if (isAway) throw new Error("the record is away");
      told.push(event.join(" | "));
    },
    findToldMs: () => null,
  });
  expect(watch.unfit).toBeNull();
  await watch.look();
  expect(watch.unfit).toEqual([]);
  writeFileSync(files.certFile, after!.certPem);
  await watch.look();
  const problem = "the key does not belong to the certificate in certFile";
  expect(watch.unfit).toEqual([{ key: "mqtt.keyFile", file: files.keyFile, problem }]);
  expect(lines).toEqual([]);
  await watch.look();
  expect(lines.join("")).toMatch(/"hint":.*mqtt\.keyFile: .*the record is away/s);
  isAway = false;
  for (let look = 0; look < 3; look++) await watch.look();
  expect(told).toEqual([`file-unfit | ${files.keyFile} | mqtt.keyFile: ${problem}`]);
  writeFileSync(files.keyFile, after!.keyPem);
  await watch.look();
  expect(watch.unfit).toEqual([]);
  writeFileSync(files.keyFile, before!.keyPem);
  for (let look = 0; look < 2; look++) await watch.look();
  expect(told).toHaveLength(2);
});

test("what a run before has told is not told again within a month, in whatever words", async () => {
  const keyFile = join(createTemporaryFolder(), "key.pem");
  const dayMs = 86_400_000;
  let nowMs = 40 * dayMs;
  const told: string[] = [];
  const start = () =>
    createFilesWatch(listTlsFiles(["mqtt"], { caFile: null, certFile: null, keyFile }), {
      clock: { nowMs: () => nowMs },
      logger: silentLogger,
      tell: (_name, _subject, detail) => void told.push(detail),
      findToldMs: () => 39 * dayMs,
    });
  const watch = start();
  for (let look = 0; look < 2; look++) await watch.look();
  writeFileSync(keyFile, "");
  for (let look = 0; look < 2; look++) await watch.look();
  expect([watch.unfit?.length, told.length]).toEqual([1, 0]);
  nowMs += 40 * dayMs;
  const later = start();
  for (let look = 0; look < 3; look++) await later.look();
  expect(told).toEqual(["mqtt.keyFile: the file is empty"]);
});
