import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatInstant } from "../../../../src/cli/score/files/time-doubts.ts";
import { type PlanRequest, planReplay } from "../../../../src/cli/score/replay/plan-replay.ts";
import { listUnreadKeys, readManifest } from "../../../../src/cli/score/replay/replay-manifest.ts";
import { parsePointFiles } from "../../../../src/cli/score/replay/replay-options.ts";
import { createDescriber, type SidecarFlags } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import { hasErrorCode } from "../../../../src/core/contract/aurora-error.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeNpy } from "../recordings.ts";

const orders = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
const flags: SidecarFlags = { rateHz: 12_000, shaftRpm: 1797, bearing: orders };
const samples = encodeNpy(new Int16Array(100), [100]);

function createFolder(...names: readonly string[]): { folder: string; files: string[] } {
  const folder = createTemporaryFolder();
  const files = names.map((name) => join(folder, name));
  for (const file of files) {
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, samples);
  }
  return { folder, files };
}

async function plan(request: Partial<PlanRequest>, own: SidecarFlags = flags) {
  const describer = await createDescriber(own);
  const made = await planReplay({
    input: undefined,
    manifest: null,
    points: [],
    course: null,
    describer,
    ...request,
  });
  return {
    ...made,
    shown: made.recordings.map(
      ({ file, point, timeMs }) =>
        `${formatInstant(timeMs)} ${point} ${file.slice(file.lastIndexOf("/") + 1)}`,
    ),
  };
}

async function writeManifest(
  folder: string,
  document: unknown,
  name = "manifest.json",
): Promise<PlanRequest["manifest"]> {
  const path = join(folder, name);
  writeFileSync(path, typeof document === "string" ? document : JSON.stringify(document));
  return { path, entries: await readManifest(path) };
}

const refused = (code: "USAGE" | "CONFIG_INVALID", message: RegExp) =>
  expect.toSatisfy((error: unknown) => hasErrorCode(error, code) && message.test((error as Error).message));

describe("times", () => {
  it("are of the beginning of an alarm's samples, as their description says it", async () => {
    const { folder, files } = createFolder("ev.npy");
    writeFileSync(
      join(folder, "ev.json"),
      JSON.stringify({ rateHz: 12_000, from: "2026-11-27T02:52:31.534Z" }),
    );
    expect((await plan({ input: files })).shown[0]).toMatch(/^2026-11-27T02:52:31/);
    writeFileSync(join(folder, "ev.json"), JSON.stringify({ rateHz: 12_000, from: "rig 3" }));
    expect((await plan({ input: files })).errors[0]?.error.message).toMatch(/nothing says when/);
  });

  it("are of the name, and files are put in their order", async () => {
    const { files } = createFolder("rig/20040212_103339.npy", "rig/20040212_103239.npy");
    const { shown, errors } = await plan({ input: files });
    expect(errors).toEqual([]);
    expect(shown).toEqual([
      "2004-02-12T10:32:39Z rig 20040212_103239.npy",
      "2004-02-12T10:33:39Z rig 20040212_103339.npy",
    ]);
  });

  it("of a sidecar go before the name's, those of --from before both, and the manifest's before all", async () => {
    const { folder, files } = createFolder("20040212_103239.npy");
    writeFileSync(
      join(folder, "20040212_103239.json"),
      JSON.stringify({ time: "2005-01-01T00:00:00+01:00" }),
    );
    expect((await plan({ input: files })).shown[0]).toMatch(/^2004-12-31T23:00:00Z/);
    const course = { fromMs: Date.UTC(2006, 0, 1), everyMs: 1000 };
    expect((await plan({ input: files, course })).shown[0]).toMatch(/^2006-01-01T00:00:00Z/);
    const manifest = await writeManifest(folder, [{ file: "20040212_103239.npy", time: 1_170_000_000_000 }]);
    expect((await plan({ input: files, course, manifest })).shown[0]).toMatch(/^2007-01-28T16:00:00Z/);
  });

  it("of files without any are said to be missing, with the ways to say them; the others are planned", async () => {
    const { files } = createFolder("acc_00001.npy", "20040212_103239.npy");
    const { shown, errors } = await plan({ input: files });
    expect(shown).toHaveLength(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ file: files[0], error: { code: "USAGE" } });
    expect(errors[0]!.error.message).toMatch(/^nothing says when .*acc_00001\.npy was recorded$/);
    expect(errors[0]!.error.hint).toMatch(/--manifest.*"time".*by its time.*--from/);
  });

  it("are of a table's own column, where nothing else says one", async () => {
    const { files } = createFolder("rec1.csv", "20240226_000000.csv");
    for (const file of files)
      writeFileSync(file, "timestamp,acc\n2024-02-26T01:10:00.250Z,1\n".padEnd(200, "\n"));
    const { shown } = await plan({ input: files });
    expect(shown).toEqual([
      expect.stringMatching(/^2024-02-26T00:00:00Z .* 20240226_000000.csv$/),
      expect.stringMatching(/^2024-02-26T01:10:00.250Z .* rec1.csv$/),
    ]);
  });

  it("of --from and --every follow the numbers in the names, point by point", async () => {
    const { files } = createFolder("a/acc_10.npy", "a/acc_9.npy", "b/acc_1.npy");
    const { shown } = await plan({
      input: files,
      course: { fromMs: Date.UTC(2004, 0, 1), everyMs: 600_000 },
    });
    expect(shown).toEqual([
      "2004-01-01T00:00:00Z a acc_9.npy",
      "2004-01-01T00:00:00Z b acc_1.npy",
      "2004-01-01T00:10:00Z a acc_10.npy",
    ]);
  });

  it.each(["yesterday", "2004-02-31T00:00:00Z", "12.02.2004", "-1", "1e99", "NaN"])(
    "that are none (%s) are that file's error",
    async (time) => {
      const { folder, files } = createFolder("acc_1.npy", "20040212_103239.npy");
      writeFileSync(join(folder, "acc_1.json"), JSON.stringify({ time }));
      const { shown, errors } = await plan({ input: files });
      expect(shown).toHaveLength(1);
      expect(errors[0]).toMatchObject({ file: files[0], error: { code: "CONFIG_INVALID" } });
    },
  );

  it("are of recordings alone where a pattern names their sidecars and the manifest too", async () => {
    const { folder, files } = createFolder("20040212_103239.npy", "2004.02.12.10.33.39");
    const sidecars = ["20040212_103239.json", "2004.02.12.10.33.39.json"].map((name) => join(folder, name));
    for (const sidecar of sidecars) writeFileSync(sidecar, JSON.stringify({ point: "p" }));
    const manifest = await writeManifest(folder, [
      { file: "20040212_103239.npy", time: "2004-02-12T10:32:40Z" },
    ]);
    const { shown, errors } = await plan({ input: [manifest!.path, ...sidecars, ...files], manifest });
    expect(errors).toEqual([]);
    expect(shown.map((text) => text.split(" ")[0])).toEqual(["2004-02-12T10:32:40Z", "2004-02-12T10:33:39Z"]);
  });

  it("and all else that a file lacks is that file's error", async () => {
    const { files } = createFolder("20040212_103239.npy");
    const { errors } = await plan({ input: files }, { rateHz: 12_000, bearing: orders });
    expect(errors[0]!.error.message).toMatch(/nothing says the shaft speed/);
  });
});

describe("points", () => {
  it("are folders, by their paths where two have one name", async () => {
    const { folder, files } = createFolder(
      "a/x/20040212_103239.npy",
      "b/x/20040212_103339.npy",
      "c/20040212_103439.npy",
    );
    expect((await plan({ input: files })).points).toEqual([`${folder}/a/x`, `${folder}/b/x`, "c"]);
  });

  it("are named by an option, which goes before a sidecar's", async () => {
    const { folder, files } = createFolder("20040212_103239.npy", "20040213_103239.npy");
    writeFileSync(join(folder, "20040212_103239.json"), JSON.stringify({ point: "own" }));
    expect((await plan({ input: files.slice(0, 1) })).points).toEqual(["own"]);
    const points = parsePointFiles("b=20040213*", parsePointFiles("a=20040212*"));
    expect((await plan({ input: files, points })).points).toEqual(["a", "b"]);
  });

  it("of two turbines are two, though they have one name", async () => {
    const { folder, files } = createFolder("a.npy", "b.npy", "c.npy", "WT03/d.npy");
    writeFileSync(join(folder, "c.json"), JSON.stringify({ turbine: "WT01" }));
    writeFileSync(join(folder, "WT03/d.json"), JSON.stringify({ turbine: "WT03" }));
    const manifest = await writeManifest(folder, [
      { file: "a.npy", turbine: "WT01", point: "main" },
      { file: "b.npy", turbine: "WT02", point: "main" },
      { file: "c.npy", point: "hss" },
    ]);
    expect(listUnreadKeys(manifest!.entries)).toEqual([]);
    const course = { fromMs: Date.UTC(2004, 1, 12), everyMs: 1000 };
    const { points, turbines, shown } = await plan({ input: files, manifest, course });
    expect(points).toEqual(["WT01/main", "WT02/main", "WT01/hss", "WT03"]);
    expect([...turbines.values()]).toEqual(["WT01", "WT02", "WT01", "WT03"]);
    expect(shown).toEqual(
      [
        ["WT01/main", "a"],
        ["WT02/main", "b"],
        ["WT01/hss", "c"],
        ["WT03", "d"],
      ].map(([point, file]) => `2004-02-12T00:00:00Z ${point} ${file}.npy`),
    );
  });

  it("may be channels of the same files", async () => {
    const { files } = createFolder("20040212_103239.npy", "20040213_103239.npy");
    const points = parsePointFiles("b2=*#1", parsePointFiles("b1=*#0"));
    const { recordings } = await plan({ input: files, points }, { ...flags, channel: "7" });
    expect(recordings.map(({ point, description }) => `${point} ${description.channel}`)).toEqual([
      "b1 0",
      "b2 1",
      "b1 0",
      "b2 1",
    ]);
  });

  it("that share a file and say no channel are that file's error", async () => {
    const { files } = createFolder("20040212_103239.npy");
    const points = parsePointFiles("b2=*", parsePointFiles("b1=*"));
    expect((await plan({ input: files, points })).errors[0]!.error.message).toMatch(
      /of the points b1 and b2/,
    );
  });

  it("that no file is of are wrong usage", async () => {
    const { files } = createFolder("20040212_103239.npy");
    await expect(plan({ input: files, points: parsePointFiles("b=2005*") })).rejects.toEqual(
      refused("USAGE", /fits none/),
    );
  });

  it.each(["b", "=a", "b=", "b=a#", "b=,#0"])("cannot be written as %j", (text) => {
    expect(() => parsePointFiles(text)).toThrow(/NAME=FILE/);
  });
});

describe("a manifest", () => {
  it("may list a year of recordings every ten minutes", async () => {
    const { folder } = createFolder();
    const recordings = Array.from({ length: 52_560 }, (_, index) => ({
      file: `WT01_genDE_${String(index).padStart(6, "0")}.npy`,
      time: formatInstant(1_735_689_600_000 + index * 600_000),
      turbine: "WT01",
      point: "genDE",
    }));
    expect((await writeManifest(folder, { recordings }))!.entries).toHaveLength(52_560);
  });

  it("lists files of its own folder, with what is known of them and of all", async () => {
    const { folder } = createFolder("a.npy", "sub/b.npy");
    const manifest = await writeManifest(
      folder,
      `
bearing: {bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828}
rateHz: 12000
recordings:
  - {file: a.npy, time: 2004-02-12T10:32:39Z, shaftRpm: 1797, point: drive}
  - {file: ./sub/b.npy, time: 2004-02-12 10:31, shaftRpm: 1700, point: drive}
`,
      "manifest.yaml",
    );
    const { shown, errors, recordings } = await plan({ manifest }, {});
    expect(errors).toEqual([]);
    expect(shown).toEqual(["2004-02-12T10:31:00Z drive b.npy", "2004-02-12T10:32:39Z drive a.npy"]);
    expect(recordings[0]!.description.sidecar).toMatchObject({
      shaftRpm: 1700,
      rateHz: 12_000,
      bearing: orders,
    });
  });

  it("renews each point once at each of its times, which lie among its recordings", async () => {
    const { folder } = createFolder("a.npy", "b.npy", "c.npy");
    const repair = { time: "2004-01-02T12:00:00Z", reason: " bearing replaced ", found: "fault" };
    const recordings = [1, 2, 3].map((day) => ({
      file: `${"abc"[day - 1]}.npy`,
      time: `2004-01-0${day}`,
      point: day === 3 ? "fan" : "drive",
    }));
    const all = [...recordings, { ...recordings[0]!, time: "2004-01-03" }];
    const entries = all.map((each) => (each.point === "fan" ? each : { ...each, renewedAt: repair }));
    const { renewals } = await plan({ manifest: await writeManifest(folder, entries) });
    expect(Object.fromEntries(renewals)).toEqual({
      drive: [{ atMs: Date.UTC(2004, 0, 2, 12), reason: "bearing replaced", found: "fault" }],
      fan: [],
    });
    for (const time of ["2004-01-01", "2004-01-04"]) {
      const stray = await writeManifest(folder, { renewedAt: { ...repair, time }, recordings: all });
      await expect(plan({ manifest: stray })).rejects.toEqual(
        refused(
          "CONFIG_INVALID",
          /^(drive|fan): renewedAt has 2004-01-0[14]T00:00:00Z, and the recordings of its point begin from/,
        ),
      );
    }
  });

  it("takes the rows of an array for recordings, evenly or at times of their own", async () => {
    const { folder } = createFolder();
    const data = Int16Array.from({ length: 6 }, (_, index) => index);
    writeFileSync(join(folder, "rows.npy"), encodeNpy(data, [3, 2]));
    const row = { file: "rows.npy", rows: "snapshots" };
    const even = await writeManifest(folder, [{ ...row, time: "2004-01-01", everySeconds: 600 }]);
    const { recordings } = await plan({ manifest: even });
    expect(recordings.map(({ timeMs }) => (timeMs - Date.UTC(2004, 0, 1)) / 1000)).toEqual([0, 600, 1200]);
    const read: number[] = [];
    for (const { open } of recordings) {
      for await (const piece of (await open()).pieces()) read.push(...piece);
    }
    expect(read).toEqual([0, 1, 2, 3, 4, 5]);
    const times = ["2004-01-02", "2004-01-01", "2004-01-03"];
    const own = await plan({ manifest: await writeManifest(folder, [{ ...row, times }]) });
    expect(own.shown.map((text) => text.slice(0, 10))).toEqual(["2004-01-01", "2004-01-02", "2004-01-03"]);
    const few = await plan({ manifest: await writeManifest(folder, [{ ...row, times: times.slice(1) }]) });
    expect(few.errors[0]!.error.message).toMatch(/2 times for 3 rows/);
    const silent = await plan({ manifest: await writeManifest(folder, [{ ...row, everySeconds: 600 }]) });
    expect(silent.errors[0]!.error.message).toMatch(/does not say when its rows begin/);
    const moving = { ...row, times, speed: { channel: 1, unit: "hz" } };
    const speed = await plan({ manifest: await writeManifest(folder, [moving]) }, {});
    expect(speed.errors[0]!.error.message).toMatch(/has rows, and a speed of none of them/);
  });

  it("takes an entry's own speed before a channel that is named for all", async () => {
    const { folder } = createFolder();
    const entries = [
      { file: "a.npy", time: "2004-01-01", rpm: 1700 },
      { file: "b.npy", time: "2004-01-02" },
    ];
    const path = join(folder, "all.json");
    writeFileSync(path, JSON.stringify({ speed: { channel: "rpm" }, recordings: entries }));
    const read = await readManifest(path);
    expect(read.map(({ part }) => [part.shaftRpm, part.speed?.channel])).toEqual([
      [1700, undefined],
      [undefined, "rpm"],
    ]);
  });

  it("says which keys nobody reads, and none that a manifest to learn from has as well", async () => {
    const { folder } = createFolder();
    const entries = [
      { file: "a.npy", time: "2004-01-01", pont: "DE", shaft_rpm: 1500, label: "healthy", machine: "m" },
      {
        file: "b.npy",
        time: "2004-01-02",
        pont: "FE",
        "Sample-Rate": 12_000,
        speed: { channel: 2 },
        note: "loud",
      },
    ];
    const { entries: read } = (await writeManifest(folder, entries))!;
    expect(listUnreadKeys(read)).toEqual(['nobody reads the key "pont" in 2 recordings listed']);
  });

  it("gives the files of a pattern times in the order of their names", async () => {
    const { folder, files } = createFolder("acc_10.npy", "acc_2.npy");
    const entry = { file: "acc_*.npy", time: "2004-01-01", everySeconds: 60 };
    const { shown } = await plan({ input: files, manifest: await writeManifest(folder, [entry]) });
    expect(shown.map((text) => text.split(" ").at(-1))).toEqual(["acc_2.npy", "acc_10.npy"]);
    const same = await writeManifest(folder, [{ ...entry, everySeconds: undefined }]);
    await expect(plan({ input: files, manifest: same })).rejects.toEqual(
      refused("CONFIG_INVALID", /the same time/),
    );
  });

  it("means files of its own folder by a pattern, but what describes them, where nothing else says which", async () => {
    const { folder } = createFolder("acc_10.npy", "acc_2.npy", "b.npy", "sub/acc_3.npy", "acc_2.npy.json");
    writeFileSync(join(folder, "acc_2.npy.json"), "{}");
    const entry = { file: "acc_*", time: "2004-01-01", everySeconds: 60 };
    const { shown } = await plan({ manifest: await writeManifest(folder, [entry], "acc_0.json") });
    expect(shown.map((text) => text.split(" ").at(-1))).toEqual(["acc_2.npy", "acc_10.npy"]);
    const below = await writeManifest(folder, [{ ...entry, file: "sub/*.npy" }]);
    expect((await plan({ manifest: below })).shown).toEqual(["2004-01-01T00:00:00Z sub acc_3.npy"]);
    for (const [file, message] of [
      ["c_*.npy", /fits none of the files in/],
      ["away/*.npy", /the folder of .* cannot be read/],
    ] as const) {
      const idle = await writeManifest(folder, [{ ...entry, file }]);
      await expect(plan({ manifest: idle })).rejects.toEqual(refused("CONFIG_INVALID", message));
    }
  });

  it.each([
    ["../secret.npy"],
    ["/etc/hostname"],
    ["sub/../../secret.npy"],
    [".."],
    ["./../a.npy"],
    ["../*.npy"],
    ["*/a.npy"],
  ])("reads nothing outside its folder that --input does not name: %s", async (file) => {
    const { folder } = createFolder("in/a.npy", "secret.npy");
    const manifest = await writeManifest(join(folder, "in"), [{ file, time: "2004-01-01" }]);
    await expect(plan({ manifest })).rejects.toEqual(
      refused("CONFIG_INVALID", /not in the manifest's folder|pattern/),
    );
  });

  it("that names what --input does not is refused", async () => {
    const { folder, files } = createFolder("a.npy", "b.npy");
    const manifest = await writeManifest(folder, [{ file: "b.npy", time: "2004-01-01" }]);
    await expect(plan({ input: files.slice(0, 1), manifest })).rejects.toEqual(
      refused("CONFIG_INVALID", /none of the files/),
    );
  });

  it("says of a file that is not there that it is missing, when it is played", async () => {
    const { folder } = createFolder();
    const { recordings } = await plan({
      manifest: await writeManifest(folder, [{ file: "a.npy", time: "2004-01-01" }]),
    });
    await expect(recordings[0]!.open()).rejects.toThrow(/cannot read/);
  });

  it.each([
    ["", /lists no recordings/],
    ["recordings: []", /lists no recordings/],
    ["recordings: 7", /lists no recordings/],
    ["{a: [", /neither YAML nor JSON/],
    ["[1]", /not of the form/],
    ['[{"time": "2004-01-01"}]', /names no file/],
    ['[{"file": "a.npy", "time": "soon"}]', /neither ISO 8601/],
    ['[{"file": "a.npy", "time": "1066-10-14"}]', /does not lie between 1990 and 2099/],
    ['[{"file": "a.npy", "time": "2004-01-01", "everySeconds": -5}]', /everySeconds/],
    ['[{"file": "a.npy", "rows": "columns"}]', /rows is "columns"/],
    ['[{"file": "a.npy", "times": ["2004-01-01"]}]', /times are of rows/],
    ['[{"file": "a.npy", "rows": "snapshots", "times": ["2004-01-01", null]}]', /times has null/],
    ['[{"file": "a.npy", "rows": "snapshots", "times": "2004-01-01"}]', /not a list/],
    ['[{"file": "a.npy", "rateHz": "fast"}]', /not a number above 0/],
    ['[{"file": "a.npy", "rpm": false}]', /rpm is false, not a number of 0 or more/],
    ['[{"file": "a.npy", "rateHz": 1e9}]', /ratehz is 1000000000, more than 10000000$/],
    ['[{"file": "a.npy", "renewedAt": "2004-01-01"}]', /renewedAt is not of the right form/],
    [
      '[{"file": "a.npy", "renewedAt": {"time": "2004-01-01"}}]',
      /renewedAt is not of the right form, reason/,
    ],
    ['[{"file": "a.npy", "renewedAt": [{"time": "soon", "reason": "x"}]}]', /time "soon", which is neither/],
    ['[{"file": "a.npy", "renewedAt": {"time": 0, "reason": "x", "found": "rust"}}]', /right form, found/],
    ["x: &a [1]\nrecordings: [*a, *a]", /neither YAML nor JSON/],
  ])("is refused where it is %j", async (text, message) => {
    const folder = createTemporaryFolder();
    await expect(writeManifest(folder, text, "manifest.yaml")).rejects.toEqual(
      refused("CONFIG_INVALID", message),
    );
  });

  it("is refused where it is huge, at once", async () => {
    const folder = createTemporaryFolder();
    const large = `[${'{"file": "a.npy"},'.repeat(1_000_000)}{"file": "a.npy"}]`;
    await expect(writeManifest(folder, large)).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringContaining("larger than"),
      hint: expect.stringMatching(/share once.*a pattern with time and everySeconds/),
    });
    const many = `[${'{"file":"a"},'.repeat(100_000)}{"file":"a"}]`;
    await expect(writeManifest(folder, many)).rejects.toEqual(
      refused("CONFIG_INVALID", /more than 100000 entries/),
    );
  });
});
