import { describe } from "vitest";
import { openFolderStore } from "../../../src/collector/evidence/folder-store.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { describeEvidenceStore } from "./evidence-store-suite.ts";

describe("evidence in a folder", () => {
  let dir: string;
  describeEvidenceStore((again) => {
    if (again === undefined) dir = createTemporaryFolder();
    return openFolderStore(dir);
  });
});
