import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nameColumns } from "../../../../src/cli/score/tables/column-names.ts";
import { readReadings } from "../../../../src/cli/score/tables/read-readings.ts";
import { readRepairs } from "../../../../src/cli/score/tables/read-repairs.ts";
import { nameTurbines, parseTurbine } from "../../../../src/cli/score/tables/table-options.ts";
import { parseTime } from "../../../../src/training/dataset/parse-time.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

function write(name: string, text: string): string {
  const path = join(createTemporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

describe("naming turbines", () => {
  const files = ["/data/T01_2016.csv", "/data/T01_2017.csv", "/data/T06.parquet"];

  it("goes by patterns, and else by the file's name", () => {
    const named = parseTurbine("north=T01_2016.csv,/data/T01_2017*", parseTurbine("T6=*06*"));
    expect(nameTurbines(files, named).map(({ id }) => id)).toEqual(["north", "north", "T6"]);
    expect(nameTurbines(files, []).map(({ id, isGiven }) => [id, isGiven])).toEqual([
      ["T01_2016", false],
      ["T01_2017", false],
      ["T06", false],
    ]);
  });

  it("refuses what fits nothing, what fits twice and what is no pair", () => {
    expect(() => nameTurbines(files, parseTurbine("T07=T07*"))).toThrow(/T07=T07\* fits none of the files/);
    expect(() => nameTurbines(files, parseTurbine("a=T01*", parseTurbine("b=*2016*")))).toThrow(
      /T01_2016\.csv would be of the turbines b and a/,
    );
    for (const text of ["T01", "=x.csv", "T01=", "T01=,"])
      expect(() => parseTurbine(text)).toThrow(/ID=FILE/);
  });
});

describe("naming columns", () => {
  const channels = [
    { name: "power", unit: "kW" },
    { name: "wind", unit: "m/s" },
  ];

  it("looks for the given name first, then the channel's, then that of the bundle's own data", async () => {
    const path = write("columns.yaml", 'time: Date\nturbine: WTG\npower: "Active power (kW)"\n');
    const known = { power: "P_avg", wind: "V_avg" };
    const columns = await nameColumns(["power", "wind"], { known, channels }, path);
    const namesOf = (channel: string) => columns.channels.get(channel)!.map(({ name }) => name);
    expect(namesOf("power")).toEqual(["Active power (kW)", "power", "P_avg"]);
    expect(namesOf("wind")).toEqual(["wind", "V_avg"]);
    expect([columns.time[0], columns.turbine[0]]).toEqual(["Date", "WTG"]);
  });

  it("turns a column's unit into its channel's, and refuses one that its name denies", async () => {
    const read = async (head: string, names: string | undefined, known = {}) => {
      const given = names === undefined ? undefined : write("columns.yaml", names);
      const table = write("t.csv", `time,${head}\n2020-01-01T00:00:00Z,36,1\n`);
      return (await readReadings(table, await nameColumns(["wind", "power"], { known, channels }, given)))
        .readings;
    };
    const given = "wind: {column: v, unit: km/h}\npower: {column: P, unit: MW}\n";
    const readings = await read("v,P", given);
    expect([readings.get("wind")![0], readings.get("power")![0]]).toEqual([expect.closeTo(10, 9), 1000]);
    // The data of the bundle may call a column as the channel, in another unit.
    const known = { wind: { column: "wind", unit: "km/h" }, power: "P" };
    expect((await read("wind,P", undefined, known)).get("wind")![0]).toBeCloseTo(10, 9);
    await expect(read("v [km/h],power", 'wind: "v [km/h]"\n')).rejects.toThrow(
      /calls a column "v \[km\/h\]", which is taken for m\/s/,
    );
    await expect(read("v,power", "wind: {column: v, unit: degF}\n")).rejects.toThrow(
      /the column "v": the unit degF is one of temperature/,
    );
  });

  it.each([
    ["of another channel", "speed: S\n", /speaks of speed/],
    ["of a number", "power: 5\n", /does not name a column/],
    ["that is a list", "- power\n", /does not name a column/],
    ["that is no YAML", "power: [", /neither YAML nor JSON/],
  ])("refuses a file %s", async (_what, text, message) => {
    await expect(
      nameColumns(["power"], { known: {}, channels }, write("columns.yaml", text)),
    ).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(message),
    });
  });
});

describe("reading repairs", () => {
  const components = ["gearbox", "generator-bearing"];
  const day = Date.parse("2017-08-20") / 86_400_000;

  it("takes a logbook, the turbines of a gateway's configuration, or both", async () => {
    const logbook = write(
      "log.csv",
      "\ufeffTurbine_ID;Component;Timestamp;Remarks\nT07;GENERATOR_BEARING;2017-08-20T23:08:00+00:00;damaged\n",
    );
    const config = write(
      "gateway.yaml",
      "gateway: {id: gw}\nturbines:\n  - {id: T1}\n  - id: T2\n    repairs: [{component: gearbox, date: 2017-08-20}]\n",
    );
    expect(await readRepairs([logbook, config], components)).toEqual([
      { turbine: "T07", component: "generator-bearing", day },
      { turbine: "T2", component: "gearbox", day },
    ]);
  });

  it.each([
    [
      "an unknown component",
      "a.csv",
      "turbine,component,date\nT1,rotor,2017-08-20\n",
      /row 1: the bundle knows no component "rotor"/,
    ],
    [
      "a date of another country",
      "a.csv",
      "turbine,component,date\nT1,gearbox,20/08/2017\n",
      /row 1: "20\/08\/2017" is no date/,
    ],
    ["a year alone", "a.csv", "turbine,component,date\nT1,gearbox,2017\n", /"2017" is no date/],
    ["no turbine", "a.csv", "turbine,component,date\n,gearbox,2017-08-20\n", /row 1: it names no turbine/],
    ["no such column", "a.csv", "wtg,component,date\n", /has no column turbine/],
    ["no repairs", "a.yaml", "turbine: T1\n", /says no repairs: turbines/],
    ["no YAML", "a.yaml", "a: [", /neither CSV nor YAML/],
  ])("refuses %s", async (_what, name, text, message) => {
    await expect(readRepairs([write(name, text)], components)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(message),
    });
  });
});

it("reads times as tables write them, and guesses none", () => {
  const expected = Date.UTC(2017, 5, 1, 12, 30);
  for (const text of [
    "2017-06-01 12:30",
    "2017-06-01T12:30:00",
    "2017-06-01T12:30:00.000000Z",
    "2017-06-01 12:30:00+00:00",
    "2017-06-01T14:30+02:00",
    "2017-06-01 14:30:00+02",
    "2017-06-01 11:30-0100",
    "2017-06-01 12:30 UTC",
    `${expected}`,
    ` ${expected} `,
  ]) {
    expect([text, parseTime(text)]).toEqual([text, expected]);
  }
  expect(parseTime(new Date(expected))).toBe(expected);
  expect(parseTime(BigInt(expected))).toBe(expected);
  expect(parseTime("2017-06-01")).toBe(Date.UTC(2017, 5, 1));
  for (const text of [
    "01/06/2017 12:30",
    "2017-13-01",
    "2017-06-01 25:00",
    "noon",
    "",
    null,
    undefined,
    {},
  ]) {
    expect([text, parseTime(text)]).toEqual([text, Number.NaN]);
  }
});
