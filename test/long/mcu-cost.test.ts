import { describe, expect, test } from "vitest";
import { chainStages } from "../../scripts/mcu/chain-stages.ts";
import { measureChain } from "../../scripts/mcu/measure-chain.ts";
import { measureInference } from "../../scripts/mcu/measure-cost.ts";
import { reasonToSkip } from "../mcu/skip-reason.ts";

/** Instructions on every core, modelled cycles on M4. */
const limits = {
  "m0 64-32-16-6": 30_000,
  "m3 64-32-16-6": 20_000,
  "m4 64-32-16-6": 5450,
  "m4 32-16-4": 1480,
};
/** Modelled cycles of the whole chain, a second of signal at 12 kHz. */
const chainLimits = { m4: 2_200_000, m7: 1_670_000 };
const reason = reasonToSkip("m4");

describe.skipIf(reason !== null)(`the cost on a core${reason === null ? "" : ` (${reason})`}`, () => {
  test("of an inference stays within its limits", () => {
    const costs = new Map(
      measureInference().map((one) => [
        `${one.core} ${one.student}`,
        one.core === "m4" ? one.cycles! : one.instructions,
      ]),
    );
    for (const [what, limit] of Object.entries(limits))
      expect(costs.get(what), what).toBeLessThanOrEqual(limit);
  }, 300_000);

  test("of the whole chain stays within its limits, by stages that all take part", async () => {
    const costs = await measureChain();
    for (const { core, cycles, stages, fromFlash } of costs) {
      expect(cycles, core).toBeLessThanOrEqual(chainLimits[core]);
      for (const { stage } of chainStages) expect(stages[stage], `${core} ${stage}`).toBeGreaterThan(0);
      const waiting = fromFlash.filter(({ kind }) => kind === "plain").map((one) => one.cycles);
      expect(waiting).toEqual(waiting.toSorted((a, b) => a - b));
    }
    expect(costs.map(({ core }) => core)).toEqual(["m4", "m7"]);
  }, 300_000);
});
