import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { encodeWav } from "../../training/dataset/samples/encode-wav.ts";
import { check, writeManifest } from "./checked-folder.ts";
import { inventCounts, rateHz, writeCounts } from "./invented-folder.ts";

describe("aurora data check", () => {
  it("says of whole numbers in g that they are counts, and of a speed that has gaps how much is lost", async () => {
    const dir = createTemporaryFolder();
    const counts = inventCounts({ seed: 1, samples: 40_000 });
    writeCounts(dir, "a.wav", counts);
    const rows = counts.map((count, at) => {
      const speed = at < 20_000 ? (at % 3 === 0 ? "" : "1500") : at < 30_000 ? "" : "1600";
      return `${count / 1000},${speed}`;
    });
    writeFileSync(join(dir, "b.csv"), `acc,rpm\n${rows.join("\n")}\n`);
    const path = writeManifest(
      dir,
      [
        { file: "a.wav", label: "healthy", machine: "t1" },
        { file: "b.csv", label: "healthy", machine: "t2", channel: "acc", speed: "rpm", scale: 1 },
      ],
      { scale: undefined },
    );
    const { findings } = (await check(path)).check;
    expect(findings.find((each) => each.check === "range")!.cure).toContain(
      "of 16 bits that are ± 50 g: 0.001526",
    );
    expect(findings.find((each) => each.check === "speed-gaps")!.message).toBe(
      "the speed of b.csv#acc is missing or 0 in 26.51 % of the recording",
    );
  });

  it("looks for gaps of a speed up to the recording's end, whatever its column was filled up with", async () => {
    const dir = createTemporaryFolder();
    const counts = inventCounts({ seed: 3, samples: 40_000 });
    const rows = counts.map((count, at) => `${count / 1000},${at < 4000 ? 1500 : ""}`);
    writeFileSync(join(dir, "b.csv"), `acc,rpm\n${rows.join("\n")}\n`);
    const speed = { channel: "rpm", rateHz: rateHz / 10 };
    const entry = { file: "b.csv", label: "healthy", machine: "t2", channel: "acc", speed, scale: 1 };
    const { findings } = (await check(writeManifest(dir, [entry], { scale: undefined }))).check;
    expect(findings.filter((each) => each.check === "speed-gaps")).toEqual([]);
  });

  const clipped = inventCounts({ seed: 9 }).map((count) => Math.max(-250, Math.min(250, count)));
  const clippedBelow = inventCounts({ seed: 9 }).map((count) => Math.max(-500, count));
  const stuck = [...inventCounts({ seed: 10 }), ...new Array<number>(400).fill(7), 8];
  it.each([
    ["silent", "error", new Array<number>(26_000).fill(3), {}],
    ["stuck", "error", stuck, {}],
    ["clipped", "warning", clipped, {}],
    ["clipped", "warning", clippedBelow, {}],
    ["short", "warning", inventCounts({ seed: 11, samples: 900 }), {}],
    ["range", "error", inventCounts({ seed: 12 }), { scale: 1 }],
    ["rate-and-duration", "error", inventCounts({ seed: 13 }), { duration: 4 }],
    ["rate-of-contract", "error", inventCounts({ seed: 14 }), { rateHz: 2000 }],
    ["unit", "warning", inventCounts({ seed: 15 }), { unit: "V", scale: null }],
    ["bearing", "error", inventCounts({ seed: 16 }), { bearing: { bpfo: 5.4, bpfi: 3.6, bsf: 4.7 } }],
    [
      "bearing",
      "warning",
      inventCounts({ seed: 18 }),
      { bearing: { bpfo: 3.5, bpfi: 5.4, bsf: 4.7, ftf: 0.6 } },
    ],
  ])("finds what is %s (%s), with its file and a cure", async (kind, severity, counts, fields) => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "a.npy", counts);
    const common = "scale" in fields && fields.scale === null ? { scale: undefined, unit: undefined } : {};
    const own = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
    const path = writeManifest(dir, [{ file: "a.npy", label: "healthy", machine: "t1", ...own }], common);
    const { check: found } = await check(path);
    expect(found.findings).toContainEqual(
      expect.objectContaining({ check: kind, severity, file: "a.npy", cure: expect.stringMatching(/\w{4}/) }),
    );
    expect(found.passed).toBe(found.findings.every((finding) => finding.severity !== "error"));
  });

  it("lets counts lie one beyond the contract, as a gateway does", async () => {
    const dir = createTemporaryFolder();
    const counts = inventCounts({ seed: 19 });
    const rangeOf = async (scale: number): Promise<number> => {
      writeCounts(dir, "a.npy", [...counts, -32_768]);
      const path = writeManifest(dir, [{ file: "a.npy", label: "healthy", machine: "t1", scale }]);
      const { findings } = (await check(path)).check;
      return findings.filter((finding) => finding.check === "range").length;
    };
    expect(await rangeOf(50 / 32_767)).toBe(0);
    expect(await rangeOf(50 / 32_766)).toBe(1);
  });

  it("doubts a stated speed that the lines of a machine's shaft deny, over its recordings together", async () => {
    const dir = createTemporaryFolder();
    const files = Array.from({ length: 8 }, (_, index) => `r${index}.npy`);
    for (const [index, file] of files.entries()) {
      const turns = (at: number): number => (2 * Math.PI * 25.7 * at) / rateHz + index;
      const counts = inventCounts({ seed: 40 + index, samples: 3 * rateHz }).map((count, at) => {
        return Math.round([1, 2, 3].reduce((sum, order) => sum + 60 * Math.cos(order * turns(at)), count));
      });
      writeCounts(dir, file, counts);
    }
    const speedsOf = async (rpm: number, step = 0) => {
      const entries = files.map((file, index) => {
        return { file, label: "healthy", machine: "t1", rpm: rpm + index * step };
      });
      const { check: found } = await check(writeManifest(dir, entries));
      return found.findings.filter((finding) => finding.check === "speed");
    };
    expect(await speedsOf(1542)).toEqual([]);
    expect(await speedsOf(1588, 0.1)).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(
          /^machine t1: lines of a shaft stand at 0\.971 times the stated speed/,
        ),
      }),
    ]);
    expect(await speedsOf(1800)).toEqual([
      expect.objectContaining({
        severity: "warning",
        message: expect.stringMatching(
          /^machine t1: lines of a shaft stand at 1542 rpm, 0\.857 times the stated 1800 rpm/,
        ),
        cure: expect.stringMatching(/^check rpm, and rateHz/),
      }),
    ]);
  });

  it("finds one recording under two machines, whatever its format, and a bearing with two faults or two geometries", async () => {
    const dir = createTemporaryFolder();
    const counts = inventCounts({ seed: 1 });
    writeCounts(dir, "a.npy", counts);
    writeCounts(dir, "b.csv", counts);
    writeCounts(dir, "c.npy", inventCounts({ seed: 2 }));
    writeCounts(
      dir,
      "d.npy",
      inventCounts({ seed: 3 }).map((count) => 40 * count),
    );
    const path = writeManifest(dir, [
      { file: "a.npy", label: "healthy", machine: "t1" },
      { file: "b.csv", label: "ball", machine: "t2" },
      { file: "c.npy", label: "inner-race", machine: "t2", bearing: { bpfo: 3.05, bpfi: 4.95, bsf: 3.99 } },
      { file: "d.npy", label: "healthy", machine: "t1" },
    ]);
    const { code, check: found } = await check(path);
    expect(code).toBe(1);
    expect(found.findings.map(({ check: kind }) => kind).sort()).toEqual([
      "duplicate",
      "two-labels",
      "two-machines",
      "two-machines",
    ]);
    expect(found.findings[0]!.message).toMatch(
      /b\.csv \(t2, ball\) holds the signal of a\.npy \(t1, healthy/,
    );
  });

  it("doubts names that differ in their spelling alone, which would be two machines on both sides of a split", async () => {
    const dir = createTemporaryFolder();
    const namesFor = async (machines: readonly string[]): Promise<readonly string[]> => {
      const entries = machines.map((machine, index) => {
        writeCounts(dir, `${index}.npy`, inventCounts({ seed: 60 + index }));
        return { file: `${index}.npy`, label: "healthy", machine };
      });
      const { check: found } = await check(writeManifest(dir, entries));
      return found.findings.flatMap(({ check: kind, message }) => (kind === "one-machine" ? [message] : []));
    };
    expect(await namesFor(["pump 1", "Pump_01", "T2", "t-2", "t20"])).toEqual([
      expect.stringContaining('the machines "Pump_01" and "pump 1" may be one'),
      expect.stringContaining('the machines "T2" and "t-2" may be one'),
    ]);
    expect(await namesFor(["pump 1-1", "pump 11", "pump 1-10", "pump 101"])).toEqual([]);
  });

  it("finds one signal on two machines as counts, as a float WAV in other units, and as a text of four digits", async () => {
    const dir = createTemporaryFolder();
    const counts = inventCounts({ seed: 1 });
    const volts = counts.map((count) => 0.1 + count / 25_000);
    writeCounts(dir, "a.npy", counts);
    writeFileSync(join(dir, "b.wav"), encodeWav({ kind: "float32", rateHz, channels: [volts] }));
    writeFileSync(join(dir, "c.csv"), `acc\n${volts.map((volt) => volt.toPrecision(4)).join("\n")}\n`);
    const path = writeManifest(dir, [
      { file: "a.npy", label: "healthy", machine: "t1" },
      { file: "b.wav", label: "healthy", machine: "t2", scale: 25 },
      { file: "c.csv", label: "healthy", machine: "t3", scale: 25 },
    ]);
    const { code, check: found } = await check(path);
    const duplicates = found.findings.filter(({ check: kind }) => kind === "duplicate");
    expect([code, duplicates.map(({ severity, file }) => [severity, file])]).toEqual([
      1,
      [
        ["error", "b.wav"],
        ["error", "c.csv"],
      ],
    ]);
  });

  it("takes the rate of a column of times, and finds where these go back or are missing", async () => {
    const dir = createTemporaryFolder();
    const write = (file: string, timeOf: (row: number) => number): void => {
      const rows = inventCounts({ seed: file.charCodeAt(0) * file.charCodeAt(1) }).map(
        (count, row) => `${(timeOf(row) / 12_000).toFixed(7)},${count}`,
      );
      writeFileSync(join(dir, file), `time [s],acc\n${rows.join("\n")}\n`);
    };
    write("good.csv", (row) => row);
    write("back.csv", (row) => row % 20_000);
    write("gap.csv", (row) => (row < 13_000 ? row : row + 12_000));
    const listed = { label: "healthy", machine: "t1", channel: "acc" };
    const entries = [
      { ...listed, file: "good.csv" },
      { ...listed, file: "gap.csv" },
      { ...listed, file: "back.csv", rateHz },
    ];
    const path = writeManifest(dir, entries, { rateHz: undefined });
    const { findings } = (await check(path)).check;
    expect(findings.map(({ check: kind, file, severity }) => [kind, file, severity])).toEqual(
      expect.arrayContaining([
        ["gaps-in-times", "gap.csv", "warning"],
        ["order-of-times", "back.csv", "error"],
      ]),
    );
    expect(findings.filter(({ file }) => file === "good.csv")).toEqual([]);
  });

  it("finds a label that stands for a machine, and a rate that a header or a column of times denies", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "healthy/a.wav", inventCounts({ seed: 1 }));
    writeCounts(dir, "healthy/b.npy", inventCounts({ seed: 2 }));
    const rows = inventCounts({ seed: 3 }).map((count, index) => `${index / 51_200},${count}`);
    writeFileSync(join(dir, "c.csv"), `time,acc\n${rows.join("\n")}\n`);
    const path = writeManifest(dir, [
      { file: "healthy/*", label: "healthy", machine: "healthy" },
      { file: "c.csv", label: "ball", machine: "t1", channel: "acc" },
    ]);
    const named = (await check(path)).check.findings.map(({ check: kind }) => kind);
    expect(named).toEqual(["rate-and-times", "label-as-machine"]);
    writeManifest(dir, [{ file: "healthy/a.wav", label: "healthy", machine: "t1", rateHz: 25_600 }]);
    const [denied] = (await check(path)).check.findings;
    expect(denied).toMatchObject({
      check: "entry",
      message: expect.stringContaining("25600 Hz, healthy/a.wav itself 12000 Hz"),
    });
  });
});
