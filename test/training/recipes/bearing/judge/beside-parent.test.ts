import { describe, expect, it } from "vitest";
import { checkDecisions, checkSlices } from "../../../../../src/training/gate/rival-checks.ts";
import {
  compareWithParent,
  listRecordingCases,
  sayWorse,
} from "../../../../../src/training/recipes/bearing/judge/beside-parent.ts";
import type { DecidedRecording } from "../../../../../src/training/recipes/bearing/judge/machine-outcomes.ts";

type Outcome = DecidedRecording["outcome"];

/** Two recordings a machine, at two loads; every second machine is faulty. `outcomeOf` says what becomes of each. */
function recorded(machines: number, outcomeOf: (machine: number, load: number) => Outcome) {
  const each = Array.from({ length: 2 * machines }, (_, at) => ({ machine: at >> 1, load: at & 1 }));
  const decided = each.map(({ machine, load }): DecidedRecording => {
    const label = machine % 2 === 0 ? "ball" : "healthy";
    return {
      id: `${machine}-${load}`,
      machine: `m${machine}`,
      label,
      raised: null,
      outcome: outcomeOf(machine, load),
    };
  });
  const set = {
    outputs: 1,
    signals: each.map(({ machine, load }) => ({
      id: `${machine}-${load}`,
      unit: `m${machine}`,
      stratum: "",
      truth: machine % 2 === 0 ? 0 : null,
      rows: 1,
      slices: { machine: `m${machine}`, load: `${load} kW`, rate: "12 kHz" },
    })),
  };
  const probability = Float32Array.from(each, ({ machine, load }) => {
    const isRight = ["found", "quiet"].includes(outcomeOf(machine, load));
    return Number((machine % 2 === 0) === isRight);
  });
  return { decided, cases: listRecordingCases(set, probability, decided) };
}

const right = (machine: number): Outcome => (machine % 2 === 0 ? "found" : "quiet");

describe("a fine-tuned student beside its parent", () => {
  const parent = recorded(16, right);
  /** Misses every fault at 1 kW. */
  const student = recorded(16, (machine, load) =>
    machine % 2 === 0 && load === 1 ? "missed" : right(machine),
  );

  it("is told to be worse where it is: faults found, and the slices that lost most, each once", () => {
    const beside = compareWithParent(student.cases, parent.cases, student.decided);
    expect(beside.found).toEqual({ student: 8, parent: 16, of: 16 });
    expect(beside.raised).toEqual({ student: 0, parent: 0, of: 16 });
    expect(beside.worse[0]).toEqual({ by: "load", value: "1 kW", student: 8, parent: 16, of: 16 });
    // What holds for all is no slice.
    expect(beside.worse.some(({ by }) => by === "rate")).toBe(false);
    expect(sayWorse(beside).slice(0, 2)).toEqual([
      "it finds 8 of 16 faulty recordings, its parent 16",
      "on load 1 kW it decides 8 of 16 recordings rightly, its parent 16",
    ]);
    expect(sayWorse(compareWithParent(parent.cases, student.cases, parent.decided))).toEqual([]);
  });

  it("is refused where that is sure: as many machines speak against it", () => {
    const rival = { cases: parent.cases, told: ["it finds fewer"] };
    const own = { cases: student.cases, metrics: {} };
    expect(checkDecisions(own, rival)).toMatchObject({ outcome: "failed", measured: { missed: "8 to 0" } });
    expect(checkSlices(own, rival, 1)).toMatchObject({ outcome: "failed", measured: { worst: "load 1 kW" } });
    expect(checkSlices(own, rival, 1).words).toContain("it finds fewer");
  });

  it("is let through, and told, where so few machines speak that it may be chance: recordings of one machine are one voice", () => {
    const few = recorded(4, right);
    const missing = recorded(4, (machine) => (machine % 2 === 0 ? "missed" : right(machine)));
    const rival = { cases: few.cases, told: ["it finds 0 of 4"] };
    const own = { cases: missing.cases, metrics: {} };
    expect(checkDecisions(own, rival)).toMatchObject({ outcome: "passed", measured: { missed: "4 to 0" } });
    expect(checkSlices(own, rival, 1)).toMatchObject({
      outcome: "skipped",
      words: expect.stringContaining("it finds 0 of 4"),
    });
  });
});
