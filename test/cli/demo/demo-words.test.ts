import { describe, expect, it } from "vitest";
import { decideVerdict } from "../../../src/cli/demo/demo-watch.ts";
import {
  describePlaces,
  describeUnmet,
  describeWait,
  renderAlert,
} from "../../../src/cli/demo/demo-words.ts";
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

  it("says what the spectrum shows in lines that can be read, and both base values where the machine has its own", () => {
    const sentence = `Lines near ${"1× and 2× the inner race's order, ".repeat(8)}above their neighbours.`;
    const evidence = {
      windows: 1,
      speedRpm: { min: 1500, max: 1500 },
      lines: [],
      harmonics: { found: 0, of: 0 },
      sideBands: { found: 0, of: 0 },
      rival: null,
      against: [],
      sentence,
    };
    const explanation = { ...event.data.explanation, bundleBaseValue: -1.5 };
    const text = renderAlert({ ...event, data: { ...event.data, evidence, explanation } }, false);
    const shown = text.slice(text.indexOf("Lines near")).trim().split("\n");
    expect(shown.map((line) => line.trim()).join(" ")).toBe(sentence);
    expect(Math.max(...shown.map((line) => line.length))).toBeLessThanOrEqual(110);
    expect(text).toContain("base -2.00 of this machine when healthy (-1.50 of the bundle's background)");
  });

  it("is coloured where the terminal is", () => {
    expect(renderAlert(event, true)).toContain("\u001b[31m");
  });
});

describe("what a demonstration was to show", () => {
  const expected = { turbine: "WT02", fault: "inner-race" } as const;
  const of = (change: Partial<AlertEvent["data"]>): AlertEvent => ({
    ...event,
    data: { ...event.data, ...change },
  });

  it.each([
    [[], expected, "open"],
    [[of({})], expected, "met"],
    [[of({}), of({})], expected, "met"],
    [[of({ failureMode: "ball" }), of({})], expected, "broken"],
    [[of({}), of({ turbine: "WT01" })], expected, "broken"],
    [[], null, "open"],
    [[of({})], null, "broken"],
  ] as const)("is the expected alert and no other: case %#", (alerts, wanted, verdict) => {
    expect(decideVerdict(alerts, wanted)).toBe(verdict);
  });

  it("says how long it waited, or that it was stopped", () => {
    expect(describeUnmet("open", expected, describeWait(false, 120_000))).toContain(
      "an alert of WT02 with inner-race, but it did not come within 120 s (--timeout)",
    );
    expect(describeUnmet("open", null, describeWait(true, 120_000))).toBe(
      "\nno alert came before it was stopped; none was expected\n",
    );
    expect(describeUnmet("broken", expected, describeWait(false, 1))).toContain("but another alert came");
  });
});

describe("where a demonstration can be watched", () => {
  const places = (httpPort: number, hasDrift: boolean): string =>
    describePlaces({
      httpUrl: `http://127.0.0.1:${httpPort}`,
      mqttUrl: "mqtt://127.0.0.1:4321",
      alertsTopic: "aurora/v1/turbine/+/+/alert",
      speed: 2,
      hasDrift,
    });

  it("names the command that asks this demonstration's collector for drift, where drift is played", () => {
    expect(places(4711, true)).toContain("aurora drift report --collector http://127.0.0.1:4711 ");
    expect(places(8080, true)).toContain("aurora drift report  ");
    expect(places(4711, false)).not.toContain("drift");
  });
});
