import { describe, expect, it } from "vitest";
import { createAdwin } from "../../../scripts/drift/detectors/adwin.ts";
import type { ChangeDetector } from "../../../scripts/drift/detectors/change-detector.ts";
import { createDdm } from "../../../scripts/drift/detectors/ddm.ts";
import { createFhddm } from "../../../scripts/drift/detectors/fhddm.ts";
import { createHddmA, createHddmW } from "../../../scripts/drift/detectors/hddm.ts";
import { drawStream, type StreamName, streamNames } from "../../../scripts/drift/label-streams.ts";
import { runPrequential } from "../../../scripts/drift/prequential.ts";
import { createStreamDetector } from "../../../scripts/drift/streams.ts";

const seeds = [501, 502, 503];
const streams = Object.fromEntries(
  streamNames.map((name) => [name, seeds.map((seed) => drawStream(name, seed))] as const),
);

/** Mean delay, and false alarms a stream. */
function run(name: StreamName, create: () => ChangeDetector): { delay: number; falseAlarms: number } {
  const scores = streams[name]!.map((rows) => runPrequential(rows, create()));
  const delays = scores.flatMap((score) => score.delays);
  return {
    delay: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
    falseAlarms: scores.reduce((sum, score) => sum + score.falseAlarms, 0) / scores.length,
  };
}

describe("the streams SINE1 and MIXED", () => {
  it("have labels of which a tenth are wrong, swapped at every 20,000th row", () => {
    for (const block of [0, 1, 2, 3, 4]) {
      const rows = streams.sine1![0]!.slice(block * 20_000 + 50, (block + 1) * 20_000);
      const agreeing = rows.filter(({ x, label }) => x[1]! <= Math.sin(x[0]!) === (label === 1)).length;
      expect(agreeing / rows.length).toBeCloseTo(block % 2 === 0 ? 0.9 : 0.1, 1);
    }
  });

  it("find the detectors of the field where vector A15 has them", () => {
    const published = [
      { name: "sine1", create: () => createHddmW(), delay: 35.1 },
      { name: "mixed", create: () => createHddmW(), delay: 35.6 },
      { name: "sine1", create: () => createFhddm(), delay: 47.7 },
      { name: "mixed", create: () => createFhddm(), delay: 48.1 },
      { name: "sine1", create: () => createHddmA(), delay: 88.8 },
      { name: "sine1", create: () => createAdwin(), delay: 63.0 },
      { name: "mixed", create: () => createAdwin(), delay: 63.8 },
      { name: "sine1", create: () => createDdm(), delay: 153.5 },
    ] as const;
    for (const { name, create, delay } of published) {
      expect(Math.abs(run(name, create).delay / delay - 1), `${name} ${delay}`).toBeLessThan(0.2);
    }
  });

  it("find ours within 45 rows, with fewer false alarms than .3 a stream", () => {
    for (const name of streamNames) {
      const { delay, falseAlarms } = run(name, createStreamDetector);
      expect(delay, name).toBeLessThan(45);
      expect(falseAlarms, name).toBeLessThan(0.34);
    }
  });
});
