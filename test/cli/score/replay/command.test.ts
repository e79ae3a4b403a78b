import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeWav } from "../../../training/dataset/samples/encode-wav.ts";
import { auroraHere } from "../../aurora.ts";
import { encodeNpy, shippedBundle } from "../recordings.ts";
import { inventLife, nameByTime, writeRecording } from "./invented-life.ts";

const life = inventLife({ recordings: 10, healthy: 7, seconds: 26, everySeconds: 600 });
const [first] = life;
const orders = Object.entries(first!.bearing).map(([name, order]) => `${name}=${order}`);
const flags = ["--rate-hz", `${first!.rateHz}`, "--bearing", orders.join(",")];

interface Report {
  readonly model: { readonly name: string };
  readonly budget: object;
  readonly points: readonly {
    readonly point: string;
    readonly learntAt: string | null;
    readonly windows: number;
    readonly recordings: number;
    readonly alarms: readonly { readonly severityDb: number | null }[];
    readonly setAside: object;
  }[];
  readonly warnings: readonly string[];
  readonly errors: readonly { readonly file: string; readonly error: { readonly code: string } }[];
}

async function replay(...args: readonly string[]) {
  const finished = await auroraHere("score", shippedBundle, "--decide", ...args);
  const report =
    args.includes("--json") && finished.stdout !== "" ? (JSON.parse(finished.stdout) as Report) : null;
  return { ...finished, report };
}

/** A gateway that learns within an hour. */
function writeGateway(folder: string): string {
  const path = join(folder, "gateway.yaml");
  const bearing = JSON.stringify(first!.bearing);
  writeFileSync(
    path,
    `gateway: {id: gw, site: north}
devices: [{id: mcu, connect: mqtt}]
turbines: [{id: WT01, points: [{component: b, bundle: bearing-vibration, device: mcu, channel: a, bearing: ${bearing}}]}]
commissioning: {minWindows: 64, minHours: 0.5}
alarms: {falsePerTurbineYear: 0.5}
`,
  );
  return path;
}

describe("aurora score --decide", () => {
  it("prints what a gateway would have done, as JSON and in words", async () => {
    const folder = createTemporaryFolder();
    const gateway = writeGateway(folder);
    mkdirSync(join(folder, "drive-end"));
    const files = life.map((each) =>
      writeRecording(join(folder, "drive-end"), nameByTime(each.timeMs), each),
    );
    const out = join(folder, "rows.csv");
    const args = ["--input", ...files, "--gateway", gateway];
    const { code, stderr, report } = await replay(...args, "--out", out, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    expect(report!.model.name).toBe("bearing-vibration");
    expect(report!.budget).toEqual({
      falsePerTurbineYear: 0.5,
      points: 1,
      turbines: [{ turbine: null, points: 1 }],
    });
    const [point] = report!.points;
    expect(point!.point).toBe("drive-end");
    const iso = /^2004-02-12T\d\d:\d\d:\d\d(\.\d{3})?Z$/;
    expect(point!.learntAt).toMatch(iso);
    expect(point!.alarms[0]).toEqual({
      failureMode: "outer-race",
      raisedAt: expect.stringMatching(iso),
      clearedAt: null,
      clearedReason: null,
      quietSince: null,
      severity: expect.stringMatching(/^(warning|critical)$/),
      lane: expect.toSatisfy((lane) => lane === null || lane === "fast" || lane === "slow"),
      since: expect.stringMatching(iso),
      criticalAt: null,
      criticalEvidence: null,
      probability: expect.any(Number),
      severityDb: expect.any(Number),
      reason: expect.stringMatching(/^score .* dB above its own reference\. /),
      evidence: expect.objectContaining({ sentence: expect.any(String) }),
      outlook: expect.toSatisfy((outlook) => outlook === null || typeof outlook === "object"),
      worst: {
        severity: expect.stringMatching(/^(warning|critical)$/),
        severityDb: expect.toSatisfy((db: number) => db >= point!.alarms[0]!.severityDb!),
        severityDbAt: expect.stringMatching(iso),
        lastOutlook: expect.toSatisfy((outlook) => outlook === null || typeof outlook === "object"),
        lastOutlookAt: expect.toSatisfy((at) => at === null || iso.test(at)),
      },
      leadingMode: null,
      leadingModeAt: null,
      whyItStands: null,
    });
    expect(report!.warnings).toEqual([]);
    const rows = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(rows[0]).toBe(
      "point,from_ms,to_ms,shaft_rpm,state,quantised_inner,quantised_outer,quantised_ball,probability_inner,probability_outer,probability_ball,active_inner,active_outer,active_ball,severity_db",
    );
    expect(rows).toHaveLength(1 + point!.windows);
    const words = await replay(...args);
    expect([words.code, words.stderr]).toEqual([0, ""]);
    expect(words.stdout).toMatch(/^drive-end: 10 recordings, 2004-02-12T10:32:39Z to /);
    expect(words.stdout).toMatch(/\n {2}2004-02-12T10:32:39Z {2}learning\n/);
    expect(words.stdout).toMatch(/ {2}own reference(, provisional)?: version 1 of \d+ windows/);
    expect(words.stdout).toMatch(
      / {2}raised outer race fault.* by the (fast|slow) lane, since 2004-02-12T[^ ]*Z: .*\(probability [01]\./,
    );
    expect(words.stdout).toMatch(/at the end outer race fault \(warning\) stands/);
    expect(words.stdout).toMatch(/\nbudget: 0\.5 false alarms a turbine and year\nset aside: nothing\n$/);
  });

  it("sets aside what was recorded twice, begins too soon or cannot be read, and plays the rest", async () => {
    const folder = createTemporaryFolder();
    const [a, b, c] = life;
    const good = writeRecording(folder, nameByTime(a!.timeMs), a!);
    const same = writeRecording(folder, `again_${nameByTime(a!.timeMs)}`, a!);
    const early = writeRecording(folder, nameByTime(a!.timeMs + 5000), b!);
    const late = writeRecording(folder, nameByTime(c!.timeMs), c!);
    const timeless = writeRecording(folder, "acc_00001", b!);
    const torn = join(folder, nameByTime(b!.timeMs));
    writeFileSync(torn, readFileSync(late).subarray(0, 1000));
    const { code, stderr, report } = await replay(
      "--input",
      late,
      torn,
      early,
      good,
      same,
      timeless,
      "--json",
      "--shaft-rpm",
      "1200",
      ...flags,
    );
    expect(code).toBe(1);
    expect(report!.points).toHaveLength(1);
    expect(report!.points[0]).toMatchObject({
      recordings: 2,
      learntAt: null,
      alarms: [],
      setAside: { recordings: { sameTime: 1, overlapping: 1 } },
    });
    expect(report!.errors.map(({ file, error }) => [file, error.code])).toEqual([
      [timeless, "USAGE"],
      [torn, "DATA_FORMAT"],
    ]);
    expect(stderr).toMatch(/error: nothing says when .*acc_00001/);
  });

  it("plays the channels of a text without names as points of their own", async () => {
    const folder = createTemporaryFolder();
    const files = life.slice(0, 2).map(({ timeMs, counts, scale }) => {
      const path = join(folder, nameByTime(timeMs));
      const lines = Array.from(counts.subarray(0, 80_000), (each, index) => {
        const value = (each * scale).toFixed(4);
        // The last channel lost its sensor for a while.
        return `${value}\t${(index % 7) - 3}\t${index > 40_000 && index < 50_000 ? "nan" : value}`;
      });
      writeFileSync(path, `${lines.join("\n")}\n`);
      return path;
    });
    const points = ["--point", "b1=2004*#0", "b2=2004*#2"];
    const { code, stderr, report } = await replay(
      "--input",
      ...files,
      "--json",
      "--shaft-rpm",
      "1200",
      ...points,
      ...flags,
    );
    expect([code, stderr]).toEqual([0, ""]);
    const [b1, b2] = report!.points;
    expect([b1!.point, b2!.point]).toEqual(["b1", "b2"]);
    expect(b1).toMatchObject({ recordings: 2, windows: 4, setAside: { windows: 0, samples: {} } });
    expect(b2!.windows).toBe(2);
    // Whole blocks are lost.
    expect(b2).toMatchObject({ setAside: { windows: 2, samples: { "not-finite": expect.any(Number) } } });
  });

  it("takes rows of an array by a manifest alone", async () => {
    const folder = createTemporaryFolder();
    const length = 26 * first!.rateHz;
    const rows = new Int16Array(3 * length);
    for (const [index, { counts }] of life.slice(0, 3).entries()) rows.set(counts, index * length);
    writeFileSync(join(folder, "rows.npy"), encodeNpy(rows, [3, length]));
    const manifest = join(folder, "manifest.yaml");
    const entry = {
      file: "rows.npy",
      rows: "snapshots",
      time: "2004-02-12T10:32:39Z",
      everySeconds: 600,
      point: "x",
    };
    writeFileSync(manifest, JSON.stringify({ shaftRpm: first!.shaftRpm, recordings: [entry] }));
    const { code, stderr, report } = await replay("--manifest", manifest, "--json", ...flags);
    expect([code, stderr]).toEqual([0, ""]);
    expect(report!.points[0]).toMatchObject({
      point: "x",
      recordings: 3,
      from: "2004-02-12T10:32:39Z",
      to: "2004-02-12T10:53:05Z",
    });
  });

  it("says of recordings that are too short even together that nothing could be decided", async () => {
    const folder = createTemporaryFolder();
    const files = life
      .slice(0, 3)
      .map((each) =>
        writeRecording(folder, nameByTime(each.timeMs), { ...each, counts: each.counts.subarray(0, 400) }),
      );
    const { code, stdout, stderr } = await replay("--input", ...files);
    expect(code).toBe(1);
    expect(stdout).toMatch(/no window could be decided/);
    expect(stderr).toMatch(
      /: no window could be decided\nhint: its recordings are too short, below one revolution of the shaft each or below 8 in all/,
    );
    const { report } = await replay("--input", ...files, "--json");
    expect(report!.points[0]).toMatchObject({
      unheardRecordings: 3,
      setAside: { recordings: { tooShort: 3 } },
    });
    expect(report!.warnings).toContainEqual(
      expect.stringMatching(/: no window could be decided: its recordings are too short/),
    );
  });

  it("says of how many recordings nothing is known, and until when something was heard", async () => {
    const folder = createTemporaryFolder();
    const gateway = writeGateway(folder);
    const files = life.slice(0, 6).map((each, index) => {
      const counts = index < 4 ? each.counts : each.counts.map(() => 7);
      return writeRecording(folder, nameByTime(each.timeMs), { ...each, counts });
    });
    const args = ["--input", ...files, "--gateway", gateway, ...flags, "--unit", "g"];
    const { code, stdout, stderr } = await replay(...args);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "no alarm would have been raised, but how it was in 2 of 6 recordings is not known",
    );
    expect(stderr).toMatch(
      /^warning: .*: most samples of 2 of 6 recordings were set aside \(stuck\); the last window that could be decided ended at 2004-02-12T/m,
    );
    const { report } = await replay(...args, "--json");
    expect(report!.points[0]).toMatchObject({
      recordings: 6,
      unheardRecordings: 2,
      heardUntil: expect.stringMatching(/^2004-02-12T/),
    });
    expect(report!.warnings.map((each) => `warning: ${each}`)).toEqual(stderr.trimEnd().split("\n"));
  });

  it("does not call recordings mostly lost of which little was lost, and yet no window could be decided", async () => {
    const folder = createTemporaryFolder();
    const files = life.slice(0, 4).map(({ timeMs, counts, scale }, index) => {
      const path = join(folder, `${nameByTime(timeMs)}.npy`);
      const samples = Float32Array.from(counts.subarray(0, 50_000), (each) => each * scale);
      if (index % 2 === 1) samples[25_000] = Number.NaN;
      writeFileSync(path, encodeNpy(samples, [50_000]));
      return path;
    });
    const { stderr } = await replay("--input", ...files, "--shaft-rpm", "1200", "--unit", "g", ...flags);
    expect(stderr).toMatch(
      /^warning: .*: no window of 2 of 4 recordings could be decided, though only 1\.0 % of their samples were set aside \(not-finite\); the last window/m,
    );
  });

  it("says from where on recordings are half as long at the same stated rate", async () => {
    const folder = createTemporaryFolder();
    const files = life.slice(0, 6).map((each, index) => {
      const counts = index < 3 ? each.counts : each.counts.filter((_, at) => at % 2 === 0);
      return writeRecording(folder, nameByTime(each.timeMs), { ...each, counts });
    });
    const { report } = await replay("--input", ...files, "--json", ...flags);
    expect(report!.warnings).toContainEqual(
      expect.stringMatching(
        /^rate: .*: from .*11\.02\.39\.npy \(2004-02-12T11:02:39Z\) on each .* half as long/,
      ),
    );
  });

  it("counts what was set aside of a recording that is heard at a half of its rate at that rate", async () => {
    const folder = createTemporaryFolder();
    const files = life.slice(0, 2).map(({ timeMs, counts, scale }, index) => {
      const path = join(folder, `${nameByTime(timeMs)}.npy`);
      const samples = Float32Array.from(counts.subarray(0, 300_000), (each) => each * scale);
      if (index === 1) samples.fill(Number.NaN, 50_000);
      writeFileSync(path, encodeNpy(samples, [300_000]));
      return path;
    });
    const fast = ["--rate-hz", "96000", "--shaft-rpm", "1200", "--bearing", orders.join(","), "--unit", "g"];
    const { stderr } = await replay("--input", ...files, ...fast);
    expect(stderr).toMatch(/: most samples of 1 of 2 recordings were set aside \(not-finite\)/);
  });

  it("says in JSON as on stderr where a file says otherwise itself, and where its times go back", async () => {
    const folder = createTemporaryFolder();
    const samples = [...first!.counts.subarray(0, first!.rateHz)];
    const wave = join(folder, `${nameByTime(first!.timeMs)}.wav`);
    writeFileSync(wave, encodeWav({ kind: "float32", rateHz: 16_000, channels: [samples] }));
    const table = join(folder, `${nameByTime(first!.timeMs + 600_000)}.csv`);
    const rows = samples.map((each, row) => `${((row % 9000) / first!.rateHz).toFixed(7)},${each}`);
    writeFileSync(table, `time [s],acc\n${rows.join("\n")}\n`);
    const point = ["--point", "a=*.wav", "a=*.csv#acc"];
    const args = ["--input", wave, table, ...point, "--shaft-rpm", "1200", ...flags];
    const { report, stderr } = await replay(...args, "--json");
    expect(report!.warnings.slice(0, 2)).toEqual([
      expect.stringMatching(/^rate: .*\.wav says 16000 Hz itself, and --rate-hz/),
      expect.stringMatching(/^time: .*\.csv: its column of times goes back at row 9001/),
    ]);
    expect(report!.warnings.map((each) => `warning: ${each}`)).toEqual(stderr.trimEnd().split("\n"));
  });

  it("does not hear the samples of an earlier recording again, and says since when they come", async () => {
    const folder = createTemporaryFolder();
    const gateway = writeGateway(folder);
    const files = life.slice(0, 6).map((each, index) => {
      const counts = index < 4 ? each.counts : life[3]!.counts;
      return writeRecording(folder, nameByTime(each.timeMs), { ...each, counts });
    });
    const args = ["--input", ...files, "--gateway", gateway, ...flags];
    const { stdout, stderr } = await replay(...args);
    expect(stdout).toContain(": 6 recordings, 2004-02-12T10:32:39Z to 2004-02-12T11:22:39Z,");
    expect(stdout).toContain(
      "no alarm would have been raised, but how it was in 2 of 6 recordings is not known",
    );
    expect(stdout).toContain("set aside: 2 recordings with the very samples of an earlier one\n");
    expect(stderr).toMatch(
      /^warning: [^;]*: 2 of 6 recordings have the very samples of an earlier one, the first at 2004-02-12T11:12:39Z, and were not heard: does the logger hang\?; the last window [^;]* 2004-02-12T11:03:\S*\n$/,
    );
    const { report } = await replay(...args, "--json");
    expect(report!.points[0]).toMatchObject({
      recordings: 6,
      unheardRecordings: 2,
      repeatedSince: "2004-02-12T11:12:39Z",
      setAside: { recordings: { repeated: 2, tooShort: 0 } },
    });
    expect(report!.warnings.map((each) => `warning: ${each}`)).toEqual(stderr.trimEnd().split("\n"));
  });

  it("counts recordings that are too short to be heard, and says so", async () => {
    const folder = createTemporaryFolder();
    // Less than a revolution, after and before whole windows.
    const files = life.slice(0, 3).map((each, index) => {
      const counts = index === 1 ? each.counts.slice(0, 400) : each.counts;
      return writeRecording(folder, nameByTime(each.timeMs), { ...each, counts });
    });
    const { code, stdout, stderr } = await replay("--input", ...files, ...flags);
    expect(code).toBe(0);
    expect(stdout).toContain("but how it was in 1 of 3 recordings is not known");
    expect(stdout).toContain("set aside: 1 recording too short to be heard\n");
    expect(stderr).toMatch(/^warning: .*: 1 of 3 recordings were too short to be heard; the last window/m);
  });

  it("says of a turbine that stands by so, and not that it was not heard", async () => {
    const folder = createTemporaryFolder();
    const gateway = writeGateway(folder);
    const files = life.slice(0, 3).map((each, index) =>
      writeRecording(folder, nameByTime(each.timeMs), {
        ...each,
        shaftRpm: index === 1 ? 2 : each.shaftRpm,
      }),
    );
    const { stdout } = await replay("--input", ...files, "--gateway", gateway, ...flags);
    expect(stdout).toContain("set aside: 1 recording of a turbine that stands by\n");
    expect(stdout).not.toContain("is not known");
  });

  it("counts a shaft that stands as a turbine that stands by, and a score says that it stands", async () => {
    const folder = createTemporaryFolder();
    const files = life.slice(0, 3).map((each, index) =>
      writeRecording(folder, nameByTime(each.timeMs), {
        ...each,
        shaftRpm: index === 0 ? 0 : each.shaftRpm,
      }),
    );
    const { code, stderr, stdout } = await replay("--input", ...files, ...flags);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(": 3 recordings, 2004-02-12T10:32:39Z to ");
    expect(stdout).toContain("set aside: 1 recording of a turbine that stands by\n");
    const alone = await replay("--input", files[0]!, ...flags, "--json");
    expect(alone.code).toBe(1);
    expect(alone.report!.warnings).toEqual([
      expect.stringMatching(/: no window could be decided, its turbine stands by in all recordings: check/),
    ]);
    const out = join(folder, "rows.csv");
    const scored = await auroraHere("score", shippedBundle, "--input", files[0]!, "--out", out, ...flags);
    expect([scored.code, scored.stderr]).toEqual([
      1,
      expect.stringContaining("the shaft stands: its speed is 0"),
    ]);
  });

  it("decides snapshots to the last one, and one that stands alone", async () => {
    const folder = createTemporaryFolder();
    // A second of 10 revolutions and more: less than a window.
    const files = life.slice(0, 3).map((each) =>
      writeRecording(folder, nameByTime(each.timeMs), {
        ...each,
        counts: each.counts.slice(0, each.rateHz),
      }),
    );
    for (const given of [files, files.slice(0, 1)]) {
      const { code, stderr, report } = await replay("--input", ...given, ...flags, "--json");
      expect([code, stderr]).toEqual([0, ""]);
      expect(report!.points[0]).toMatchObject({ windows: given.length, unheardRecordings: 0 });
    }
  });

  it("refuses recordings of another bearing at the same point", async () => {
    const folder = createTemporaryFolder();
    const [a, b] = life;
    const one = writeRecording(folder, nameByTime(a!.timeMs), a!);
    const bearing = { bpfo: 3.5, bpfi: 5.5, bsf: 4.7, ftf: 0.39 };
    const other = writeRecording(folder, nameByTime(b!.timeMs), { ...b!, bearing });
    const { code, report } = await replay("--input", one, other, "--json");
    expect(code).toBe(1);
    expect(report!.errors).toMatchObject([{ file: other, error: { code: "CONFIG_INVALID" } }]);
    expect(report!.points[0]).toMatchObject({ recordings: 1 });
  });

  it.each([
    [["--manifest", "m.json", "--input", "a.npy", "--out", "x.csv"], /--manifest is for --decide/],
    [["--every", "10", "--input", "a.npy", "--out", "x.csv"], /--every is for --decide/],
    [["--input", "a.npy"], /nothing says where rows go/],
    [["--out", "x.csv"], /nothing says what to score/],
    [["--decide"], /nothing says what to replay/],
    [["--decide", "--input", "a.npy", "--from", "2004-01-01"], /--every and --from go together/],
    [["--decide", "--input", "a.npy", "--baseline", "b.json"], /--baseline is not for --decide/],
    [["--decide", "--input", "a.npy", "--from", "soon", "--every", "1"], /Write a time such as/],
    [["--decide", "--input", "a.npy", "--point", "x"], /NAME=FILE/],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await auroraHere("score", shippedBundle, ...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it("is for recordings", async () => {
    const dir = join(shippedBundle, "..", "..", "turbine-scada", "1.0.0");
    const { code, stderr } = await auroraHere("score", dir, "--decide", "--input", "a.csv");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--decide: this bundle scores tables/)]);
  });

  it("never writes its rows over what it reads", async () => {
    const folder = createTemporaryFolder();
    const file = writeRecording(folder, nameByTime(first!.timeMs), first!);
    const { code, stderr } = await replay("--input", file, "--out", file);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/is an input, and --out would replace it/)]);
  });
});
