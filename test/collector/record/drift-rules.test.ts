import { expect, test } from "vitest";
import { believeTime } from "../../../src/collector/record/clock-rules.ts";
import { readRenewal } from "../../../src/collector/record/drift-rules.ts";
import { dayMs, minuteMs } from "../../../src/core/maths/durations.ts";

test("the time of a renewal is believed as that of any other event", () => {
  const receivedMs = Date.UTC(2026, 10, 20);
  const event = { kind: "event", name: "baseline-renewed", subject: "wt-1/gearbox", detail: "" } as const;
  for (const awayMs of [-31 * dayMs, -29 * dayMs, 0, 30 * minuteMs, 90 * minuteMs]) {
    const timeMs = receivedMs + awayMs;
    expect(readRenewal({ ...event, timeMs }, receivedMs)).toEqual({
      turbine: "wt-1",
      component: "gearbox",
      timeMs: believeTime(timeMs, receivedMs),
    });
  }
});
