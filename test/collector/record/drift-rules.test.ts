import { expect, test } from "vitest";
import { readRenewal } from "../../../src/collector/record/drift-rules.ts";
import { dayMs, minuteMs } from "../../../src/core/maths/durations.ts";

test("the time of a renewal is believed as that of any other event", () => {
  const receivedMs = Date.UTC(2026, 10, 20);
  const event = { kind: "event", name: "baseline-renewed", subject: "wt-1/gearbox", detail: "" } as const;
  const believed = (awayMs: number): number => {
    const renewal = readRenewal({ ...event, timeMs: receivedMs + awayMs }, { receivedMs });
    expect(renewal).toMatchObject({ turbine: "wt-1", component: "gearbox" });
    return renewal!.timeMs - receivedMs;
  };
  for (const awayMs of [-401 * dayMs, -45 * dayMs, 0, 30 * minuteMs]) expect(believed(awayMs)).toBe(awayMs);
  for (const awayMs of [-402 * dayMs, 90 * minuteMs]) expect(believed(awayMs)).toBe(0);
});
