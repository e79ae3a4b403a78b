import { expect, it } from "vitest";
import { twoForMs } from "../../../src/collector/record/clone-rules.ts";
import { createTwinWatch } from "../../../src/collector/uplink/clone-watch.ts";
import { dayMs, minuteMs } from "../../../src/core/maths/durations.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMetrics } from "../../../src/core/platform/metrics.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { turbineState } from "../fleet-records.ts";

/** Says of each gateway in turn what its state is a sign of. */
function openWatch(): (gateway: string, afterMs: number) => readonly string[] | null {
  const clock = createManualClock();
  const watch = createTwinWatch({ clock, logger: silentLogger, metrics: createMetrics() });
  return (gateway, afterMs) => {
    clock.advance(afterMs);
    return watch({ ...turbineState("wt-1", clock.nowMs(), "d"), gateway }, false);
  };
}

it("takes a gateway that comes back after months for one that takes the other's place", () => {
  const say = openWatch();
  expect([say("gw-1", 0), say("gw-2", dayMs), say("gw-2", 90 * dayMs)]).toEqual([null, [], null]);
  expect([say("gw-1", minuteMs), say("gw-1", minuteMs)]).toEqual([[], null]);
  expect(say("gw-2", minuteMs)).toEqual(["gw-1", "gw-2"]);
});

it("knows after a long silence whose word was the last", () => {
  const say = openWatch();
  const both = ["gw-1", "gw-2"];
  expect([say("gw-1", 0), say("gw-2", minuteMs), say("gw-1", minuteMs)]).toEqual([null, [], both]);
  expect([say("gw-2", twoForMs), say("gw-1", minuteMs), say("gw-2", minuteMs)]).toEqual([[], [], both]);
  expect([say("gw-2", dayMs), say("gw-1", dayMs)]).toEqual([null, []]);
});
