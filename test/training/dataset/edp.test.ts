import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseEdpCosts, parseEdpFailures } from "../../../src/training/dataset/edp-logbook.ts";
import { edpTestStartMs, readEdpSignals } from "../../../src/training/dataset/edp-signals.ts";
import { dataFolder as data } from "../../support/data-folder.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const present = existsSync(join(data, "edp", "T01_train.parquet"));

test("the logbook is read with byte order mark and semicolons, without turbines that have no signals", () => {
  const text =
    "\uFEFFTurbine_ID;Component;Timestamp;Remarks\nT09;GEARBOX;2016-10-11T08:06:00+00:00;Repaired\nT01;HYDRAULIC_GROUP;2016-07-18T02:10:00+00:00;Oil, leaking\n";
  expect(parseEdpFailures(text, "log")).toEqual([
    {
      turbine: "T01",
      component: "hydraulic-group",
      timestampMs: Date.UTC(2016, 6, 18, 2, 10),
      remark: "Oil, leaking",
    },
  ]);
  expect(() => parseEdpFailures(text.replace("HYDRAULIC_GROUP", "YAW"), "log")).toThrow(/YAW/);
  expect(() => parseEdpFailures(text.replace("2016-07-18T02", "yesterday"), "log")).toThrow(/no time/);
});

test("a table of costs lacks no component and holds no negative cost", () => {
  const head = "Component,Replacement_Cost,Repair_Cost,Inspection_cost\n";
  const rows = ["GEARBOX", "GENERATOR", "GENERATOR_BEARING", "TRANSFORMER", "HYDRAULIC_GROUP"].map(
    (name) => `${name},100,20,5`,
  );
  expect(parseEdpCosts(head + rows.join("\n"), "costs").get("generator-bearing")).toEqual({
    replacementEur: 100,
    repairEur: 20,
    inspectionEur: 5,
  });
  expect(() => parseEdpCosts(head + rows.slice(1).join("\n"), "costs")).toThrow(/lacks gearbox/);
  expect(() => parseEdpCosts(head + rows.join("\n").replace("100", "-1"), "costs")).toThrow(/no cost/);
});

test("what is no Parquet table is refused by name", async () => {
  const dir = createTemporaryFolder();
  await mkdir(join(dir, "edp"));
  for (const name of ["HTW_Costs.csv", "htw-failures-2016.csv", "htw-failures-2017.csv"]) {
    await writeFile(join(dir, "edp", name), "x");
  }
  await writeFile(join(dir, "edp", "T01_train.parquet"), "PAR1 this is not a table PAR1");
  await expect(readEdpSignals(dir, "train", [])).rejects.toMatchObject({ code: "DATA_FORMAT" });
  await expect(readEdpSignals(dir, "test", [])).rejects.toMatchObject({ code: "DATA_MISSING" });
});

describe.skipIf(!present)("the signals (need the data folder)", () => {
  test("of the train period end where the test begins, and rise in time", async () => {
    const { turbines, fingerprint } = await readEdpSignals(data, "train", ["Amb_Temp_Avg"]);
    // The published row counts less the last day, which stands in the test files again.
    expect(turbines.map(({ rows }) => rows)).toEqual([39_244, 39_536, 41_082, 46_217]);
    for (const { timestampMs } of turbines) expect(timestampMs.at(-1)).toBeLessThan(edpTestStartMs);
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  test("lack no column that is asked for, or say which", async () => {
    await expect(readEdpSignals(data, "test", ["Nac_Temp"])).rejects.toThrow(/Nac_Temp/);
  });
});
