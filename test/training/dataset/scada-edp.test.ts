/** The open wind farm through its manifest: what the files hold, row by row. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readScadaTables } from "../../../src/training/dataset/scada/read-series.ts";
import { fingerprintTables, sourceOf } from "../../../src/training/recipes/scada/learn/scada-rows.ts";
import { dataFolder as data } from "../../support/data-folder.ts";
import { loadEdpConfig } from "../../support/edp.ts";

const present = existsSync(join(data, "edp", "T01_train.parquet"));

describe.skipIf(!present)("the signals (need the data folder)", () => {
  test("of the train period end where the test begins, rise in time and lose nothing", async () => {
    const config = await loadEdpConfig();
    const { turbines, losses } = await readScadaTables(data, sourceOf(config), "train");
    // The published row counts less the last day, which stands in the test files again.
    expect(turbines.map(({ rows }) => rows)).toEqual([39_244, 39_536, 41_082, 46_217]);
    for (const { timestampMs } of turbines)
      expect(timestampMs.at(-1)).toBeLessThan(Date.parse("2017-06-01T00:00:00Z"));
    expect(losses.map(({ reason }) => reason)).toEqual(["outside"]);
  });

  test("have the fingerprints that the shipped bundle was made from", async () => {
    const { dataset } = await loadEdpConfig();
    expect(await fingerprintTables(data, dataset)).toEqual({
      train: "131baf1050d6437a2e6288e7cfe4a833efbdf8b289e26db7ff5ff2880764daa2",
      test: "370f3475d5dbe6542fc4321cd1160eb071a9ed63b311aba6b690c6f27042db41",
    });
  });
});
