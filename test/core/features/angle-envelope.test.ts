import { describe, expect, it } from "vitest";
import { type AngleEnvelope, createAngleEnvelope } from "../../../src/core/features/angle-envelope.ts";

const magnitudes = Float64Array.from({ length: 4000 }, (_, index) => 1 + Math.sin(index) ** 2);

function create(capacity: number): AngleEnvelope {
  return createAngleEnvelope({ samplesPerRevolution: 48, measure: "magnitude", capacity });
}

/** Ten samples of magnitudes fill one sample of the envelope. */
function fill(envelope: AngleEnvelope, from: number, to: number): void {
  envelope.add({ magnitudes, from, to, revolutionsPerSample: 1 / 480 });
}

describe("the envelope over shaft angle", () => {
  it("holds the same samples however they came, up to its capacity", () => {
    const whole = create(1000);
    fill(whole, 0, 4000);
    expect(whole.overflow).toBe(0);
    expect(whole.count).toBeGreaterThan(360);
    const samples = [...whole.gather()];
    for (const capacity of [1, 240, 300]) {
      const envelope = create(capacity);
      for (const [from, to] of [
        [0, 700],
        [700, 1900],
        [1900, 4000],
      ] as const) {
        fill(envelope, from, to);
      }
      expect([...envelope.gather()]).toEqual(samples.slice(0, capacity));
      expect(envelope.overflow).toBe(samples.length - capacity);
    }
  });

  it("holds nothing of another that is filled at the same time, nor of the window before", () => {
    const alone = create(1000);
    fill(alone, 500, 4000);
    const expected = [...alone.gather()];
    alone.reset();
    const envelopes = [create(1000), create(1000), create(1000)];
    for (const window of [0, 1]) {
      for (const envelope of envelopes) envelope.reset();
      fill(envelopes[2]!, 0, 3000);
      for (let from = 500; from < 4000; from += 500) {
        fill(envelopes[0]!, from, from + 500);
        fill(envelopes[1]!, window * 100, 700);
      }
      envelopes[2]!.reset();
      expect([...envelopes[0]!.gather()]).toEqual(expected);
    }
  });
});
