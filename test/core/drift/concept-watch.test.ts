import { describe, expect, it } from "vitest";
import type { OutcomeChange } from "../../../src/core/contract/drift-performance-schema.ts";
import {
  type ConceptWatch,
  type ConfirmedOutcome,
  createConceptWatch,
} from "../../../src/core/drift/concept-watch.ts";
import { createRandom, type Random } from "../../../src/core/maths/random.ts";

/** An outcome of a model whose risks are right where `odds` is 1, and whose alarms are raised above one half. */
function drawOutcome(random: Random, odds: number): ConfirmedOutcome {
  const risk = random.uniform() ** 2;
  const truth = (risk * odds) / (1 - risk + risk * odds);
  return { raised: risk > 0.5, risk, isFault: random.uniform() < truth };
}

/** The first alarm within `outcomes`, and how many outcomes it took. */
function findChange(
  watch: ConceptWatch,
  draw: () => ConfirmedOutcome,
  outcomes: number,
): { change: OutcomeChange | null; after: number } {
  for (let after = 1; after <= outcomes; after++) {
    const { change } = watch.update(draw());
    if (change !== null) return { change, after };
  }
  return { change: null, after: outcomes };
}

describe("a watch over confirmed outcomes", () => {
  it("raises no more often than declared while the risks are right", () => {
    const random = createRandom(21);
    const watch = createConceptWatch({ meanRunLength: 200 });
    let alarms = 0;
    for (let index = 0; index < 40_000; index++) {
      if (watch.update(drawOutcome(random, 1)).change !== null) alarms++;
    }
    expect(alarms).toBeGreaterThan(0);
    expect(alarms).toBeLessThan(200 + 3 * Math.sqrt(200));
  });

  it("says that faults come oftener, or more rarely, than the risks said", () => {
    for (const [odds, expected] of [
      [8, "more-faults"],
      [1 / 8, "fewer-faults"],
    ] as const) {
      const random = createRandom(22);
      const found = findChange(createConceptWatch(), () => drawOutcome(random, odds), 200);
      expect(found.change).toBe(expected);
      expect(found.after).toBeLessThan(80);
    }
  });

  it("says that alarms err oftener, where no risk is known", () => {
    const random = createRandom(23);
    const watch = createConceptWatch();
    const draw = (wrong: number) => (): ConfirmedOutcome => {
      const raised = random.uniform() < 0.3;
      return { raised, risk: null, isFault: raised !== random.uniform() < wrong };
    };
    expect(findChange(watch, draw(0.1), 300).change).toBeNull();
    const found = findChange(watch, draw(0.6), 300);
    expect(found.change).toBe("more-errors");
    expect(found.after).toBeLessThan(40);
  });

  it("counts what it has seen, and begins anew after an alarm", () => {
    const watch = createConceptWatch();
    const sure = { raised: true, risk: 0.9, isFault: true } as const;
    watch.update(sure);
    const verdict = watch.update({ raised: true, risk: 0.6, isFault: false });
    expect(verdict).toMatchObject({ change: null, outcomes: 2, errors: 1, faults: 1 });
    expect(verdict.expectedFaults).toBeCloseTo(1.5, 12);
    const missed = (): ConfirmedOutcome => ({ raised: false, risk: 0.01, isFault: true });
    expect(findChange(watch, missed, 20).change).toBe("more-faults");
    expect(watch.update(sure).faults).toBe(1);
  });

  it("survives certain risks that were wrong", () => {
    const watch = createConceptWatch();
    for (const risk of [0, 1]) {
      const { evidence } = watch.update({ raised: risk === 1, risk, isFault: risk === 0 });
      expect(Number.isFinite(evidence)).toBe(true);
    }
  });
});
