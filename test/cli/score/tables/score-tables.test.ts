import { describe, expect, it } from "vitest";
import { renderTables } from "../../../../src/cli/score/tables/run-tables.ts";
import { hourMs } from "../../../../src/core/maths/durations.ts";
import {
  channels,
  createScadaBundle,
  dayMs,
  spec,
  startMs,
} from "../../../gateway/points/scada/scada-site.ts";
import { encodeParquet } from "../../../support/parquet-file.ts";
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
      row.turbine,
      Number(row.from_ms),
      row.state,
      ...places.map((channel) => Number(row[`quantised_${channel}`])),
      ...places.map((channel) => Number(row[`measured_${channel}`])),
      ...places.map((channel) =>
        row[`residual_${channel}`] === "" ? null : Number(row[`residual_${channel}`]),
      ),
    ]);
    const theirs = site.rows.map(({ turbine, judged: { row, state, output, residuals } }) => [
      turbine,
      row.fromMs,
      state,
      ...output.quantised,
      ...row.values.slice(2),
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

  it("closes the days of a turbine that falls silent as a gateway does, and averages what comes more often", async () => {
    const bundle = createScadaBundle();
    // Twice an hour, as a faster logger would write; T2 is silent from day 40 to 60, and T1 ends before it.
    const often = warmT1
      .slice(0, days(70))
      .flatMap((row) => [
        row,
        { ...row, timeMs: row.timeMs + hourMs / 2, values: row.values.map((value) => value + 0.5) },
      ]);
    const silent = calmT2.filter(
      ({ timeMs }) => timeMs < startMs + 40 * dayMs || timeMs >= startMs + 60 * dayMs,
    );
    const scored = await scoreFolder(bundle, { "T1.csv": renderCsv(often), "T2.csv": renderCsv(silent) });
    const site = await watchRows(bundle, [...often, ...silent]);
    const scores = (turbine: string): (string | undefined)[] =>
      scored.rows.filter((row) => row.turbine === turbine).map((row) => row.score_gearbox);
    for (const turbine of ["T1", "T2"]) {
      const decided = site.decisions.filter(
        ({ point }) => point.turbine === turbine && point.component === "gearbox",
      );
      expect(scores(turbine)).toEqual(
        decided.map(({ modes: [ahead] }) => (ahead === undefined ? "" : `${ahead.score}`)),
      );
    }
    expect(scored.inspections.map(({ turbine }) => `${turbine} inspection-asked`)).toEqual(
      site.events.filter((event) => event.includes("asked")),
    );
    expect(scored.inspections.length).toBeGreaterThan(0);
    expect(scored.files[0]).toMatchObject({ windows: days(70) });
    expect(scored.rows[4]).toMatchObject({ turbine: "T1", row: "5", from_ms: `${startMs + 2 * hourMs}` });
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
    const numbered = encodeParquet(
      {
        turbine: Int32Array.from([...one, ...two], ({ turbine }) => Number(turbine.slice(1))),
        Timestamp: Float64Array.from([...one, ...two], ({ timeMs }) => timeMs),
        ...Object.fromEntries(
          channels.map((name, at) => [
            name,
            Float64Array.from([...one, ...two], ({ values }) => values[at]!),
          ]),
        ),
      },
      150,
    );
    const packed = await scoreFolder(bundle, { "farm.parquet": numbered });
    expect(packed.rows.map((row) => strip({ ...row, turbine: `T${row.turbine}` }))).toEqual(
      plain.rows.map(strip),
    );
    expect(both.files.map(({ turbine, windows }) => [turbine, windows])).toEqual([
      ["T1", 200],
      ["T2", 200],
    ]);
  });
});
