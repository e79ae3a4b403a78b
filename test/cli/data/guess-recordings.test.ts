import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guessRecordings } from "../../../src/cli/data/guess-recordings.ts";
import { readLabelWord } from "../../../src/cli/data/label-words.ts";
import { capturePath } from "../../../src/training/dataset/recordings/folder-files.ts";

describe("a label in a name", () => {
  it.each([
    ["healthy", "healthy"],
    ["Normal", "healthy"],
    ["Inner Race", "inner-race"],
    ["inner_race_fault_07", "inner-race"],
    ["OR007", "outer-race"],
    ["ball", "ball"],
    ["damaged", "faulty"],
    ["turbine1", null],
    ["floor", null],
    ["inner_or_outer", "asked"],
    ["not healthy", "asked"],
    ["unhealthy", "asked"],
    ["non-faulty", "asked"],
    ["without damage", "asked"],
    ["No Fault", "healthy"],
    ["notes", null],
    ["Innenring", "inner-race"],
    ["Wa\u0308lzko\u0308rper", "ball"],
    ["", null],
  ])("of %j is %j", (name, label) => {
    expect(readLabelWord(name)).toBe(label);
  });
});

describe("the files of a folder", () => {
  it("are of a speed where NAME.npy lies beside NAME.rpm.csv, and else recordings", () => {
    const { entries, unlabelled, others } = guessRecordings([
      "normal/a_1500.rpm.csv",
      "outer/b_1500.npy",
      "outer/b_1500.rpm.csv",
      "x.rpm.csv",
    ]);
    expect(entries.map(({ file }) => file)).toEqual(["normal/a_1500.rpm.csv", "outer/b_1500.npy"]);
    expect([unlabelled, others]).toEqual([["x.rpm.csv"], 0]);
  });

  it("are entries of a label and a machine, a pattern where one fits them alone", () => {
    const { entries, unlabelled, others } = guessRecordings([
      "healthy/t1/a.wav",
      "healthy/t1/b.wav",
      "healthy/t1/b.wav.json",
      "inner-race/t2_01.csv",
      "inner-race/t2_02.csv",
      "inner-race/t3_01.csv",
      "notes.pdf",
      "readme.txt",
      "t4/ball/x.json",
      "t4/ball/x.npy",
      "what.npy",
    ]);
    expect(entries).toEqual([
      { file: "healthy/t1/*.wav", files: 2, label: "healthy", machine: "t1" },
      { file: "inner-race/t2_*.csv", files: 2, label: "inner-race", machine: "t2" },
      { file: "inner-race/t3_01.csv", files: 1, label: "inner-race", machine: "t3" },
      { file: "t4/ball/x.npy", files: 1, label: "ball", machine: "t4" },
    ]);
    expect([unlabelled, others]).toEqual([["what.npy"], 2]);
  });

  it.each([
    ["not healthy/t1/a.wav", null, "t1"],
    ["healthy/inner/t1/a.wav", null, "t1"],
    ["healthy/rec_01.wav", "healthy", null],
    ["healthy/Pumpe 5/2026/Mai/a.wav", "healthy", "Pumpe 5"],
    ["healthy/t1/March/Monday/a.wav", "healthy", "t1"],
    ["inner/data/run 2.wav", "inner-race", null],
    ["inner/a.wav", "inner-race", null],
    ["inner/t7.wav", "inner-race", "t7"],
    ["inner_t1_run03.wav", "inner-race", "t1"],
    ["ball/turbine 7 run 1.wav", "ball", "turbine 7"],
    ["2024/site A/turbine 7/healthy/2024-01-05/run 1.wav", "healthy", "site A/turbine 7"],
    ["faulty/Mu\u0308hle/a.wav", "faulty", "M\u00fchle"],
    ["ball/recordings_t3_1.wav", "ball", "t3"],
    ["inner-race/pump1/healthy.npy", null, "pump1"],
    ["healthy/pump6/pump6_inner_race_defect.npy", null, "pump6"],
    ["inner-race/pump1/outer.npy", null, "pump1"],
    ["faulty/pump1/baseline_2.npy", null, "pump1"],
    ["inner-race/pump1/damaged.npy", "inner-race", "pump1"],
    ["faulty/pump1/ball.npy", "faulty", "pump1"],
    ["healthy/pump1/ball_bearing_1.csv", "healthy", "pump1"],
    ["outer/m3/normal_load_02.csv", "outer-race", "m3"],
    ["healthy/m1/Kugellager 3.csv", "healthy", "m1"],
    ["healthy/m1/ball bearing, damaged.csv", null, "m1"],
  ])("%s: label %s of machine %s, null where its author must say it", (file, label, machine) => {
    expect(guessRecordings([file]).entries).toEqual([{ file, files: 1, label, machine }]);
  });

  it("are each in one entry at most, whatever they are called", () => {
    const part = fc.constantFrom("healthy", "inner", "t1", "t2", "t1_a", "ball", "x-1", "*");
    const path = fc
      .tuple(fc.array(part, { maxLength: 2 }), part, fc.constantFrom(".wav", ".csv"))
      .map(([folders, name, ending]) => [...folders, `${name}${ending}`].join("/"));
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 12 }), (files) => {
        const { entries, unlabelled } = guessRecordings(files);
        const counted = entries.reduce((sum, entry) => sum + entry.files, 0);
        expect(counted + unlabelled.length).toBe(files.length);
        for (const { file, files: count } of entries) {
          if (files.some((each) => each.includes("*"))) continue;
          expect(files.filter((each) => capturePath(each, file) !== null)).toHaveLength(count);
        }
      }),
      { numRuns: 300 },
    );
  });
});
