import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listNotes } from "../../../../src/cli/score/tables/run-tables.ts";
import { readBundle } from "../../../../src/core/bundle/verify-bundle.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import { serveBundle } from "../../../../src/core/serving/loaded-bundle.ts";
import { createScadaBundle, spec, startMs } from "../../../gateway/points/scada/scada-site.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { inventRows, renderCsv, scoreFolder, scorePaths } from "./farm-files.ts";

describe("bad tables", () => {
  const rows = inventRows("T1", 0, 60);
  const good = { "T2.csv": renderCsv(inventRows("T2", 0, 60)) };
  const longer = inventRows("T1", 0, 300);
  const head = renderCsv([]);

  it("counts what is repeated, and takes the first", async () => {
    const repeated = rows
      .slice(20, 40)
      .map((row) => ({ ...row, values: row.values.map((value) => value + 1) }));
    const { files, rows: written } = await scoreFolder(
      createScadaBundle(),
      {
        "a.csv": renderCsv([...rows.slice(0, 40), ...rows.slice(30, 35)]),
        "b.csv": renderCsv([...repeated, ...rows.slice(40)]),
      },
      { turbines: [{ id: "T1", patterns: ["a.csv", "b.csv"] }] },
    );
    expect(files.map(({ windows, setAside }) => [windows, setAside.windows, setAside.samples])).toEqual([
      [40, 0, { "time-backwards": 5 * 7 }],
      [20, 0, { "time-backwards": 20 * 7 }],
    ]);
    expect(written[25]!["measured_gear-oil"]).toBe(`${rows[25]!.values[2]}`);
  });

  it("never judges a row that lacks a reading", async () => {
    const holed = rows.map((row, hour) =>
      hour % 10 === 3 ? { ...row, values: row.values.with(3, Number.NaN) } : row,
    );
    const { files } = await scoreFolder(createScadaBundle(), { "T1.csv": renderCsv(holed), ...good });
    expect(files[0]).toMatchObject({ windows: 54, setAside: { windows: 6, samples: { "not-finite": 6 } } });
    expect(files[1]).toMatchObject({ windows: 60, setAside: { windows: 0, samples: {} } });
  });

  it("sets rows without a time that may be believed aside", async () => {
    const bad = ["Average", "1901-01-01", "9999-12-31"].map((time) => `${time},1,1,1,1,1,1,1\n`).join("");
    const text = renderCsv(rows) + bad;
    const { files } = await scoreFolder(createScadaBundle(), { "T1.csv": text, ...good });
    expect(files[0]).toMatchObject({ windows: 60, setAside: { windows: 0, samples: { malformed: 3 * 7 } } });
  });

  it("says nothing where a channel never has a number, and which", async () => {
    const silent = rows.map((row) => ({ ...row, values: row.values.with(4, Number.NaN) }));
    const { files, silent: channels } = await scoreFolder(createScadaBundle(), {
      "T1.csv": renderCsv(silent),
      ...good,
    });
    expect(files[0]).toMatchObject({ windows: 0, setAside: { windows: 60, samples: { "not-finite": 60 } } });
    expect([...channels.values()]).toEqual([["phase-1"], []]);
  });

  it.each([
    ["that is empty", "", "DATA_FORMAT", /line 1: the table is empty/],
    ["without rows", head, "DATA_FORMAT", /has no rows/],
    [
      "without a channel",
      renderCsv(rows).replaceAll("phase-2", "phase-4"),
      "DATA_FORMAT",
      /has no column for phase-2$/,
    ],
    [
      "of times that are none",
      renderCsv(rows, () => "01/06/2017 00:00"),
      "DATA_FORMAT",
      /no time in its column time/,
    ],
    [
      "of seconds",
      renderCsv(rows, (time) => `${time / 1000}`),
      "DATA_FORMAT",
      /no row with a turbine and a time from 1990/,
    ],
    [
      "of microseconds",
      renderCsv(rows, (time) => `${time * 1000}`),
      "DATA_FORMAT",
      /no row with a turbine and a time from 1990/,
    ],
    ["with a ragged row", `${renderCsv(rows)}2030-01-01,5\n`, "DATA_FORMAT", /line 62: 2 fields, expected 8/],
    ["with an open quote", `${renderCsv(rows)}"2030-01-01`, "DATA_FORMAT", /line 62: a quote is not closed/],
  ])("refuses a table %s, and scores the others", async (_what, text, code, message) => {
    const { files, rows: written } = await scoreFolder(createScadaBundle(), { "T1.csv": text, ...good });
    expect(files[0]).toMatchObject({ windows: 0, error: { code, message: expect.stringMatching(message) } });
    expect(files[1]).not.toHaveProperty("error");
    expect(written).toHaveLength(60);
  });

  it("refuses a table that says otherwise than the command whose it is", async () => {
    const text = renderCsv(rows)
      .replaceAll(/^/gm, "T1,")
      .replace("T1,time", "turbine,time")
      .replace(/T1,$/, "");
    const { files } = await scoreFolder(
      createScadaBundle(),
      { "x.csv": text, ...good },
      { turbines: [{ id: "T9", patterns: ["x.csv"] }] },
    );
    expect(files[0]!.error).toMatchObject({ code: "USAGE", hint: expect.stringContaining("--turbine") });
  });

  it("takes two files of the same name for one turbine only when told so", async () => {
    const folders = [createTemporaryFolder(), createTemporaryFolder()];
    const paths = folders.map((folder) => join(folder, "2017.csv"));
    for (const path of paths) writeFileSync(path, renderCsv(rows));
    const { files } = await scorePaths(createScadaBundle(), paths);
    expect(files.map(({ windows, error }) => [windows, error?.code])).toEqual([
      [60, undefined],
      [0, "USAGE"],
    ]);
    expect(files[1]!.error!.message).toMatch(/2017\.csv would be of the turbine 2017, as .*2017\.csv is/);
  });

  it("scores more turbines at once than a model takes rows", { timeout: 180_000 }, async () => {
    const dir = join(import.meta.dirname, "..", "..", "..", "..", "models", "turbine-scada", "1.0.0");
    const bundle = await serveBundle(dir, await readBundle(dir), { engine: "integer", logger: silentLogger });
    const names = bundle.manifest.channels.map(({ name }) => name);
    const lines = Array.from({ length: 150 * 70 }, (_, index) => {
      const [row, turbine] = [Math.floor(index / 70), index % 70];
      const time = new Date(startMs + row * 600_000).toISOString();
      return [
        time,
        `t${turbine}`,
        ...names.map((name) => (name === "power" ? 1000 + row : 8 + (row % 5))),
      ].join();
    });
    const text = [["time", "turbine", ...names].join(), ...lines].join("\n");
    const { files } = await scoreFolder(bundle, { "farm.csv": text });
    await bundle.retire();
    expect(files).toHaveLength(70);
    expect(files.every(({ windows }) => windows === 150)).toBe(true);
  });

  it("says why nothing is known yet", async () => {
    const ranking = { policy: { ...spec.policy, kind: "ranking" } } as const;
    const bundle = createScadaBundle("1.0.0", { siteCorrection: { ridge: 0.01, minRows: 200 }, ...ranking });
    const notesOf = async (files: Record<string, string>): Promise<string[]> =>
      listNotes((await scoreFolder(bundle, files)).files, bundle.manifest);
    const alone = await notesOf({ "T1.csv": renderCsv(rows) });
    expect(alone[0]).toMatch(/^T1 is still being learnt: 60 of 200 rows/);
    expect(alone[1]).toMatch(/one that stands alone/);
    expect(await notesOf({ "T1.csv": renderCsv(longer.slice(0, 300)), ...good })).toEqual([
      expect.stringMatching(/^T1 has no score yet: that takes 20 days with 10 scored rows each, and 7 more/),
      expect.stringMatching(/^T2 is still being learnt/),
    ]);
    // Files in any order, and one that only repeats another.
    const [first, second] = [renderCsv(longer.slice(0, 30)), renderCsv(longer.slice(30, 60))];
    const named = { turbines: [{ id: "T1", patterns: ["*"] }] };
    const { files } = await scoreFolder(bundle, { "b.csv": second, "a.csv": first, "c.csv": first }, named);
    expect(listNotes(files, bundle.manifest)[0]).toMatch(/^T1 is still being learnt: 60 of 200 rows/);
    // Megawatts.
    const small = rows.map((row) => ({ ...row, values: row.values.with(0, row.values[0]! / 1000) }));
    expect((await notesOf({ "T1.csv": renderCsv(small) }))[0]).toMatch(
      /no row is in normal operation; is power in kW/,
    );
  });
});
