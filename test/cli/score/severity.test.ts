import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  learnBaseline,
  readBaseline,
  writeBaseline,
} from "../../../src/cli/score/recordings/read-baseline.ts";
import { createThinnedList } from "../../../src/cli/score/recordings/recording-severity.ts";
import { openEachRecording, scoreFiles } from "../../../src/cli/score/recordings/score-files.ts";
import { createUnitDoubts } from "../../../src/cli/score/recordings/unit-doubts.ts";
import { readBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../../src/core/serving/loaded-bundle.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { encodeWav } from "../../training/dataset/samples/encode-wav.ts";
import { encodeNpy, shippedBundle } from "./recordings.ts";

const bearing = { bpfo: 5.2, bpfi: 7.8, bsf: 4.6, ftf: 0.4 };
let bundle: LoadedBundle;
beforeAll(async () => {
  bundle = await serveBundle(shippedBundle, await readBundle(shippedBundle), {
    engine: "auto",
    logger: silentLogger,
  });
});
afterAll(() => bundle.retire());

/** A tenth of a second at 25.6 kHz and 1,800 rpm: three revolutions, with knocks as strong as the wear. */
function wearOf(wear: number, seed: number, seconds = 0.1): Float64Array {
  const random = createRandom(seed);
  const rateHz = 25_600;
  const passHz = bearing.bpfo * 30;
  return Float64Array.from({ length: Math.round(seconds * rateHz) }, (_, index) => {
    const sincePassS = ((index / rateHz) * passHz - Math.floor((index / rateHz) * passHz)) / passHz;
    return (
      0.1 * random.normal() + wear * Math.exp(-sincePassS * 900) * Math.sin(2 * Math.PI * 3100 * sincePassS)
    );
  });
}

const describeAs = (scale: number | null) => () =>
  Promise.resolve({ sidecar: { rateHz: 25_600, shaftRpm: 1800, bearing, scale }, channel: null });
const describeFile = describeAs(null);

async function score(
  folder: string,
  names: readonly string[],
  baseline: Parameters<typeof scoreFiles>[1]["baseline"],
  describe = describeFile,
) {
  const files = names.map((name) => join(folder, name));
  return scoreFiles(bundle, {
    files,
    describe,
    out: join(folder, "out.csv"),
    baseline,
    progress: () => {},
  });
}

describe("the severity of recordings too short for a diagnosis", () => {
  it("rises with wear, with and without a baseline, and is 0 dB at the baseline", async () => {
    const folder = createTemporaryFolder();
    const wears = [0, 0, 0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6];
    const names = wears.map((wear, index) => {
      const samples = wearOf(wear, index + 1);
      writeFileSync(join(folder, `${index}.npy`), encodeNpy(samples, [samples.length]));
      return `${index}.npy`;
    });
    const healthy = names.slice(0, 3).map((name) => join(folder, name));
    const { baseline, warnings } = await learnBaseline(
      bundle,
      openEachRecording(bundle, healthy, describeFile),
    );
    expect(warnings).toEqual([]);
    const kept = join(folder, "healthy.json");
    await writeBaseline(kept, baseline);
    expect((await readBaseline(kept, bundle)).baseline).toEqual(baseline);

    const measured = await score(folder, names, baseline);
    for (const { windows, faultProbability, severityReference } of measured) {
      expect([windows, faultProbability, severityReference]).toEqual([0, null, "baseline"]);
    }
    const severities = measured.map(({ severity }) => severity!);
    for (const severity of severities.slice(0, 3)) expect(Math.abs(severity)).toBeLessThan(1);
    for (let index = 4; index < wears.length; index++) {
      expect(severities[index]!).toBeGreaterThan(severities[index - 1]!);
    }
    // Sixteen times the amplitude in the bands that hear it.
    expect(severities[8]! - severities[4]!).toBeGreaterThan(10);

    const without = await score(folder, names, null);
    expect(new Set(without.map(({ severityReference }) => severityReference))).not.toContain("baseline");
    const plain = without.map(({ severity }) => severity!);
    // Against other machines the first traces of wear drown in how machines differ.
    for (let index = 6; index < wears.length; index++)
      expect(plain[index]!).toBeGreaterThan(plain[index - 1]!);
  });

  it("is in the unit that a file states of itself, and is not known of what is no acceleration", async () => {
    const folder = createTemporaryFolder();
    const samples = wearOf(0.5, 1, 2.5);
    const write = (name: string, head: string, perG: number): string => {
      writeFileSync(join(folder, name), `${head}\n${[...samples].map((each) => each * perG).join("\n")}\n`);
      return name;
    };
    const names = [
      write("g.csv", "acc [g]", 1),
      write("metric.csv", "Beschl. [m/s²]", 9.806_65),
      write("none.csv", "acc", 1),
      write("velocity.csv", "v [mm/s]", 10),
    ];
    const doubts = createUnitDoubts();
    const [inG, metric, none, velocity] = await scoreFiles(bundle, {
      files: names.map((name) => join(folder, name)),
      describe: describeFile,
      out: join(folder, "out.csv"),
      baseline: null,
      onOpened: doubts.look,
      progress: () => {},
    });
    expect(metric!.severity!).toBeCloseTo(inG!.severity!, 2);
    expect(none!.severity!).toBeCloseTo(inG!.severity!, 2);
    expect([velocity!.severity, velocity!.windows]).toEqual([null, inG!.windows]);
    expect(names.map((name) => doubts.isKnown(join(folder, name)))).toEqual([true, true, false, false]);
    expect(doubts.list()).toEqual([
      expect.stringMatching(/velocity\.csv is in mm\/s, which is no acceleration/),
    ]);
  });

  it("is doubted where a unit is stated that nobody knows, or int16 comes without a scale", async () => {
    const folder = createTemporaryFolder();
    const samples = wearOf(0.5, 1, 2.5);
    const rows = [...samples].join("\n");
    for (const unit of ["milli-g", "V/g"])
      writeFileSync(join(folder, `${unit[0]}.csv`), `acc [${unit}]\n${rows}\n`);
    const counts = samples.map((each) => Math.round(each * 1000));
    writeFileSync(
      join(folder, "counts.wav"),
      encodeWav({ kind: "pcm16", rateHz: 25_600, channels: [[...counts]] }),
    );
    const doubts = createUnitDoubts();
    await scoreFiles(bundle, {
      files: ["m.csv", "V.csv", "counts.wav"].map((name) => join(folder, name)),
      describe: describeFile,
      out: join(folder, "out.csv"),
      baseline: null,
      onOpened: doubts.look,
      progress: () => {},
    });
    expect(doubts.list()).toEqual([
      expect.stringMatching(/m\.csv says "milli-g" where a unit stands, .* its numbers are taken for g/),
      expect.stringMatching(/V\.csv says "V\/g" where a unit stands/),
      expect.stringMatching(/counts\.wav holds int16 .* a converter's of ±50 g; --scale says it/),
    ]);
  });

  it("is of counts above the rate of the contract as of counts below it, with a scale and without", async () => {
    const folder = createTemporaryFolder();
    const counts = wearOf(0.5, 1, 2.5).map((each) => Math.round(each * 1000));
    writeFileSync(join(folder, "fast.npy"), encodeNpy(Int16Array.from(counts), [counts.length]));
    const doubts = createUnitDoubts();
    const severityAs = async (scale: number | null): Promise<number> => {
      const [summary] = await scoreFiles(bundle, {
        files: [join(folder, "fast.npy")],
        describe: () =>
          Promise.resolve({ sidecar: { rateHz: 76_800, shaftRpm: 5400, bearing, scale }, channel: null }),
        out: join(folder, "out.csv"),
        baseline: null,
        onOpened: doubts.look,
        progress: () => {},
      });
      return summary!.severity!;
    };
    const taken = await severityAs(null);
    expect(doubts.list()).toEqual([expect.stringMatching(/fast\.npy holds int16 .* a converter's of ±50 g/)]);
    expect(taken).toBeCloseTo(await severityAs(50 / 32_768), 2);
  });

  it("does not fall silent when the machine becomes too loud for its sensor", async () => {
    const folder = createTemporaryFolder();
    // Knocks of up to 400 g: the range of the bundle ends at 50 g.
    const wears = [0, 0, 0, 5, 20, 100, 400];
    const names = wears.map((wear, index) => {
      const samples = wearOf(wear, index + 1);
      writeFileSync(join(folder, `${index}.npy`), encodeNpy(samples, [samples.length]));
      return `${index}.npy`;
    });
    const describeInG = describeAs(1);
    const healthy = names.slice(0, 3).map((name) => join(folder, name));
    const { baseline } = await learnBaseline(bundle, openEachRecording(bundle, healthy, describeInG));
    const summaries = await score(folder, names, baseline, describeInG);
    expect(summaries.slice(-2).every(({ setAside }) => setAside.samples.range! > 0)).toBe(true);
    const severities = summaries.map(({ severity }) => severity!);
    for (let index = 3; index < wears.length; index++) {
      expect(severities[index]!).toBeGreaterThan(severities[index - 1]! + 1);
    }
    // One impossible sample among quiet ones is no machine: it is set aside as before.
    const spiked = wearOf(0, 9, 0.3);
    spiked[100] = 1e9;
    writeFileSync(join(folder, "spiked.npy"), encodeNpy(spiked, [spiked.length]));
    const [disturbed] = await score(folder, ["spiked.npy"], baseline, describeInG);
    expect(disturbed!.setAside.samples).toEqual({ range: 496 });
    expect(Math.abs(disturbed!.severity!)).toBeLessThan(1);
  });

  it("is that of the whole recording where there is more, whatever its length", async () => {
    const folder = createTemporaryFolder();
    for (const [name, seconds] of [
      ["short.npy", 0.1],
      ["long.npy", 3],
      ["tiny.npy", 0.06],
      ["none.npy", 0.04],
    ] as const) {
      const samples = wearOf(0.3, 5, seconds);
      writeFileSync(join(folder, name), encodeNpy(samples, [samples.length]));
    }
    const [short, long, tiny, none] = await score(
      folder,
      ["short.npy", "long.npy", "tiny.npy", "none.npy"],
      null,
    );
    expect(Math.abs(short!.severity! - long!.severity!)).toBeLessThan(1.5);
    expect(Math.abs(tiny!.severity! - long!.severity!)).toBeLessThan(2.5);
    expect(none!.severity).toBeNull();
  });

  it("says that a baseline looks faulty itself, and says so again when it is read", async () => {
    const folder = createTemporaryFolder();
    const learn = async (wear: number) => {
      const samples = wearOf(wear, 3, 12);
      writeFileSync(join(folder, "a.npy"), encodeNpy(samples, [samples.length]));
      return learnBaseline(bundle, openEachRecording(bundle, [join(folder, "a.npy")], describeFile));
    };
    expect((await learn(0)).warnings).toEqual([]);
    const { baseline, warnings } = await learn(1);
    expect(warnings).toEqual([expect.stringMatching(/^looks faulty itself: half of the windows look like/)]);
    await writeBaseline(join(folder, "b.json"), baseline);
    expect((await readBaseline(join(folder, "b.json"), bundle)).warnings).toEqual(warnings);
  });

  it("refuses a baseline that is none", async () => {
    const folder = createTemporaryFolder();
    const path = join(folder, "b.json");
    writeFileSync(path, "{}");
    await expect(readBaseline(path, bundle)).rejects.toMatchObject({
      code: "DATA_FORMAT",
      hint: expect.stringMatching(/--write-baseline/),
    });
    const samples = wearOf(0, 1, 0.02);
    writeFileSync(join(folder, "a.npy"), encodeNpy(samples, [samples.length]));
    await expect(
      learnBaseline(bundle, openEachRecording(bundle, [join(folder, "a.npy")], describeFile)),
    ).rejects.toMatchObject({ code: "DATA_FORMAT", message: expect.stringMatching(/0 of 1 windows/) });
    expect(readFileSync(path, "utf8")).toBe("{}");
  });
});

it("a thinned list keeps evenly spread entries within its bound", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(3000), (half, count) => {
      const list = createThinnedList<number>(2 * half);
      for (let index = 0; index < count; index++) list.add(() => index);
      const { entries } = list;
      expect(entries.length).toBeLessThanOrEqual(2 * half);
      if (count > 0) expect(entries.length).toBeGreaterThanOrEqual(Math.min(count, half));
      const steps = new Set(entries.slice(1).map((entry, index) => entry - entries[index]!));
      expect(steps.size).toBeLessThanOrEqual(1);
    }),
  );
});
