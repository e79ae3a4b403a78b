import { expect, it } from "vitest";
import { checkDatasetChannels } from "../../../../src/training/dataset/scada/check-dataset-channels.ts";
import { readHeaderUnit } from "../../../../src/training/dataset/scada/units.ts";
import { channels, describeFarm } from "./invented-table.ts";

it.each([
  ["Wind [km/h]", "km/h"],
  ["Ambient temp. (°F)", "°F"],
  ["oil {C}", "C"],
  ["oil_temp_degF", "degF"],
  ["Wind speed, m/s", "m/s"],
  ["Amb_Temp_Avg", null],
  ["Phase C", null],
  ["Bearing K", null],
  ["Status (1 = on)", null],
  ["[kW]", "kW"],
  ["", null],
])("the unit in the name %j is %j", (name, unit) => {
  expect(readHeaderUnit(name)).toBe(unit);
});

it("a column is of one channel, and neither the time's nor the turbine's", () => {
  const { columns } = describeFarm().dataset;
  const find = (changes: Readonly<Record<string, string>>): readonly string[] =>
    checkDatasetChannels(describeFarm({ columns: { ...columns, ...changes } }).dataset, channels, []).map(
      ({ path, problem }) => `${path.join(".")} ${problem}`,
    );
  expect(find({})).toEqual([]);
  expect(find({ "gear-oil-temperature": "Wind " })).toEqual([
    'columns.gear-oil-temperature is the column "Wind", which is that of wind-speed already',
  ]);
  expect(find({ power: "Zeit" })).toEqual([
    'columns.power is the column "Zeit", which is that of the time already',
  ]);
});
