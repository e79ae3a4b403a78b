import { describe, expect, it } from "vitest";
import { chooseLearningPath, sayLearningPath } from "../../../src/training/judge/learning-path.ts";
import { planNextRecordings } from "../../../src/training/judge/next-recordings.ts";

const take = (machine: string, label: string, shaftRpm = 1500, load: string | null = null) => ({
  machine,
  label,
  shaftRpm,
  load,
});
const park = (machines: number, kinds: readonly string[]) =>
  Array.from({ length: machines }, (_, index) => [
    take(`m${index}`, "healthy"),
    ...(index < machines - 1 ? [take(`m${index}`, kinds[index % kinds.length]!)] : []),
  ]).flat();

describe("the path that recordings allow", () => {
  it("without a fault is the shipped bundle, and says what that cannot find", () => {
    const path = chooseLearningPath([take("a", "healthy"), take("b", "healthy")]);
    expect(path.name).toBe("baseline");
    expect(sayLearningPath(path).join(" ")).toMatch(/path 1 of 3.*cannot say how often it will be wrong/);
  });

  it("counts machines, not recordings: fifty of two machines are no evidence", () => {
    const path = chooseLearningPath(
      Array.from({ length: 50 }, (_, at) => take(`m${at % 2}`, at % 2 ? "ball" : "healthy")),
    );
    expect(path).toMatchObject({ name: "fine-tune", machines: 2, faultyMachines: 1, healthyMachines: 1 });
    expect(path.lacking).toEqual([
      "5 machines in all (there are 2)",
      "3 machines with a fault (there is 1)",
      "2 machines recorded while healthy (there is 1)",
    ]);
    expect(sayLearningPath(path).at(-1)).toMatch(
      /^too few machines for an honest figure: it takes 5 machines in all/,
    );
  });

  it("takes five machines for enough, and many of each kind for a recipe from scratch", () => {
    expect(chooseLearningPath(park(5, ["ball", "inner-race"]))).toMatchObject({
      name: "fine-tune",
      lacking: [],
    });
    expect(chooseLearningPath(park(11, ["ball", "inner-race"]))).toMatchObject({
      name: "scratch",
      lacking: [],
    });
    // Nobody knows the kind: nothing to learn kinds from, however many there are.
    expect(chooseLearningPath(park(30, ["faulty"])).name).toBe("fine-tune");
  });
});

describe("what to record next", () => {
  it("is first what fewest machines show", () => {
    const [first] = planNextRecordings([
      ...park(7, ["inner-race", "outer-race"]),
      take("x", "healthy"),
      take("x", "ball"),
    ]);
    expect(first!.words).toBe("another machine with the fault ball: only one is there");
  });

  it("names machines that are only known with their fault, and speeds and loads that only one state has", () => {
    const words = planNextRecordings([
      ...park(9, ["inner-race", "outer-race"]),
      take("lone", "inner-race"),
      take("fast", "healthy", 1500, "half"),
      take("fast", "inner-race", 3000, "full"),
    ]).map((each) => each.words);
    expect(words).toContainEqual(expect.stringMatching(/^lone once its bearing is replaced/));
    expect(words).toContainEqual(expect.stringMatching(/^fast healthy at 3000 rpm/));
    expect(words).toContainEqual(expect.stringMatching(/^fast healthy at load full/));
  });

  it("puts what a judged model fails on before more of what it knows", () => {
    const words = planNextRecordings(park(8, ["inner-race"]), [
      { machine: "m3", words: "2 of 3 faults missed" },
    ]).map((each) => each.words);
    expect(words[0]).toMatch(/^another machine like m3, .*2 of 3 faults missed/);
  });
});
