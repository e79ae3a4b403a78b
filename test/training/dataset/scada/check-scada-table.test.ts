import { describe, expect, it } from "vitest";
import { checkScadaTable } from "../../../../src/training/dataset/scada/check/check-scada-table.ts";
import type { DataFinding } from "../../../../src/training/dataset/scada/check/data-finding.ts";
import type { ScadaTableDataset } from "../../../../src/training/dataset/scada/table-config.ts";
import {
  describeFarm,
  type InventedRow,
  inventRows,
  renderRows,
  renderTime,
  writeFarm,
} from "./invented-table.ts";

const hourMs = 3_600_000;
const behaviour = {
  residuals: [{ channel: "gear-oil-temperature", component: "gearbox" }],
  powerChannel: "power",
};
const log = {
  files: ["log.csv"],
  columns: { turbine: "WTG", component: "Part", time: "Time" },
  form: "dd.MM.yyyy HH:mm",
  zone: "UTC",
} as const;
const head = "WTG;Part;Time\n";

async function check(
  rows: readonly InventedRow[],
  changes: Partial<ScadaTableDataset> = {},
  logLines: string | null = null,
): Promise<readonly DataFinding[]> {
  const folder = writeFarm({
    "scada/a.csv": renderRows(rows),
    ...(logLines === null ? {} : { "log.csv": head + logLines }),
  });
  const source = describeFarm({ ...(logLines === null ? {} : { log }), ...changes });
  return (await checkScadaTable(folder, source, behaviour)).findings;
}

const fromMs = Date.UTC(2025, 1, 26);
const farm = (): InventedRow[] => [...inventRows("WEA 1", fromMs, 500), ...inventRows("WEA 2", fromMs, 500)];
const told = (findings: readonly DataFinding[]): string[] =>
  findings.map((each) => `${each.severity} ${each.check} ${each.place}`);

/** Rows from `begin` on as a clock of Berlin would stamp them. */
function stampLocal(begin: number, count: number): InventedRow[] {
  return ["WEA 1", "WEA 2"].flatMap((turbine) =>
    inventRows(turbine, begin, count).map((row, index) => {
      const timeMs = begin + index * 600_000;
      const isSummer = timeMs >= Date.UTC(2025, 2, 30, 1) && timeMs < Date.UTC(2025, 9, 26, 1);
      return { ...row, time: renderTime(timeMs + (isSummer ? 2 : 1) * hourMs) };
    }),
  );
}

describe("a check of tables", () => {
  it("finds nothing in what is as it should be", async () => {
    expect(await check(farm())).toEqual([]);
  });

  it("finds a turbine whose temperatures are in another unit than the others'", async () => {
    const rows = farm().map((row) =>
      row.turbine === "WEA 1"
        ? row
        : { ...row, values: row.values.with(2, (((row.values[2] as number) - 32) * 5) / 9) },
    );
    const [finding, ...more] = await check(rows);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      check: "unit",
      severity: "error",
      place: expect.stringMatching(/^line \d+$/),
    });
    expect(finding!.problem).toMatch(/"Öl" of WEA 2 seems to be in degC/);
  });

  it("finds power in another unit than is said, by what it reaches of its channel's range", async () => {
    const { columns } = describeFarm().dataset;
    const [finding, ...more] = await check(farm(), { columns: { ...columns, power: "Leistung [MW]" } });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ check: "unit", severity: "error" });
    expect(finding!.problem).toMatch(/"Leistung \[MW\]" seems to be in MW/);
  });

  it("finds repeated, frozen, missing and copied rows, and another interval", async () => {
    const rows = farm();
    const frozen = rows.map((row, index) =>
      index >= 100 && index < 150 ? { ...row, values: rows[100]!.values } : row,
    );
    expect(told(await check(frozen))).toEqual(["error frozen line 102"]);
    expect(told(await check([...rows.slice(0, 100), ...rows.slice(300)]))).toEqual(["warning gaps line 101"]);
    expect(told(await check([...rows, ...rows.slice(40, 60)]))).toEqual([
      "warning repeated 2025-02-26T06:40:00.000Z",
    ]);
    const copied = [
      ...rows.slice(0, 500),
      ...rows.slice(0, 500).map((row) => ({ ...row, turbine: "WEA 2" })),
    ];
    expect(told(await check(copied))).toEqual(["error copy line 502"]);
    expect(told(await check(rows.filter((_, index) => index % 2 === 0)))).toEqual([
      "error interval line 3",
      "error interval line 253",
    ]);
  });

  it("finds a table in local time that is said to be in UTC, and the reverse, by the hours that clocks change", async () => {
    const begin = Date.UTC(2025, 9, 25, 12);
    const local = stampLocal(begin, 144);
    const days = { period: { test: "2025-10-26", end: "2025-10-27" } };
    const [asUtc] = await check(local, days);
    expect(asUtc).toMatchObject({ check: "clock", severity: "error" });
    expect(asUtc!.value).toMatch(/2025-10-26 02:00 to 03:00 stands twice/);
    const time = { column: "Zeit", form: "dd.MM.yyyy HH:mm", zone: "Europe/Berlin" };
    expect(await check(local, { ...days, time })).toEqual([]);
    const utc = ["WEA 1", "WEA 2"].flatMap((turbine) => inventRows(turbine, begin, 144));
    expect(told(await check(utc, { ...days, time }))).toEqual(["warning clock line 91"]);
    const spring = ["WEA 1", "WEA 2"].flatMap((turbine) =>
      inventRows(turbine, Date.UTC(2025, 2, 29, 12), 144),
    );
    const period = { test: "2025-03-30", end: "2025-03-31" };
    expect(told(await check(spring, { period, time }))).toEqual(["error clock line 86"]);
  });
});

describe("a check of the log", () => {
  /** The turbine stands for a day from each of these rows on. */
  const stops = [
    [80, 0],
    [260, 0],
    [400, 1],
  ] as const;
  const stopped = farm().map((row, index) => {
    const isStopped = stops.some(
      ([from, turbine]) => index - 500 * turbine >= from && index - 500 * turbine < from + 60,
    );
    return isStopped ? { ...row, values: [-0.01, row.values[1]!, row.values[2]!] } : row;
  });
  const entries = (shiftHours: number): string =>
    stops
      .map(
        ([from, turbine]) =>
          `WEA ${turbine + 1};gearbox;${renderTime(fromMs + from * 600_000 + shiftHours * hourMs)}\n`,
      )
      .join("");

  it("finds a log of another clock than is said by the stops that it tells of", async () => {
    expect(await check(stopped, {}, entries(0))).toEqual([]);
    const [finding, ...more] = await check(stopped, {}, entries(1));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ check: "log-clock", severity: "error", place: "line 2" });
    expect(finding!.cure).toMatch(/Europe\/Berlin/);
    const zoned = { ...log, zone: "Europe/Berlin" };
    const [other] = await check(stopped, { log: zoned }, entries(0));
    expect(other!.cure).toBe("write dataset.log.zone: UTC");
  });

  it("finds components that nobody knows, turbines without tables, times that are none or outside", async () => {
    const lines =
      "WEA 1;gearbx;27.02.2025 10:00\nWEA 7;gearbox;27.02.2025 10:00\nWEA 1;gearbox;soon\nWEA 2;gearbox;27.02.2021 10:00\n";
    const findings = await check(farm(), {}, lines);
    expect(told(findings)).toEqual([
      "error log-component line 2",
      "error log-time line 4",
      "warning log-outside line 5",
      "warning log-turbine line 3",
    ]);
    expect(findings[0]!.problem).toMatch(/did you mean "gearbox"/);
  });
});
