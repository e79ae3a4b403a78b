import { expect, test } from "vitest";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { listConfiguredPoints } from "../../../src/gateway/points/configured-points.ts";

test("a point is like those of its own turbine alone whose bearings are like its own", () => {
  const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.4 };
  const pointOf = (component: string, bpfo: number, speedRatio?: number) => ({
    component,
    bundle: "b",
    device: "d",
    channel: component,
    bearing: { ...bearing, bpfo },
    speedRatio,
  });
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north" },
    devices: [{ id: "d", connect: "mqtt" }],
    turbines: [
      {
        id: "T1",
        points: [
          pointOf("main", 3.58),
          pointOf("rear", 3.6),
          pointOf("pump", 4.2),
          pointOf("geared", 3.58, 0.2),
        ],
      },
      { id: "T2", points: [pointOf("shaft", 3.58)] },
    ],
  });
  const others = ["main", "rear", "pump", "geared", "shaft"];
  const like = listConfiguredPoints(config).map(({ id, isLike }) => [
    `${id.turbine}/${id.component}`,
    others.filter((each) => each !== id.component && isLike(each)),
  ]);
  expect(Object.fromEntries(like)).toEqual({
    "T1/main": ["rear"],
    "T1/rear": ["main"],
    "T1/pump": [],
    "T1/geared": [],
    "T2/shaft": [],
  });
});
