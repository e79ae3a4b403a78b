import { expect, test } from "vitest";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import type { Quarantine } from "../../../src/core/contract/stream.ts";
import { createMappedSpeeds } from "../../../src/gateway/devices/mapped-speeds.ts";
import { unknownModel } from "../../../src/gateway/diagnosis/device-facts.ts";
import { adviseSetAside } from "../../../src/gateway/diagnosis/set-aside-advice.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const config = gatewayConfigSchema().parse({
  gateway: { id: "gw", site: "north" },
  turbines: [{ id: "WT01" }, { id: "WT02" }],
  scada: [
    { topic: "a", turbine: "WT01", channels: [{ name: "shaft-speed", path: "n", unit: "rpm" }] },
    { topic: "b", turbine: "WT02", channels: [{ name: "power", path: "p", unit: "kW" }] },
  ],
});

test("where the shaft speed is mapped from SCADA the cure says so, and why its last value was set aside", () => {
  const clock = createManualClock();
  const speeds = createMappedSpeeds(config, clock);
  const cureOf = (turbine: string): string =>
    adviseSetAside(
      { reason: "no-shaft-speed", cause: "unknown-speed" },
      { ...unknownModel, mappedSpeed: speeds.whyMissing(turbine) },
    );
  const setAside = (deviceId: string, channel: string): void => {
    const of: Omit<Quarantine, "deviceId" | "channel"> = {
      reason: "time-jump",
      detail: "stamped 90 s after its arrival",
      timestampMs: clock.nowMs(),
      samples: 1,
    };
    speeds.noteSetAside({ ...of, deviceId, channel });
  };
  expect(cureOf("WT02")).toMatch(/map it from SCADA/);
  expect(cureOf("WT01")).toMatch(/^Its shaft speed is mapped from SCADA, and no value .* lately: look at/);
  setAside("WT01", "power");
  setAside("WT02", "shaft-speed");
  expect(speeds.whyMissing("WT02")).toBeNull();
  expect(speeds.whyMissing("WT01")).toBe("");
  setAside("WT01", "shaft-speed");
  expect(cureOf("WT01")).toMatch(/lately \(.*: stamped 90 s after its arrival\): look at the source/);
  // It is known, and none at which a shaft turns.
  const model = { ...unknownModel, mappedSpeed: speeds.whyMissing("WT01") };
  expect(adviseSetAside({ reason: "no-shaft-speed" }, model)).toMatch(
    /^Hold unit and scale of the shaft speed/,
  );
  clock.advance(3_600_000);
  expect(speeds.whyMissing("WT01")).toBe("");
});

test("what to do about data that are set aside goes by their cause, where the reason alone does not say it", () => {
  expect(adviseSetAside({ reason: "range", cause: "saturated" }, unknownModel)).toMatch(
    /^The signal is clipped/,
  );
  expect(adviseSetAside({ reason: "range" }, unknownModel)).toMatch(/^Hold scale and unit/);
  const again = { reason: "time-backwards", cause: "sent-again" } as const;
  expect(adviseSetAside(again, unknownModel)).toMatch(/^None: it sends again/);
  expect(adviseSetAside({ reason: "time-backwards" }, unknownModel)).toMatch(/^Its clock is set back/);
});
