import { describe, expect, test } from "vitest";
import { measureInference } from "../../scripts/mcu/measure-cost.ts";
import { reasonToSkip } from "../mcu/skip-reason.ts";

/** Instructions on every core, modelled cycles on M4. */
const limits = {
  "m0 64-32-16-6": 30_000,
  "m3 64-32-16-6": 20_000,
  "m4 64-32-16-6": 5450,
  "m4 32-16-4": 1480,
};
const reason = reasonToSkip("m4");

describe.skipIf(reason !== null)(`the cost of an inference${reason === null ? "" : ` (${reason})`}`, () => {
  test("stays within its limits on every core", () => {
    const costs = new Map(
      measureInference().map((one) => [
        `${one.core} ${one.student}`,
        one.core === "m4" ? one.cycles! : one.instructions,
      ]),
    );
    for (const [what, limit] of Object.entries(limits))
      expect(costs.get(what), what).toBeLessThanOrEqual(limit);
  }, 300_000);
});
