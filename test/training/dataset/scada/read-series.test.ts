import { describe, expect, it } from "vitest";
import { readScadaTables } from "../../../../src/training/dataset/scada/read-series.ts";
import { describeFarm, inventRows, renderRows, renderTime, writeFarm } from "./invented-table.ts";

const fromMs = Date.UTC(2025, 1, 27);
const farm = (count = 400) => [...inventRows("WEA 1", fromMs, count), ...inventRows("WEA 2", fromMs, count)];

describe("tables of a farm", () => {
  it("become a series a turbine, in the channels' units, whatever the files and their order", async () => {
    const rows = farm();
    const folder = writeFarm({
      "scada/b.csv": renderRows(rows.slice(0, 500)),
      "scada/a.csv": renderRows(rows.slice(500).reverse()),
    });
    const { turbines, losses } = await readScadaTables(folder, describeFarm(), "all");
    expect(turbines.map(({ turbine, rows: count }) => [turbine, count])).toEqual([
      ["WEA 1", 400],
      ["WEA 2", 400],
    ]);
    expect(losses).toEqual([]);
    const [power, wind, oil] = turbines[0]!.columns;
    const first = rows[0]!.values as number[];
    expect(power![0]).toBeCloseTo(1000 * first[0]!, 9);
    expect(wind![0]).toBe(first[1]);
    expect(oil![0]).toBeCloseTo(((first[2]! - 32) * 5) / 9, 9);
    expect(turbines[1]!.timestampMs[0]).toBe(fromMs);
  });

  it("of the train period hold nothing of the test, and open no file of it", async () => {
    const folder = writeFarm({ "scada/a.csv": renderRows(farm()) });
    const tables = [{ files: "scada/a.csv" }, { files: "scada/not-there.csv", from: "2025-03-01" }];
    const { turbines } = await readScadaTables(folder, describeFarm({ tables }), "train");
    expect(turbines[0]!.timestampMs.at(-1)).toBe(Date.UTC(2025, 1, 28, 23, 50));
    await expect(readScadaTables(folder, describeFarm({ tables }), "all")).rejects.toMatchObject({
      code: "DATA_MISSING",
    });
  });

  it("leave out what a gateway would not judge, counted, with the first place", async () => {
    const rows = farm();
    const bad = [
      { ...rows[3]!, values: [1, "-", 100] },
      { ...rows[4]!, values: [1, 9, 400] },
      { ...rows[5]!, time: "yesterday" },
      { ...rows[6]!, turbine: "WEA 9" },
      { ...rows[7]!, turbine: "" },
    ];
    const text = renderRows([...rows.slice(0, 3), ...bad, ...rows.slice(8), rows[20]!]);
    const { turbines, losses } = await readScadaTables(
      writeFarm({ "scada/a.csv": text }),
      describeFarm(),
      "all",
    );
    expect(turbines[0]!.rows).toBe(395);
    expect(losses.map(({ reason, rows: count, first }) => [reason, count, first.place])).toEqual([
      ["missing-reading", 1, "line 5"],
      ["out-of-range", 1, "line 6"],
      ["no-time", 1, "line 7"],
      ["other-turbine", 1, "line 8"],
      ["no-turbine", 1, "line 9"],
      ["repeated", 1, "2025-02-27T03:20:00.000Z"],
    ]);
    expect(losses[1]!.first.value).toMatch(/gear-oil-temperature is 204\.4\d* degC, expected -40 to 150/);
  });

  it("in local time keep both hours of autumn, and refuse a clock that shows the missing one of spring", async () => {
    const autumn = Date.UTC(2025, 9, 25, 12);
    const local = inventRows("WEA 1", autumn, 144).map((row, index) => {
      const timeMs = autumn + index * 600_000;
      return { ...row, time: renderTime(timeMs + (timeMs < Date.UTC(2025, 9, 26, 1) ? 2 : 1) * 3_600_000) };
    });
    const source = describeFarm({
      turbines: ["WEA 1"],
      time: { column: "Zeit", form: "dd.MM.yyyy HH:mm", zone: "Europe/Berlin" },
      period: { test: "2025-10-26", end: "2025-10-27" },
    });
    const { turbines, losses } = await readScadaTables(
      writeFarm({ "scada/a.csv": renderRows(local) }),
      source,
      "all",
    );
    expect(losses).toEqual([]);
    expect([...turbines[0]!.timestampMs]).toEqual(local.map((_, row) => autumn + row * 600_000));
    const winter = renderRows(inventRows("WEA 1", Date.UTC(2025, 2, 30), 40));
    await expect(readScadaTables(writeFarm({ "scada/a.csv": winter }), source, "all")).rejects.toMatchObject({
      message: expect.stringMatching(/a\.csv, line 14: 30\.03\.2025 02:00 never was in Europe\/Berlin/),
      hint: expect.stringMatching(/UTC/),
    });
  });

  it.each([
    [
      "a column that is not there",
      { turbineColumn: "Anlgae" },
      /no column "Anlgae" for the turbine; did you mean "Anlage"/,
    ],
    [
      "a turbine without rows",
      { turbines: ["WEA 1", "WEA 3"] },
      /no row of the turbine WEA 3 .*400 rows are of turbines/,
    ],
    [
      "another form of times",
      { time: { column: "Zeit", zone: "UTC" } },
      /no row of the turbine WEA 1 .*have no time/,
    ],
    [
      "a file that is not there",
      { tables: [{ files: "scada/*.parquet" }] },
      /no file below .* is called scada\/\*\.parquet/,
    ],
    [
      "a unit that cannot be",
      {
        columns: {
          power: { column: "Leistung [MW]", unit: "MW" },
          "wind-speed": "Wind",
          "gear-oil-temperature": { column: "Wind", unit: "K" },
        },
      },
      /no row .*gear-oil-temperature is -26/,
    ],
    [
      "another unit in a column's name than is said",
      { columns: { power: "Leistung [MW]", "wind-speed": "Wind", "gear-oil-temperature": "Öl" } },
      /a\.csv: the column's name "Leistung \[MW\]" says MW, and the configuration takes it for kW/,
    ],
  ])("with %s are refused", async (_what, changes, message) => {
    const folder = writeFarm({ "scada/a.csv": renderRows(farm()) });
    await expect(readScadaTables(folder, describeFarm(changes), "all")).rejects.toThrow(message);
  });

  it("of another interval than the window are refused", async () => {
    const folder = writeFarm({ "scada/a.csv": renderRows(farm()) });
    await expect(readScadaTables(folder, { ...describeFarm(), intervalMs: 60_000 }, "all")).rejects.toThrow(
      /lie 600 s apart, and window.length says 60/,
    );
  });
});
