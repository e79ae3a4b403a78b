import { describe, expect, it } from "vitest";
import {
  divideByFold,
  planMachineFolds,
} from "../../../../src/training/recipes/bearing/learn/machine-folds.ts";

const entry = (
  machine: string,
  label: "healthy" | "ball" | "inner-race",
  shared: string | null = null,
  learn = true,
) => ({
  machine,
  label,
  shared,
  learn,
});

describe("leaving machines out", () => {
  it("leaves every machine out in turn, up to twelve", () => {
    const folds = planMachineFolds([entry("b", "ball"), entry("a", "healthy"), entry("b", "healthy")]);
    expect(folds).toEqual([
      { name: "without a", machines: ["a"] },
      { name: "without b", machines: ["b"] },
    ]);
  });

  it("puts more machines together in groups that show alike, each machine in one", () => {
    const entries = Array.from({ length: 40 }, (_, at) => entry(`m${at}`, at < 20 ? "ball" : "inner-race"));
    const folds = planMachineFolds(entries);
    expect(folds).toHaveLength(12);
    expect(folds.flatMap(({ machines }) => machines).sort()).toEqual(
      entries.map(({ machine }) => machine).sort(),
    );
    for (const { machines } of folds) {
      const balls = machines.filter((machine) => Number(machine.slice(1)) < 20).length;
      expect(Math.abs(balls - (machines.length - balls))).toBeLessThanOrEqual(2);
    }
  });

  it("neither judges a shared bearing nor hears it while its machine is left out, and never learns what must not be learnt", () => {
    const entries = [
      entry("a", "ball"),
      entry("a", "healthy", "other end"),
      entry("b", "healthy", "other end"),
      entry("b", "inner-race"),
      entry("c", "healthy", null, false),
    ];
    expect(planMachineFolds(entries).map(({ machines }) => machines[0])).toEqual(["a", "b", "c"]);
    expect(divideByFold(entries, { name: "without a", machines: ["a"] })).toEqual({
      train: [2, 3],
      judged: [0],
    });
    expect(divideByFold(entries, { name: "without c", machines: ["c"] })).toEqual({
      train: [0, 1, 2, 3],
      judged: [4],
    });
  });
});
