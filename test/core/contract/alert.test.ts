import { expect, it } from "vitest";
import { alertEventSchema, describeOutlook } from "../../../src/core/contract/alert.ts";
import {
  type PhysicalEvidence,
  physicalEvidenceSchema,
} from "../../../src/core/contract/physical-evidence.ts";
import { alertEvent } from "../../collector/fleet-records.ts";

const line = {
  name: "bpfi.h1",
  kind: "harmonic",
  harmonic: 1,
  order: 5.4,
  hertz: 135,
  dbAboveNeighbours: 14,
  noiseDb: 5,
  dbAboveHealthy: null,
  isFound: true,
} as const;
const evidence: PhysicalEvidence = {
  windows: 10,
  speedRpm: { min: 1500, max: 1500 },
  lines: [line],
  harmonics: { found: 1, of: 1 },
  sideBands: { found: 0, of: 0 },
  rival: null,
  against: [],
  sentence: "A line.",
};

it("carries its evidence over the wire, and outlives evidence that is out of bounds or of a later version", () => {
  const event = alertEvent("wt-1", "raised", 1_700_000_000_000, { evidence });
  expect(alertEventSchema().parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
  const { data } = event;
  const later = { ...data, evidence: { ...evidence, phase: "of a later version" } };
  expect(alertEventSchema().parse({ ...event, data: later }).data.evidence).toEqual(evidence);
  for (const change of [
    { lines: Array.from({ length: 33 }, () => line) },
    { lines: [{ ...line, kind: "sub-harmonic" }] },
    { lines: [{ ...line, hertz: -1 }] },
    { lines: [{ ...line, dbAboveNeighbours: 1e9 }] },
    { against: Array.from({ length: 13 }, () => "x") },
    { sentence: "x".repeat(8193) },
    { windows: 0 },
  ]) {
    const broken = { ...evidence, ...change };
    expect(physicalEvidenceSchema().safeParse(broken).success).toBe(false);
    const parsed = alertEventSchema().parse({ ...event, data: { ...data, evidence: broken } });
    expect(parsed.data.evidence).toBeUndefined();
    expect(parsed.data.failureMode).toBe(data.failureMode);
  }
});

it("says that a component degrades and how likely that is, and claims no time that nothing supports", () => {
  const data = { component: "main-bearing", probability: 0.927, horizonHours: null };
  expect(describeOutlook(data)).toBe(
    "main bearing degrading, probability 0.93; says nothing of when it fails",
  );
  const chances = [0.9994, 0.9987, 0.5, 0.0004].map((probability) =>
    describeOutlook({ ...data, probability }).replace(/;.*/, ""),
  );
  expect(chances).toEqual(
    ["> 0.999", "0.999", "0.50", "< 0.001"].map((chance) => `main bearing degrading, probability ${chance}`),
  );
  expect(describeOutlook({ ...data, horizonHours: 1440 })).toContain("looks 60 days ahead");
  expect(describeOutlook({ ...data, horizonHours: 24 })).toContain("looks 24 h ahead");
  for (const horizonHours of [null, 24, 1440]) {
    expect(describeOutlook({ ...data, horizonHours })).not.toMatch(/will fail/);
  }
});

it("tells an outlook with its interval, its level and that hours are of operation, or why there is none", () => {
  const data = { component: "bearing", probability: 0.9, horizonHours: null };
  const outlook = { hours: 40, low: 12.4, high: 200, stopDb: 16 };
  expect(describeOutlook({ ...data, outlook })).toBe(
    "bearing degrading, probability 0.90; in about 40 h of operation it must stop (16 dB above healthy; between 12 h and 8 days in four of five cases)",
  );
  expect(describeOutlook({ ...data, outlook: { ...outlook, high: null } })).toContain(
    "more than 12 h, no upper end",
  );
  expect(describeOutlook({ ...data, outlook: { hours: 0, low: 0, high: 0, stopDb: 16 } })).toContain(
    "has reached the level where it must stop, 16 dB",
  );
  expect(describeOutlook({ ...data, outlook: { cannotSay: "its severity does not rise clearly" } })).toBe(
    "bearing degrading, probability 0.90; cannot say when it must stop: its severity does not rise clearly",
  );
});
