import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openSqliteRecord } from "../../../../src/collector/record/sqlite/sqlite-record.ts";
import { noteDamage } from "../../../../src/collector/record/sqlite/structure-findings.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

test("a start that sets a damaged file aside asks for the time in which it reads all of it", async () => {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  /** What had been set aside whenever time was asked for. */
  const asked: string[][] = [];
  const setAside = (): string[] => readdirSync(dirname(path)).filter((name) => name.includes(".corrupt-"));
  const open = () =>
    openSqliteRecord({
      path,
      clock: { nowMs: () => 1 },
      logger: silentLogger,
      beforeSteps: async () => void asked.push(setAside()),
    });
  await (await open()).close();
  expect(asked).toEqual([]);
  await noteDamage(path, "a page is in no tree", () => false);
  await (await open()).close();
  expect(asked).toEqual([[]]);
  expect(setAside()).toContain(`${basename(path)}.corrupt-1`);
});
