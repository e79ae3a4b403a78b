import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeWav } from "../../../training/dataset/samples/encode-wav.ts";
import { auroraHere } from "../../aurora.ts";
import { shippedBundle } from "../recordings.ts";
import { nameByTime, writeRecording } from "./invented-life.ts";
import { first, flags, life, replay, writeGateway } from "./replay-command.ts";

describe("aurora score --decide", () => {
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
});
