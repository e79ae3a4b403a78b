import { describe, expect, it } from "vitest";
import { checkScadaTable } from "../../../../src/training/dataset/scada/check/check-scada-table.ts";
import type { DataFinding } from "../../../../src/training/dataset/scada/check/data-finding.ts";
import { refuseEmptyPeriods } from "../../../../src/training/dataset/scada/period-rows.ts";
import { readScadaLog } from "../../../../src/training/dataset/scada/read-log.ts";
import { readScadaTables } from "../../../../src/training/dataset/scada/read-series.ts";
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
  rows: readonly InventedRow[] | string,
  changes: Partial<ScadaTableDataset> = {},
  logLines: string | null = null,
): Promise<readonly DataFinding[]> {
  const folder = writeFarm({
    "scada/a.csv": typeof rows === "string" ? rows : renderRows(rows),
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
    const table = renderRows(farm()).replace("Leistung [MW]", "Leistung");
    const [finding, ...more] = await check(table, { columns: { ...columns, power: "Leistung" } });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ check: "unit", severity: "error" });
    expect(finding!.problem).toMatch(/"Leistung" seems to be in MW/);
  });

  it.each([
    ["Wind (km/h)", "km/h", "m/s"],
    ["Wind_mph", "mph", "m/s"],
    ["Wind [kW]", "kW", "m/s"],
  ])(
    "holds the unit in the name %j of a column of every turbine against the one that is said",
    async (column, stated, declared) => {
      const { columns } = describeFarm().dataset;
      const table = renderRows(farm()).replace("Wind", column);
      const [finding, ...more] = await check(table, { columns: { ...columns, "wind-speed": column } });
      expect(more).toEqual([]);
      expect(finding).toMatchObject({ check: "unit", severity: "error" });
      expect(finding!.problem).toContain(`says ${stated}, and the configuration takes it for ${declared}`);
      const mapped = { ...columns, "wind-speed": { column, unit: stated } };
      if (stated === "mph") expect(await check(table, { columns: mapped })).toEqual([]);
    },
  );

  it("tells of wind and temperatures that no site has, though every turbine has them alike", async () => {
    const scaled = (column: number, factor: number, offset: number): InventedRow[] =>
      farm().map((row) => ({
        ...row,
        values: row.values.with(column, factor * (row.values[column] as number) + offset),
      }));
    const [wind, ...more] = await check(scaled(1, 3.6, 0));
    expect(more).toEqual([]);
    expect(wind).toMatchObject({ check: "unit", severity: "warning" });
    expect(wind!.problem).toBe("wind-speed blows harder than at any site");
    const oil = (await check(scaled(2, 1.8, 32))).find((each) => each.check === "unit");
    expect(oil!.problem).toBe("gear-oil-temperature is hotter than a turbine runs for long");
  });

  it("tells of services that the log calls otherwise, and of a period without rows", async () => {
    const kinds = { ...log, columns: { ...log.columns, kind: "Art" }, services: ["Service", "Wartung"] };
    const folder = writeFarm({
      "scada/a.csv": renderRows(farm()),
      "log.csv": "WTG;Part;Time;Art\nWEA 1;gearbox;27.02.2025 10:00;wartung\n",
    });
    const source = describeFarm({ log: kinds });
    const { findings } = await checkScadaTable(folder, source, behaviour);
    expect(findings.map(({ check: kind, problem }) => [kind, problem])).toEqual([
      ["log-services", 'no line of the log is of the kind "Service" of dataset.log.services'],
      [
        "log-services",
        'no line of the log is of the kind "Wartung" of dataset.log.services; did you mean "wartung"?',
      ],
    ]);
    await expect(readScadaLog(folder, source.dataset, ["gearbox"])).rejects.toThrow(
      'no line of the log is of the kind "Service"',
    );
    const period = { test: "2025-06-01", end: "2025-06-30" };
    const [empty] = await check(farm(), { period });
    expect(empty).toMatchObject({ check: "period", severity: "error" });
    expect(empty!.problem).toContain(
      "no row of any turbine from 2025-06-01 to 2025-06-30, which are judged on",
    );
    const { turbines } = await readScadaTables(folder, describeFarm({ period }), "all");
    expect(() => refuseEmptyPeriods(turbines, { period })).toThrow("which are judged on");
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

describe("air in winter", () => {
  const minutesOfDay = 144;
  /** Half a month in January: -2 to 6 degrees; every third day the turbine stands, and its oil cools to some kelvin above the air. */
  const winter = (read: (celsius: number) => number, stands = true): InventedRow[] =>
    ["WEA 1", "WEA 2"].flatMap((turbine) => {
      let oil = 45;
      return inventRows(turbine, Date.UTC(2025, 1, 15), 15 * minutesOfDay).map((row, index) => {
        const air = 2 + 4 * Math.sin((2 * Math.PI * index) / minutesOfDay) + 0.3 * Math.sin(index * 1.3);
        const isStanding = stands && Math.floor(index / minutesOfDay) % 3 === 2;
        oil += 0.06 * ((isStanding ? air + 5 : 50) - oil);
        const [power, wind] = row.values as readonly number[];
        return {
          ...row,
          values: [isStanding ? -0.01 : power!, wind!, 1.8 * oil + 32, read(air)].map(
            (value) => Math.round(1000 * value) / 1000,
          ),
        };
      });
    });
  const head = "Anlage;Zeit;Leistung [MW];Wind;Öl";
  const checkWinter = async (
    rows: readonly InventedRow[],
    column: string,
    unit = "degC",
  ): Promise<readonly DataFinding[]> => {
    const folder = writeFarm({ "scada/a.csv": renderRows(rows).replace(head, `${head};${column}`) });
    const source = describeFarm();
    const { dataset } = source;
    const oil = source.channels.find(({ name }) => name === "gear-oil-temperature")!;
    const own = {
      ...source,
      channels: [...source.channels, { ...oil, name: "ambient-temperature" }],
      dataset: { ...dataset, columns: { ...dataset.columns, "ambient-temperature": { column, unit } } },
    };
    return (await checkScadaTable(folder, own, behaviour)).findings;
  };
  const fahrenheit = (celsius: number): number => 1.8 * celsius + 32;

  it("that is as it is said to be, gives no word", async () => {
    expect(
      await checkWinter(
        winter((celsius) => celsius),
        "Luft",
      ),
    ).toEqual([]);
    expect(await checkWinter(winter(fahrenheit), "Luft", "degF")).toEqual([]);
    // The column's own name says it.
    expect(
      await checkWinter(
        winter((celsius) => celsius, false),
        "Luft [°C]",
      ),
    ).toEqual([]);
  });

  it("in Fahrenheit under a name without a unit is found by the parts that have cooled", async () => {
    const [finding, ...more] = await checkWinter(winter(fahrenheit), "Luft");
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      check: "unit",
      severity: "error",
      problem: expect.stringMatching(/^ambient-temperature of WEA 1 and 1 more turbines seems to be in degF/),
      cure: expect.stringContaining('write {column: "Luft", unit: degF}'),
    });
  });

  it("beside parts that never cool is said to be what nobody can tell", async () => {
    for (const read of [(celsius: number) => celsius, (celsius: number) => fahrenheit(celsius - 10)]) {
      const findings = await checkWinter(winter(read, false).slice(minutesOfDay), "Luft");
      expect(findings.filter(({ check }) => check === "unit")).toMatchObject([
        { severity: "note", problem: expect.stringMatching(/^nothing in the tables tells/) },
      ]);
    }
  });
});
