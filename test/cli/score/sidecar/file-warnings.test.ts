import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createDescriber, type SidecarFlags } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import type { SidecarPart } from "../../../../src/training/dataset/sidecar/sidecar.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const orders = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };

/** What is said of recordings `0.npy`, `1.npy`, … with these descriptions beside them. */
async function listWarnings(
  descriptions: readonly object[],
  flags: SidecarFlags,
  listed: SidecarPart = {},
): Promise<string> {
  const folder = createTemporaryFolder();
  const { listParts, listWarnings } = await createDescriber(flags);
  for (const [index, description] of descriptions.entries()) {
    const path = join(folder, `${index}.npy`);
    writeFileSync(path, "");
    writeFileSync(join(folder, `${index}.json`), JSON.stringify(description));
    await listParts(path, listed);
    // Of a file that is looked at twice once.
    await listParts(path, listed);
  }
  return listWarnings()
    .map((warning) => warning.replaceAll(`${folder}/`, ""))
    .join("\n");
}

it("says where an option counts instead of what recordings' descriptions state, together", async () => {
  const speeds = [1350, 1809.25, 855.4].map((shaftRpm) => ({ shaftRpm }));
  expect(await listWarnings(speeds, { shaftRpm: 1350 })).toBe(
    "speed: 1.npy (and 1 more): the .json beside it states another speed (855.4 to 1809.3 rpm), and --shaft-rpm 1350 counts instead",
  );
});

it.each<[string, object, SidecarFlags]>([
  ["scale: 0.npy: … another scale (0.001), and --scale 0.002 …", { scale: 0.001 }, { scale: 0.002 }],
  ["unit: 0.npy: … another unit (m/s2), and --unit g …", { unit: "m/s²" }, { unit: "g" }],
  ["rate: 0.npy: … another rate (12000 Hz), and --rate-hz 25600 …", { rateHz: 12_000 }, { rateHz: 25_600 }],
  [
    "bearing: 0.npy: … another bearing (bpfo 7.092), and --bearing bpfo 3.5848 …",
    { bpfo: 7.092, bpfi: 8.908, bsf: 8.395, ftf: 0.4433 },
    { bearing: orders },
  ],
  [
    "speed: 0.npy: … another speed (one that changes), and --shaft-rpm 1350 …",
    { speed: { channel: "rpm" } },
    { shaftRpm: 1350 },
  ],
])("says %s", async (expected, description, flags) => {
  const [before = "", after = ""] = expected.replace(/ …$/, " counts instead").split("…");
  expect(await listWarnings([description], flags)).toBe(`${before}the .json beside it states${after}`);
});

it("says where an entry of the manifest counts instead", async () => {
  expect(await listWarnings([{ shaftRpm: 1747 }], {}, { shaftRpm: 1350 })).toBe(
    "speed: 0.npy: the .json beside it states another speed (1747 rpm), and its entry in the manifest counts instead",
  );
});

it("says nothing of what agrees, or of a mean beside a speed that changes", async () => {
  const same = { shaftRpm: 1350.5, unit: "g", bearing: "6205-2RS" };
  expect(await listWarnings([same, {}], { shaftRpm: 1350, unit: "g", bearing: orders, scale: 0.1 })).toBe("");
  const speed = {
    file: null,
    channel: "rpm",
    rateHz: null,
    scale: 1,
    unit: null,
    pulses: null,
  };
  expect(await listWarnings([{ shaftRpm: 1747 }], { speed })).toBe("");
});

it("says which keys of descriptions nobody reads, once a key", async () => {
  const own = {
    unit: "g",
    from: "2026-01-01T00:00:00Z",
    label: "healthy",
    note: "x",
    evidence: {},
    point: "b",
  };
  const misspelt = { ...own, shaft_speed: 1500 };
  expect(await listWarnings([own, misspelt, { ...misspelt, every_seconds: 600 }], {})).toBe(
    'description: nobody reads the key "shaft_speed" in the .json beside 1.npy (and 1 more)\n' +
      'description: nobody reads the key "every_seconds" in the .json beside 2.npy',
  );
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`x${index}`, index]));
  const lines = (await listWarnings([{ ...own, ...many }], {})).split("\n");
  expect(lines.slice(10)).toEqual(["description: nobody reads 2 more keys beside such files"]);
});

it("says why a column of times states no rate, where nothing else does", async () => {
  const path = join(createTemporaryFolder(), "a.csv");
  const rows = Array.from({ length: 200 }, (_, row) => `${(row / 25.6).toFixed(4)},${row % 7}`);
  writeFileSync(path, `time,acc\n${rows.join("\n")}\n`);
  const { describe } = await createDescriber({ bearing: orders, shaftRpm: 1500, channel: "acc" });
  await expect(describe(path)).rejects.toMatchObject({
    message: expect.stringContaining("nothing says the sampling rate"),
    hint: expect.stringMatching(
      /give --rate-hz \(its column of times "time" gives 25\.6\d* Hz if it is in seconds/,
    ),
  });
});
