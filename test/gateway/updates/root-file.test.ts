import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { maxRootBytes } from "../../../src/core/contract/publication.ts";
import { startUpdates, type UpdatesOptions } from "../../../src/gateway/updates/updates.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

it("refuses at the start a root file that its client of updates would refuse, and one that is not there", async () => {
  const rootFile = join(createTemporaryFolder(), "root.json");
  const settings = { enabled: true, url: "http://127.0.0.1:9", caFile: null, rootFile, pollSeconds: 60 };
  const start = () => startUpdates({ settings } as UpdatesOptions);
  await expect(start()).rejects.toMatchObject({ code: "CONFIG_INVALID", subject: rootFile });
  writeFileSync(rootFile, " ".repeat(maxRootBytes + 1));
  await expect(start()).rejects.toMatchObject({ code: "CONFIG_INVALID", subject: rootFile });
});
