/** What the configuration no longer names ends, once, and nothing else does. */
import { expect, test } from "vitest";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createUnwatchedAlarms } from "../../../src/gateway/points/unwatched-alarms.ts";
import { decisionAt } from "../../core/decision/alarms/decisions.ts";
import { feed } from "../../core/decision/alarms/feed-register.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createScadaBundle } from "./scada/scada-site.ts";

test("alarms of components and turbines that are gone are cleared", () => {
  const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.4 };
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north" },
    devices: [{ id: "mcu", connect: "mqtt" }],
    turbines: [
      {
        id: "t1",
        scadaBundle: "scada-test",
        points: [{ component: "main-bearing", bundle: "b", device: "mcu", channel: "de", bearing }],
      },
    ],
  });
  const register = createAlarmRegister();
  const points = [
    ["north", "t1", "main-bearing"],
    ["north", "t1", "gearbox"],
    ["north", "t1", "mian-bearing"],
    ["north", "t9", "main-bearing"],
    ["south", "t1", "main-bearing"],
  ].map(([site, turbine, component]) => ({ site: site!, turbine: turbine!, component: component! }));
  for (const point of points) feed(register, decisionAt(0, [["inner", 0.9, 0]], { point }));
  // The gearbox is watched by its SCADA values, and the main bearing by its vibration alone.
  for (const point of points.slice(0, 2))
    feed(register, decisionAt(0, [["failure-ahead", 0.9, 0]], { point }));
  const told: (readonly AlertEvent[])[] = [];
  const end = createUnwatchedAlarms({
    config,
    manifestOf: () => createScadaBundle().manifest,
    register,
    clock: createManualClock(),
    logger: silentLogger,
    onAlerts: (events) => void told.push(events),
  });
  end();
  end();
  expect(told).toHaveLength(1);
  expect(
    told[0]!.map(
      ({ data: { site, turbine, component, failureMode }, type }) =>
        `${type.split(".")[3]} ${site} ${turbine} ${component} ${failureMode}`,
    ),
  ).toEqual([
    "cleared north t1 gearbox inner",
    "cleared north t1 mian-bearing inner",
    "cleared north t9 main-bearing inner",
    "cleared south t1 main-bearing inner",
    "cleared north t1 main-bearing failure-ahead",
  ]);
});
