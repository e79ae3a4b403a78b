import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { printable } from "../../src/core/platform/printable.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { auroraHere } from "./aurora.ts";

test("keys publisher prints what a collector's configuration reads, whatever stands in the folder's name", async () => {
  const folder = join(createTemporaryFolder(), 'a\u0007 "b"\u0085\u202e\r\nc');
  const { stdout } = await auroraHere("keys", "publisher", folder, "ci");
  expect(stdout).toBe(printable(stdout));
  const { registry } = parse(stdout.slice(stdout.indexOf("  registry:")));
  expect(registry.publishers).toEqual([{ name: "ci", keyFile: join(folder, "ci.pub"), models: ["*"] }]);
  expect(existsSync(registry.publishers[0].keyFile)).toBe(true);
});
