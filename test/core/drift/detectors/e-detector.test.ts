import { describe, expect, it } from "vitest";
import { createEDetector, type Payoff } from "../../../../src/core/drift/detectors/e-detector.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { createRRandom } from "../../../support/mersenne-twister.ts";

/** For a mean of one half of values from 0 to 1, on rises of parts of the way to 1. */
const onRises = [0.15, 0.3, 0.45, 0.6, 0.75].map(
  (rise): Payoff<number> =>
    (value) =>
      1 + 2 * rise * (value - 0.5),
);
/** For a mean of 0 and a scatter of 1 at most, on rises of as many deviations. */
const onDeviations = [0.5, 1, 1.5, 2].map(
  (rise): Payoff<number> =>
    (value) =>
      Math.exp(rise * value - (rise * rise) / 2),
);

describe("an e-detector", () => {
  it("finds the change of the published example of R's edetect where that does: 60 values, then alarm at the 71st", () => {
    const random = createRRandom(1);
    const before = Array.from({ length: 60 }, () => 0.3 + 0.4 * random.uniform());
    const stream = [...before, ...Array.from({ length: 60 }, () => 0.5 + 0.4 * random.uniform())];
    const detector = createEDetector({ meanRunLength: 370, payoffs: onRises });
    expect(stream.findIndex((value) => detector.update(value)) + 1).toBe(71);
    // Published, with another mixture of bets: 387.
    expect(detector.evidence()).toBeCloseTo(394, 0);
  });

  it("runs as long as that on the same normal values: 190 ± 17 on average for a target of 100", () => {
    const random = createRRandom(1);
    const detectors = Array.from({ length: 100 }, () =>
      createEDetector({ meanRunLength: 100, payoffs: onDeviations }),
    );
    const lengths = new Array<number>(100).fill(0);
    for (let step = 1; step <= 3_000; step++) {
      for (const [stream, detector] of detectors.entries()) {
        const value = random.normal();
        if (lengths[stream] === 0 && detector.update(value)) lengths[stream] = step;
      }
    }
    expect(lengths.every((length) => length > 0)).toBe(true);
    const mean = lengths.reduce((sum, length) => sum + length, 0) / 100;
    expect(Math.abs(mean - 190)).toBeLessThan(17);
  });

  it("runs at least as long as declared for every distribution of the mean that it assumes", () => {
    const random = createRandom(11);
    const laws: Readonly<Record<string, () => number>> = {
      even: () => random.uniform(),
      coin: () => random.integer(2),
      rare: () => (random.uniform() < 0.1 ? 1 : 0.4 / 0.9),
      humped: () => (random.uniform() + random.uniform() + random.uniform()) / 3,
    };
    for (const [name, draw] of Object.entries(laws)) {
      const detector = createEDetector({ meanRunLength: 100, payoffs: onRises });
      let alarms = 0;
      const values = 100_000;
      for (let index = 0; index < values; index++) if (detector.update(draw())) alarms++;
      expect(alarms, name).toBeGreaterThan(0);
      // Three standard errors of a count.
      expect(alarms, name).toBeLessThan(values / 100 + 3 * Math.sqrt(values / 100));
    }
  });
});
