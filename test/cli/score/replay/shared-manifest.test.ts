import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { planReplay } from "../../../../src/cli/score/replay/plan-replay.ts";
import { listUnreadKeys, readManifest } from "../../../../src/cli/score/replay/replay-manifest.ts";
import { createDescriber, type SidecarFlags } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import { readRecordingsManifest } from "../../../../src/training/dataset/recordings/recordings-manifest.ts";
import { resolveEntries } from "../../../../src/training/dataset/recordings/resolve-entries.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeNpy } from "../recordings.ts";

const hss = { bpfo: 3.585, bpfi: 5.415, bsf: 4.714, ftf: 0.398 };
const lss = { bpfo: 7.1, bpfi: 9.9, bsf: 3.3, ftf: 0.42 };
const common = { about: "a rig", rateHz: 12_000, rpm: 1800, bearings: { HSS: hss, LSS: lss } };
const entry = { label: "healthy", machine: "{1}", time: "2024-01-01", everySeconds: 600 };

function createFolder(files: Readonly<Record<string, object | null>>, document: object): string {
  const folder = createTemporaryFolder();
  for (const [file, described] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), encodeNpy(new Int16Array(100), [100]));
    if (described !== null)
      writeFileSync(join(folder, file.replace(".npy", ".json")), JSON.stringify(described));
  }
  writeFileSync(join(folder, "m.yaml"), JSON.stringify(document));
  return folder;
}

async function plan(folder: string, flags: SidecarFlags = {}, input?: readonly string[]) {
  const path = join(folder, "m.yaml");
  const manifest = { path, entries: await readManifest(path) };
  const describer = await createDescriber(flags);
  const { recordings, errors } = await planReplay({ input, manifest, points: [], course: null, describer });
  expect([errors, listUnreadKeys(manifest.entries)]).toEqual([[], []]);
  const minutes = (timeMs: number): number => (timeMs - Date.UTC(2024, 0, 1)) / 60_000;
  return recordings.map(({ file, point, timeMs, description }) => ({
    file: file.slice(folder.length + 1),
    point,
    minute: minutes(timeMs),
    bpfo: description.sidecar.bearing.bpfo,
  }));
}

describe("a manifest that is learnt from and replayed", () => {
  const rows = {
    "h/a/r0.npy": null,
    "h/a/r1.npy": null,
    "h/b/r0.npy": null,
    "h/b/s.npy": null,
    "g/b/r0.npy": null,
  };

  it("means files of several folders, each point's one after the other", async () => {
    const recordings = [{ ...entry, file: "h/*/r*.npy", point: "p{1}", component: "HSS" }];
    const folder = createFolder(rows, { ...common, recordings });
    const planned = [
      { file: "h/a/r0.npy", point: "pa", minute: 0, bpfo: hss.bpfo },
      { file: "h/b/r0.npy", point: "pb", minute: 0, bpfo: hss.bpfo },
      { file: "h/a/r1.npy", point: "pa", minute: 10, bpfo: hss.bpfo },
    ];
    expect(await plan(folder)).toEqual(planned);
    const { entries } = await resolve(folder);
    expect(entries).toEqual(planned.map(({ file }) => file).sort());
  });

  it("puts in what a pattern stands for in files of --input, too", async () => {
    const folder = createFolder(rows, {
      ...common,
      recordings: [{ ...entry, file: "r*.npy", point: "p{1}", bearing: "HSS" }],
    });
    const input = ["h/a/r0.npy", "h/a/r1.npy", "h/b/r0.npy"].map((file) => join(folder, file));
    expect((await plan(folder, {}, input)).map(({ file, point, minute }) => [file, point, minute])).toEqual([
      ["h/a/r0.npy", "p0", 0],
      ["h/a/r1.npy", "p1", 0],
      ["h/b/r0.npy", "p0", 10],
    ]);
  });

  it("takes folders for points, and one time after the other, where it names none", async () => {
    const folder = createFolder(rows, {
      ...common,
      recordings: [{ ...entry, file: "*/b/r0.npy", bearing: "LSS" }],
    });
    const planned = (await plan(folder)).map(({ minute, bpfo }) => [minute, bpfo]);
    expect(planned).toEqual([
      [0, lss.bpfo],
      [10, lss.bpfo],
    ]);
  });

  it("refuses a pattern of folders that fits no file", async () => {
    const folder = createFolder(rows, { ...common, recordings: [{ ...entry, file: "h/*/x.npy" }] });
    await expect(plan(folder)).rejects.toThrow(/"h\/\*\/x\.npy" fits none of the files in /);
  });

  it("says the bearing as where it is learnt from: the entry, what stands beside the file, the component, all", async () => {
    const time = { time: "2024-01-01", label: "healthy", machine: "m" };
    const recordings = [
      { ...time, file: "a.npy", point: "a", component: "HSS" },
      { ...time, file: "b.npy", point: "b", component: "HSS", bearing: "LSS" },
      { ...time, file: "c.npy", point: "c", component: "HSS" },
      { ...time, file: "d.npy", point: "d", component: "HSS" },
      { ...time, file: "e.npy", point: "e" },
    ];
    const beside = { "c.npy": { bearing: "LSS" }, "d.npy": { bpfo: 4.4, bpfi: 5.6, bsf: 2.2, ftf: 0.44 } };
    const files = { "a.npy": null, "b.npy": null, ...beside, "e.npy": null };
    const all = { bpfo: 6.6, bpfi: 8.4, bsf: 3.1, ftf: 0.44 };
    const folder = createFolder(files, { ...common, bearing: all, recordings });
    const expected = [hss.bpfo, lss.bpfo, lss.bpfo, 4.4, 6.6];
    expect((await plan(folder)).map(({ bpfo }) => bpfo)).toEqual(expected);
    expect((await resolve(folder)).bpfo).toEqual(expected);
    const given = { bearing: { ...all, bpfo: 5.5, bpfi: 9.5 } };
    expect(new Set((await plan(folder, given)).map(({ bpfo }) => bpfo))).toEqual(new Set([5.5]));
  });
});

/** As `aurora data check` reads it. */
async function resolve(folder: string) {
  const { resolved } = await resolveEntries(await readRecordingsManifest(join(folder, "m.yaml")), folder);
  return {
    entries: resolved.map(({ entry: { file } }) => file),
    bpfo: resolved.map(({ entry: { bearing } }) => bearing.bpfo),
  };
}
