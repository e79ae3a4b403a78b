import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeNpy } from "../recordings.ts";
import { nameByTime, writeRecording } from "./invented-life.ts";
import { first, flags, life, orders, replay, writeGateway } from "./replay-command.ts";

describe("aurora score --decide", () => {
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
      recordings: 4,
      unheardRecordings: 2,
      learntAt: null,
      alarms: [],
      setAside: { recordings: { sameTime: 1, overlapping: 1, unread: 2 } },
    });
    expect(report!.errors.map(({ file, error }) => [file, error.code])).toEqual([
      [timeless, "USAGE"],
      [torn, "DATA_FORMAT"],
    ]);
    expect(stderr).toMatch(/error: nothing says when .*acc_00001/);
  });

  it("says of each point of a file once what is wrong there, and counts the file once", async () => {
    const folder = createTemporaryFolder();
    const rows = life.slice(0, 2).map(({ counts }) => counts.slice(0, 12_000));
    const both = Int16Array.from(rows.flatMap((row) => [...row]));
    writeFileSync(join(folder, "a.npy"), encodeNpy(both, [2, 12_000]));
    const time = new Date(first!.timeMs).toISOString();
    const entry = { file: "a.npy", time, everySeconds: 600 };
    const manifest = join(folder, "m.json");
    const recordings = [
      { ...entry, point: "p", channel: "70" },
      { ...entry, point: "q", channel: "80" },
      { ...entry, point: "r", rows: "snapshots", rateHz: 100 },
      { ...entry, point: "s", rows: "snapshots", rateHz: 100 },
    ];
    writeFileSync(manifest, JSON.stringify({ rateHz: 12_000, recordings }));
    const args = ["--manifest", manifest, "--shaft-rpm", "1200", ...flags.slice(2)];
    const { report, stderr } = await replay(...args, "--json");
    expect(report!.errors.map(({ point }) => point)).toEqual(["p", "q", "r", "s"]);
    for (const point of ["p", "q", "r", "s"]) expect(stderr).toContain(`error: ${point}: `);
    expect((await replay(...args)).stdout).toContain("1 file that could not be read");
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
      /^warning: .*: about half of the samples or more of 2 of 6 recordings were set aside \(stuck\); the last window that could be decided ended at 2004-02-12T/m,
    );
    const { report } = await replay(...args, "--json");
    expect(report!.points[0]).toMatchObject({
      recordings: 6,
      unheardRecordings: 2,
      heardUntil: expect.stringMatching(/^2004-02-12T/),
    });
    expect(report!.warnings.map((each) => `warning: ${each}`)).toEqual(stderr.trimEnd().split("\n"));
  });

  it("says of how many recordings nothing is known since they could not be read", async () => {
    const folder = createTemporaryFolder();
    const files = life.slice(0, 6).map((each) => writeRecording(folder, nameByTime(each.timeMs), each));
    for (const file of files.slice(3)) writeFileSync(file, readFileSync(file).subarray(0, 1000));
    const args = ["--input", ...files, "--shaft-rpm", "1200", ...flags];
    const { code, stdout, stderr } = await replay(...args);
    expect(code).toBe(1);
    const last = new Date(life[5]!.timeMs).toISOString().replace(".000Z", "Z");
    expect(stdout).toContain(`: 6 recordings, 2004-02-12T10:32:39Z to ${last}, `);
    expect(stdout).toContain(
      "no alarm would have been raised, but how it was in 3 of 6 recordings is not known",
    );
    expect(stderr).toMatch(
      /^warning: .*: 3 of 6 recordings could not be read; the last window that could be decided ended at 2004-02-12T/m,
    );
  });

  it("counts a file that cannot be read at each of its points, whether its time is known or not", async () => {
    const folder = createTemporaryFolder();
    const files = life.slice(0, 4).map(({ timeMs, counts }, index) => {
      const path = join(folder, `${nameByTime(timeMs)}.csv`);
      const rows = Array.from(counts.subarray(0, 60_000), (each) => `${each},${each}`);
      if (index === 1) rows[50_000] = "broken";
      writeFileSync(path, index === 2 ? "" : `a,b\n${rows.join("\n")}\n`);
      return path;
    });
    writeFileSync(`${files[3]}.json`, JSON.stringify({ time: "soon" }));
    const points = ["--point", "p=*#a", "--point", "q=*#b", "--shaft-rpm", "1200"];
    const { report } = await replay("--input", ...files, "--json", ...points, ...flags);
    const to = new Date(life[2]!.timeMs).toISOString().replace(".000Z", "Z");
    const lost = { recordings: 4, unheardRecordings: 3, to, setAside: { recordings: { unread: 3 } } };
    expect(report!.points).toMatchObject([
      { point: "p", ...lost },
      { point: "q", ...lost },
    ]);
  });

  /** Recordings every other of which has samples that are no number, from one on so far apart; 0: one. */
  function writeBroken(first: number, apart: number): string[] {
    const folder = createTemporaryFolder();
    return life.slice(0, 4).map(({ timeMs, counts, scale }, index) => {
      const path = join(folder, `${nameByTime(timeMs)}.npy`);
      const samples = Float32Array.from(counts.subarray(0, 50_000), (each) => each * scale);
      for (let bad = first; index % 2 === 1 && bad < samples.length; bad += apart || samples.length)
        samples[bad] = Number.NaN;
      writeFileSync(path, encodeNpy(samples, [50_000]));
      return path;
    });
  }

  it("hears a recording out of which one sample is missing, and counts what was set aside for it", async () => {
    const input = ["--input", ...writeBroken(25_000, 0), "--shaft-rpm", "1200", "--unit", "g", ...flags];
    const { report } = await replay(...input, "--json");
    expect(report!.points[0]).toMatchObject({
      recordings: 4,
      windows: 4,
      unheardRecordings: 0,
      setAside: { samples: { "not-finite": 2 * 496 } },
    });
  });

  it("does not call recordings mostly lost of which little was lost, and yet no window could be decided", async () => {
    // One sample in 1,488: no piece between two blocks that were set aside is a revolution long.
    const files = writeBroken(700, 3 * 496);
    const { stderr } = await replay("--input", ...files, "--shaft-rpm", "500", "--unit", "g", ...flags);
    expect(stderr).toMatch(
      /^warning: .*: no window of 2 of 4 recordings could be decided, though only 3\d\.\d % of their samples were set aside \(not-finite\); the last window/m,
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
    expect(stderr).toMatch(
      /: about half of the samples or more of 1 of 2 recordings were set aside \(not-finite\)/,
    );
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

  it("says of a recording in which the speed falls below the standby limit for a moment that it does", async () => {
    const folder = createTemporaryFolder();
    const recordings = life.slice(0, 3).map(({ timeMs, counts, rateHz, scale }, index) => {
      const file = `${nameByTime(timeMs)}.npy`;
      const samples = counts.subarray(0, 20 * rateHz);
      writeFileSync(join(folder, file), encodeNpy(samples, [samples.length]));
      const rpm = Array.from({ length: 20 }, (_, second) => (index === 1 && second === 10 ? 290 : 310));
      writeFileSync(join(folder, `${file}.csv`), ["rpm", ...rpm, ""].join("\n"));
      const speed = { file: `${file}.csv`, channel: "rpm", rateHz: 1, unit: "rpm" };
      return { file, time: timeMs, rateHz, scale, unit: "g", speed };
    });
    const manifest = join(folder, "m.json");
    const args = ["--manifest", manifest, "--gateway", writeGateway(folder)];
    const write = (listed: readonly object[]): void =>
      writeFileSync(manifest, JSON.stringify({ bearing: first!.bearing, recordings: listed }));
    write(recordings);
    const { report, stderr } = await replay(...args, "--json");
    expect(report!.points[0]).toMatchObject({
      unheardRecordings: 1,
      setAside: { recordings: { slowed: 1, tooShort: 0 } },
    });
    const why = "the speed fell below 300 rpm (operation.standbyBelowRpm)";
    expect(stderr).toContain(`: no window of 1 of 3 recordings could be decided: ${why}; the last window`);
    write(recordings.slice(1, 2));
    const alone = await replay(...args);
    expect(alone.stderr).toContain(`: no window could be decided, ${why}\nhint: check its speed`);
    // Beside one that is too short by itself.
    const brief = `${nameByTime(first!.timeMs)}.npy`;
    writeFileSync(join(folder, brief), encodeNpy(first!.counts.subarray(0, 400), [400]));
    write(recordings.slice(0, 2));
    const both = await replay(...args);
    expect(both.stderr).toContain(
      `: no window could be decided; in 1 of 2 recordings ${why}\nhint: its recordings are too short`,
    );
  });
});
