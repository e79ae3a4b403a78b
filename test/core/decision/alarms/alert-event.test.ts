import { describe, expect, test } from "vitest";
import { alertEventSchema } from "../../../../src/core/contract/alert.ts";
import { computeTraceId, createAlertEvent } from "../../../../src/core/decision/alarms/alert-event.ts";
import { decisionAt } from "./decisions.ts";

describe("the alert event", () => {
  test("is valid for the longest names and the strangest clock", () => {
    const name = "a".repeat(63);
    const long = { site: name, turbine: name, component: name };
    for (const toMs of [0, -1, Number.NaN, 1e300, Number.NEGATIVE_INFINITY, 253_402_300_799_999]) {
      const decision = decisionAt(0, [[name, 0.9, 0]], {
        point: long,
        toMs,
        fromMs: toMs,
        windowId: `${name}/${name}/0`,
      });
      const event = createAlertEvent({
        transition: "updated",
        updateNumber: 123_456,
        decision,
        mode: decision.modes[0]!,
        state: "unacknowledged",
        severity: "critical",
        sinceMs: toMs,
        explanation: null,
        horizonHours: 72,
      });
      expect(alertEventSchema().safeParse(event).error).toBeUndefined();
    }
  });

  test("carries risk and lane where the decision knows them, and is valid without", () => {
    const parts = {
      transition: "raised",
      updateNumber: 0,
      state: "unacknowledged",
      severity: "warning",
      sinceMs: 0,
      explanation: null,
      horizonHours: null,
    } as const;
    const decision = decisionAt(0, [["inner", 0.97, 0]]);
    const plain = createAlertEvent({ ...parts, decision, mode: decision.modes[0]! });
    expect(alertEventSchema().parse(plain).data).not.toHaveProperty("risk");
    const mode = { ...decision.modes[0]!, risk: 0.66, lane: "slow" } as const;
    const event = createAlertEvent({ ...parts, decision, mode });
    expect(alertEventSchema().parse(event).data).toMatchObject({
      probability: 0.97,
      risk: 0.66,
      lane: "slow",
    });
    const learning = createAlertEvent({ ...parts, decision, mode: { ...mode, risk: null, lane: "fast" } });
    expect(alertEventSchema().parse(learning).data).toMatchObject({ risk: null, lane: "fast" });
  });

  test("has the trace id of its window: FNV-1a of 128 bits, by its published values", () => {
    expect(computeTraceId("")).toBe("6c62272e07bb014262b821756295c58d");
    expect(computeTraceId("a")).toBe("d228cb696f1a8caf78912b704e4a8964");
    expect(computeTraceId("foobar")).toBe("343e1662793c64bf6f0d3597ba446f18");
  });
});
