import { expect, it } from "vitest";
import { placePoints, settleTurbines } from "../../../../src/cli/score/replay/replayed-turbines.ts";
import type { GatewayConfig } from "../../../../src/core/contract/config/gateway-config.ts";

const configure = (turbines: Readonly<Record<string, readonly string[]>>): GatewayConfig["turbines"] =>
  Object.entries(turbines).map(([id, components]) => ({
    id,
    points: components.map((component) => ({ component })),
  })) as unknown as GatewayConfig["turbines"];

it("gives each turbine that is stated a budget of its own, and one to all points of none", () => {
  const turbines = new Map([
    ["WT01/main", "WT01"],
    ["WT01/hss", "WT01"],
    ["WT02/main", "WT02"],
  ]);
  const points = ["WT01/main", "b1", "WT01/hss", "WT02/main", "b2", "b3"];
  const placed = placePoints({ points, turbines }, []);
  expect(placed.turbines).toEqual([
    { turbine: "WT01", points: 2 },
    { turbine: null, points: 3 },
    { turbine: "WT02", points: 1 },
  ]);
  expect(placed.find("b2")).toEqual({ turbine: null, points: 3 });
});

it("takes a point to be of the configured turbine that has it, and counts all points of that one", () => {
  const configured = configure({ WT01: ["main", "hss", "lss"], WT02: ["main", "generator"] });
  const points = ["generator", "fleet/WT01/main", "main", "WT09/generator", "b7"];
  const { find } = placePoints({ points, turbines: new Map([["b7", "WT01"]]) }, configured);
  expect(points.map((point) => [point, find(point).turbine, find(point).points])).toEqual([
    ["generator", "WT02", 2],
    ["fleet/WT01/main", "WT01", 3],
    // Of two turbines either may be meant.
    ["main", null, 2],
    ["WT09/generator", null, 2],
    ["b7", "WT01", 3],
  ]);
});

it("takes a turbine that some recordings of a point state for that of all, unless others state another", () => {
  const recorded = (point: string, turbine: string | null) => ({ point, turbine });
  const one = settleTurbines([recorded("de", null), recorded("de", "WT01"), recorded("nde", null)]);
  expect(one.recordings).toEqual([
    recorded("WT01/de", "WT01"),
    recorded("WT01/de", "WT01"),
    recorded("nde", null),
  ]);
  expect([...one.turbines]).toEqual([["WT01/de", "WT01"]]);
  const two = settleTurbines([recorded("de", "WT01"), recorded("de", "WT02"), recorded("de", null)]);
  expect(two.recordings.map(({ point }) => point)).toEqual(["WT01/de", "WT02/de", "de"]);
});
