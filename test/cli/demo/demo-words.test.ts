import { describe, expect, it } from "vitest";
import { renderAlert } from "../../../src/cli/demo/demo-words.ts";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";

const event: AlertEvent = {
  specversion: "1.0",
  id: "a",
  source: "/demo/WT02",
  type: "io.aurora.alert.raised.v1",
  time: "2026-03-01T10:42:07.000Z",
  subject: "generator-bearing",
  datacontenttype: "application/json",
  data: {
    turbine: "WT02",
    site: "demo",
    component: "generator-bearing",
    failureMode: "inner-race",
    severity: "critical",
    state: "unacknowledged",
    probability: 0.98,
    score: 3.9,
    threshold: 0.9,
    horizonHours: null,
    since: "2026-03-01T10:41:55.000Z",
    operatingState: "full-performance",
    window: {
      from: "2026-03-01T10:42:06.000Z",
      to: "2026-03-01T10:42:07.000Z",
      id: "WT02/generator-bearing/1",
    },
    explanation: {
      baseValue: -2,
      groups: [
        { name: "shaft", share: -0.5 },
        { name: "inner race", share: 6.4 },
      ],
      gap: 0,
    },
    model: { name: "bearing-vibration", version: "1.0.0", digest: "3f".repeat(32) },
    traceId: "t",
  },
};

describe("an alert on the terminal", () => {
  it("names turbine, component, probability, since when, and the causes with the largest first", () => {
    const text = renderAlert(event, false);
    expect(text).toContain("WT02 / generator-bearing");
    expect(text).toContain("p = 0.980");
    expect(text).toContain("since 10:41:55");
    expect(text.indexOf("inner race")).toBeLessThan(text.indexOf("shaft"));
    expect(text).toContain("base -2.00 and these make the score +3.90 (log-odds)");
    expect(text).not.toContain("\u001b");
  });

  it("is coloured where the terminal is", () => {
    expect(renderAlert(event, true)).toContain("\u001b[31m");
  });
});
