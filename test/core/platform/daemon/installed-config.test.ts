import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AuroraError } from "../../../../src/core/contract/aurora-error.ts";
import { checkConfiguredFiles } from "../../../../src/core/platform/daemon/check-files.ts";
import { readCollectorFile } from "../../../../src/core/platform/daemon/collector-file.ts";
import { startConfigured } from "../../../../src/core/platform/daemon/installed-config.ts";
import { packageRoot } from "../../../../src/core/platform/files/package-root.ts";
import { type Logger, silentLogger } from "../../../../src/core/platform/logger.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

/** A collector's configuration that names a file which is not there. */
function readWrong() {
  const folder = createTemporaryFolder();
  const configPath = join(folder, "collector.yaml");
  writeFileSync(configPath, `mqtt:\n  url: mqtts://b:8883\n  caFile: ${folder}/ca.pem\n`);
  return readCollectorFile({ configPath, installationDir: packageRoot(), environment: {} });
}

test("a daemon that starts in spite of a mistake says so in its log, with the line", async () => {
  const warnings: unknown[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (message, fields) => void warnings.push([message, fields]),
  };
  const started = await startConfigured(readWrong(), { logger, start: async () => "up" });
  expect(started).toBe("up");
  expect(warnings).toEqual([
    ["the configuration: mqtt.caFile: there is no such file", expect.objectContaining({ line: 3 })],
  ]);
});

test("one that does not start for its configuration says all that is wrong with that; another reason stays", async () => {
  const fail = (code: "CONFIG_INVALID" | "STORE") => {
    const error = new AuroraError(code, "it stumbled", { op: "start" });
    return startConfigured(readWrong(), { logger: silentLogger, start: () => Promise.reject(error) });
  };
  await expect(fail("CONFIG_INVALID")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/collector\.yaml:3:11: mqtt\.caFile: there is no such file/),
    complaints: [{ line: 3, column: 11, key: "mqtt.caFile" }],
  });
  await expect(fail("STORE")).rejects.toMatchObject({ code: "STORE", message: "it stumbled" });
});

test("of a file that is sought below another folder than was meant it is said below which", async () => {
  const here = process.cwd();
  const problems = async (file: string) =>
    (await checkConfiguredFiles([{ path: ["mqtt", "caFile"], file, content: "certificate" }])).map(
      ({ problem }) => problem,
    );
  expect(await problems("nowhere/ca.pem")).toEqual([
    `there is no such file, seen from ${here}, nor the folder that it would be in`,
  ]);
  expect(await problems("no-ca.pem")).toEqual([`there is no such file, seen from ${here}`]);
  expect(await problems("/no-ca.pem")).toEqual(["there is no such file"]);
});

test("a file that only a default names is named, too", async () => {
  const folder = createTemporaryFolder();
  const configPath = join(folder, "collector.yaml");
  writeFileSync(configPath, "retentionDays: 30\n");
  const file = readCollectorFile({ configPath, installationDir: folder, environment: {} });
  expect(file.refuse(await file.check()).complaints).toMatchObject([
    { key: "registry.trustedKeys[0]", value: join(folder, "models", "release.pub") },
  ]);
});
