import { expect, test } from "vitest";
import { indexPoints } from "../../../../src/core/contract/config/index-points.ts";

const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
const pointOf = (component: string, device: string) => {
  return { component, device, channel: "de", bundle: "b", bearing, shaftRpm: null, baselineEpoch: 0 };
};

test("points are found by turbine, component and device, in the order of the configuration", () => {
  const points = indexPoints([
    { id: "WT01", points: [pointOf("gearbox", "shared"), pointOf("generator", "own")] },
    { id: "WT02", points: [pointOf("gearbox", "shared")] },
    { id: "WT03", points: [] },
  ]);
  const names = (found: typeof points.all) =>
    found.map(({ turbine, component }) => `${turbine} ${component}`);
  expect(names(points.all)).toEqual(["WT01 gearbox", "WT01 generator", "WT02 gearbox"]);
  expect(names(points.ofDevice("shared"))).toEqual(["WT01 gearbox", "WT02 gearbox"]);
  expect(names(points.ofTurbine("WT01"))).toEqual(["WT01 gearbox", "WT01 generator"]);
  expect(points.find("WT02", "gearbox")).toEqual({ turbine: "WT02", ...pointOf("gearbox", "shared") });
  expect([points.ofDevice("none"), points.ofTurbine("none"), points.ofTurbine("WT03")]).toEqual([[], [], []]);
  expect([points.find("WT02", "generator"), points.find("none", "gearbox")]).toEqual([undefined, undefined]);
});

test("who asks again for the same turbines is given the same index", () => {
  const turbines = [{ id: "WT01", points: [pointOf("gearbox", "own")] }];
  expect(indexPoints(turbines)).toBe(indexPoints(turbines));
  expect(indexPoints([...turbines])).not.toBe(indexPoints(turbines));
});
