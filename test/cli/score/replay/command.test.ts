import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { auroraHere } from "../../aurora.ts";
import { encodeNpy, shippedBundle } from "../recordings.ts";
import { nameByTime, writeRecording } from "./invented-life.ts";
import { first, flags, life, replay, writeGateway } from "./replay-command.ts";

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
      severityUnknown: null,
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
    writeFileSync(manifest, JSON.stringify({ shaftRpm: first!.shaftRpm, scale: 1e-3, recordings: [entry] }));
    const { code, stderr, report } = await replay("--manifest", manifest, "--json", ...flags);
    expect([code, stderr]).toEqual([0, ""]);
    expect(report!.points[0]).toMatchObject({
      point: "x",
      recordings: 3,
      from: "2004-02-12T10:32:39Z",
      to: "2004-02-12T10:53:05Z",
    });
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
    expect(report!.points[0]).toMatchObject({ recordings: 2, unheardRecordings: 1 });
  });

  it.each([
    [["--manifest", "m.json", "--input", "a.npy", "--out", "x.csv"], /--manifest is for --decide/],
    [["--every", "10", "--input", "a.npy", "--out", "x.csv"], /--every is for --decide/],
    [["--input", "a.npy"], /nothing says where rows go/],
    [["--out", "x.csv"], /nothing says what to score/],
    [["--decide"], /nothing says what to replay/],
    [["--decide", "--input", "a.npy", "--from", "2004-01-01"], /--every and --from go together/],
    [["--decide", "--input", "a.npy", "--baseline", "b.json"], /--baseline is not for --decide/],
    [["--decide", "--input", "a.npy", "--from", "soon", "--every", "1"], /Times are ISO 8601/],
    [["--decide", "--input", "a.npy", "--from", "1965-01-01", "--every", "1"], /from 1990 to 2099/],
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
