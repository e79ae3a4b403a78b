import { describe, expect, it } from "vitest";
import {
  countByMachine,
  type DecidedRecording,
  judgeOutcomes,
  listWorst,
  sayFailures,
} from "../../../../src/training/recipes/bearing/judge/machine-outcomes.ts";
import { chooseHeadline } from "../../../../src/training/recipes/bearing/judge/tuned-figures.ts";

const decided = (id: string, machine: string, outcome: DecidedRecording["outcome"]): DecidedRecording => {
  const isHealthy = outcome === "quiet" || outcome === "false-alarm";
  const raised = outcome === "missed" || outcome === "quiet" ? null : "ball";
  return { id, machine, outcome, raised, label: isHealthy ? "healthy" : "ball" };
};

const all = [
  decided("1", "a", "found"),
  decided("2", "a", "missed"),
  decided("3", "a", "missed"),
  decided("4", "a", "missed"),
  decided("5", "b", "quiet"),
  decided("6", "b", "false-alarm"),
];

describe("outcomes by machine", () => {
  it("are counted, and said in words where something is wrong", () => {
    const [a, b] = countByMachine(all);
    expect(a).toMatchObject({ machine: "a", labels: ["ball"], counts: { found: 1, missed: 3 } });
    expect(sayFailures(a!)).toBe("3 of 4 faulty recordings missed");
    expect(sayFailures(b!)).toBe("1 of 2 healthy ones raised");
  });

  it("have intervals of as many cases as there are machines: four recordings of one say as little as one", () => {
    const { detected } = judgeOutcomes(all);
    expect(detected.value).toBe(0.25);
    expect(detected.high! - detected.low!).toBeGreaterThan(0.7);
  });

  it("show the worst, of a machine two at most", () => {
    expect(listWorst(all, 6).map(({ id }) => id)).toEqual(["2", "3", "6"]);
  });
});

describe("the headline figure", () => {
  it("tells kinds apart only where each was named, on three machines", () => {
    expect(chooseHeadline({ ball: 3, "inner-race": 4 })).toBe("macroAuroc");
    expect(chooseHeadline({ ball: 1, "inner-race": 4 })).toBe("faultAuroc");
    expect(chooseHeadline({ faulty: 9 })).toBe("faultAuroc");
  });
});
