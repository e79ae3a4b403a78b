import { describe, expect, it } from "vitest";
import { listNotes, renderTables } from "../../../src/cli/tables/render-tables.ts";
import { createScadaBundle, dayMs, hourMs, spec, startMs } from "../../gateway/scada/scada-site.ts";
import { inventRows, renderCsv, scoreFolder, watchRows } from "./farm-files.ts";

const days = (count: number): number => count * 24;
/** The gear bearing of T1 warms by a quarter of a degree a day from day 50 on. */
const warming = (hour: number, channel: string): number =>
  channel === "gear-bearing" && hour > days(50) ? 0.25 * (hour / 24 - 50) : 0;
const warmT1 = inventRows("T1", 0, days(75), warming);
const calmT2 = inventRows("T2", 0, days(75));

describe("scoring tables", () => {
  it("makes of rows what a gateway makes of their readings: integers, states, residuals, decisions, inspections", async () => {
    const bundle = createScadaBundle("1.0.0", { siteCorrection: { ridge: 0.01, minRows: 200 } });
    const frozen = (hour: number): boolean => hour > 700 && hour < 710;
    const rows = [...warmT1, ...calmT2].map((row) => {
      const hour = (row.timeMs - startMs) / hourMs;
      if (row.turbine === "T2" && frozen(hour)) return { ...row, values: calmT2[700]!.values };
      // Stands for a day; and a reading that no sensor gives.
      if (row.turbine === "T2" && hour >= 800 && hour < 824)
        return { ...row, values: row.values.with(0, -5) };
      if (row.turbine === "T1" && hour === 900) return { ...row, values: row.values.with(2, 99_999) };
      return row;
    });
    const scored = await scoreFolder(bundle, {
      "T1.csv": renderCsv(rows.filter(({ turbine }) => turbine === "T1")),
      "T2.csv": renderCsv(rows.filter(({ turbine }) => turbine === "T2")),
    });
    const site = await watchRows(bundle, rows);

    const places = spec.residuals.map(({ channel }) => channel);
    const ours = scored.rows.map((row) => [
      ...[row.turbine, Number(row.from_ms), row.state],
      ...places.map((channel) => Number(row[`quantised_${channel}`])),
      ...places.map((channel) => Number(row[`measured_${channel}`])),
      ...places.map((channel) =>
        row[`residual_${channel}`] === "" ? null : Number(row[`residual_${channel}`]),
      ),
    ]);
    const theirs = site.rows.map(({ turbine, judged: { row, state, output, residuals } }) => [
      ...[turbine, row.fromMs, state, ...output.quantised, ...row.values.slice(2)],
      ...(residuals ?? places.map(() => null)),
    ]);
    expect(ours).toEqual(theirs);
    expect(new Set(theirs.map(([, , state]) => state))).toEqual(
      new Set(["learning", "scored", "not-operating", "frozen"]),
    );

    const decided = scored.rows.flatMap((row) =>
      ["gearbox", "transformer"].map((name) =>
        row[`score_${name}`] === ""
          ? null
          : ["score", "probability", "inspect", "sensor_fault"].map((what) => Number(row[`${what}_${name}`])),
      ),
    );
    expect(decided).toEqual(
      site.decisions.map(({ modes: [ahead, sensor] }) =>
        ahead === undefined
          ? null
          : [ahead.score, ahead.probability, Number(ahead.active), Number(sensor!.active)],
      ),
    );
    expect(decided.some((each) => each?.[2] === 1)).toBe(true);

    expect(scored.inspections.map(({ turbine }) => `${turbine} inspection-asked`)).toEqual(
      site.events.filter((event) => event.includes("asked")),
    );
    const first = scored.inspections[0]!;
    expect(first).toMatchObject({ turbine: "T1", component: "gearbox" });
    const raised = site.alerts[0]!;
    expect(Date.parse(raised.data.since)).toBe(first.atMs);
    expect([raised.data.probability, raised.data.score]).toEqual([first.probability, first.score]);

    const quality = ["T1", "T2"].map((id) => site.quality.ofTurbine(id));
    expect(scored.files.map(({ windows, states }) => windows - states.frozen)).toEqual(
      quality.map(({ windowsProcessed }) => windowsProcessed),
    );
    expect(scored.files[0]!.setAside).toEqual({ windows: 1, samples: { range: 1 } });
    expect(renderTables(scored)).toMatch(
      /T1, T1\.csv: 1799 rows.*\n.*do not count: range 1\n.*gearbox [\d.]+ \(p 0\.\d+\)/,
    );
    expect(renderTables(scored)).toMatch(
      /inspections? would have been asked for:\n {2}20\d\d-\d\d-\d\d {2}T1 {2}gearbox/,
    );
  });

  it("begins anew after a repair as a gateway does", async () => {
    const bundle = createScadaBundle();
    const mended = (hour: number, channel: string): number =>
      hour < days(66) ? warming(hour, channel) : channel === "gear-bearing" ? -6 : 0;
    const rows = [...inventRows("T1", 0, days(90), mended), ...inventRows("T2", 0, days(90))];
    const files = {
      "T1.csv": renderCsv(rows.filter(({ turbine }) => turbine === "T1")),
      "T2.csv": renderCsv(rows.filter(({ turbine }) => turbine === "T2")),
    };
    const date = new Date(startMs + 66 * dayMs).toISOString().slice(0, 10);
    const day = (startMs + 66 * dayMs) / dayMs;
    const scored = await scoreFolder(bundle, files, {
      repairs: [{ turbine: "T1", component: "gearbox", day }],
    });
    const site = await watchRows(bundle, rows, [{ component: "gearbox", date }]);
    const scores = scored.rows.map((row) => row.score_gearbox);
    expect(scores).toEqual(
      site.decisions
        .filter(({ point }) => point.component === "gearbox")
        .map(({ modes: [ahead] }) => (ahead === undefined ? "" : `${ahead.score}`)),
    );
    const unaware = await scoreFolder(bundle, files);
    expect(unaware.rows.map((row) => row.score_gearbox)).not.toEqual(scores);
  });

  it("joins the files of a turbine in order of time, whatever their order, and says what was learnt by the end of each", async () => {
    const bundle = createScadaBundle("1.0.0", { siteCorrection: { ridge: 0.01, minRows: 200 } });
    const months = {
      "b_T1.csv": renderCsv(warmT1.slice(100)),
      "a_T1.csv": renderCsv(warmT1.slice(0, 100).toReversed()),
      "T2.csv": renderCsv(calmT2),
    };
    const joined = await scoreFolder(bundle, months, { turbines: [{ id: "T1", patterns: ["*_T1.csv"] }] });
    const whole = await scoreFolder(bundle, { "T1.csv": renderCsv(warmT1), "T2.csv": renderCsv(calmT2) });
    const strip = ({ file: _, row: __, ...row }: Readonly<Record<string, string>>) => row;
    expect(joined.rows.map(strip)).toEqual(whole.rows.map(strip));
    expect(joined.inspections).toEqual(whole.inspections);
    expect(
      joined.files.map(({ file, turbine, windows, learning }) => [file, turbine, windows, learning]),
    ).toEqual([
      ["b_T1.csv", "T1", 1700, null],
      ["a_T1.csv", "T1", 100, { rows: 100, of: 200 }],
      ["T2.csv", "T2", 1800, null],
    ]);
    expect(joined.files[1]!.components.gearbox).toEqual({ score: null, probability: null });
    expect(joined.files[0]!.components).toEqual(whole.files[0]!.components);
  });

  it("knows turbines by a column, and tables that mean the same in other words", async () => {
    const bundle = createScadaBundle();
    const [one, two] = [inventRows("T1", 0, 200), inventRows("T2", 0, 200)];
    const plain = await scoreFolder(bundle, { "T1.csv": renderCsv(one), "T2.csv": renderCsv(two) });
    const [head = "", ...first] = renderCsv(one).trimEnd().split("\n");
    const [, ...second] = renderCsv(two).trimEnd().split("\n");
    const foreign = [
      `Turbine_ID,${head}`,
      ...first.map((line) => `T1,${line}`),
      ...second.map((line) => `T2,${line}`),
    ]
      .join("\r\n")
      // No zone means UTC; semicolons come with decimal commas.
      .replaceAll(/T(\d\d:\d\d):\d\d\.\d+Z/g, " $1:00")
      .replaceAll(",", ";")
      .replaceAll(".", ",");
    const both = await scoreFolder(bundle, { "farm.csv": foreign });
    const strip = ({ file: _, row: __, ...row }: Readonly<Record<string, string>>) => row;
    expect(both.rows.map(strip)).toEqual(plain.rows.map(strip));
    expect(both.files.map(({ turbine, windows }) => [turbine, windows])).toEqual([
      ["T1", 200],
      ["T2", 200],
    ]);
  });
});

describe("bad tables", () => {
  const rows = inventRows("T1", 0, 60);
  const good = { "T2.csv": renderCsv(inventRows("T2", 0, 60)) };
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

  it("says why nothing is known yet", async () => {
    const ranking = { policy: { ...spec.policy, kind: "ranking" } } as const;
    const bundle = createScadaBundle("1.0.0", { siteCorrection: { ridge: 0.01, minRows: 200 }, ...ranking });
    const notesOf = async (files: Record<string, string>): Promise<string[]> =>
      listNotes((await scoreFolder(bundle, files)).files, bundle.manifest);
    const alone = await notesOf({ "T1.csv": renderCsv(rows) });
    expect(alone[0]).toMatch(/^T1 is still being learnt: 60 of 200 rows/);
    expect(alone[1]).toMatch(/one that stands alone/);
    expect(await notesOf({ "T1.csv": renderCsv(warmT1.slice(0, 300)), ...good })).toEqual([
      expect.stringMatching(/^T1 has no score yet: that takes 20 days with 10 scored rows each, and 7 more/),
      expect.stringMatching(/^T2 is still being learnt/),
    ]);
    // Files in any order, and one that only repeats another.
    const [first, second] = [renderCsv(warmT1.slice(0, 30)), renderCsv(warmT1.slice(30, 60))];
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
