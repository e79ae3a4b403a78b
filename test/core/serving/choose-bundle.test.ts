import { readFile, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createBundle, writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { type ChosenBundle, chooseBundle, chooseFormer } from "../../../src/core/serving/choose-bundle.ts";
import { openSlots } from "../../../src/core/serving/slots.ts";
import { createMemoryDisk } from "../../support/memory-disk.ts";
import { newKey, sampleContents, withTempDir } from "../bundle/sample-bundle.ts";

const key = newKey();

/** Shipped 1.0.0; slot a was activated with 1.1.0, then slot b with 1.2.0. */
async function withSlots(
  use: (
    stateDir: string,
    choose: (change?: Partial<Parameters<typeof chooseBundle>[0]>) => Promise<ChosenBundle>,
  ) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    const stateDir = join(dir, "state");
    const shippedDir = join(dir, "shipped");
    await writeBundle(shippedDir, sampleContents(), key);
    const slots = openSlots(stateDir, nodeFileSystem);
    for (const [slot, version] of [
      ["a", "1.1.0"],
      ["b", "1.2.0"],
    ] as const) {
      const bundle = createBundle(sampleContents({ version }), key);
      await slots.stage(slot, bundle);
      await slots.activate(slot, bundle.digest);
    }
    const options = {
      stateDir,
      shippedDir,
      trustedKeys: [key.publicKey],
      runtime: { runtimeVersion: "0.1.0" },
      files: nodeFileSystem,
    };
    await use(stateDir, (change = {}) => chooseBundle({ ...options, ...change }));
  });
}

const version = (chosen: ChosenBundle): string => chosen.bundle.manifest.version;

describe("a gateway that starts", () => {
  it("takes the active slot", () =>
    withSlots(async (stateDir, choose) => {
      const chosen = await choose();
      expect([version(chosen), chosen.dir, chosen.refused]).toEqual([
        "1.2.0",
        join(stateDir, "slots", "b"),
        [],
      ]);
    }));

  it("takes the slot before when the active one is damaged, and says so", () =>
    withSlots(async (stateDir, choose) => {
      await truncate(join(stateDir, "slots", "b", "model.int8.onnx"), 1);
      const chosen = await choose();
      expect(version(chosen)).toBe("1.1.0");
      expect(chosen.refused.map(({ dir }) => dir)).toEqual([join(stateDir, "slots", "b")]);
    }));

  it("takes the slot that a later version's pointer names, whatever else that says", () =>
    withSlots(async (stateDir, choose) => {
      const path = join(stateDir, "active");
      const { previous, ...pointer } = JSON.parse(await readFile(path, "utf8"));
      const later = { ...pointer, since: 1, previous: { ...previous, since: 0 } };
      await writeFile(path, JSON.stringify(later));
      const chosen = await choose();
      expect([version(chosen), chosen.refused]).toEqual(["1.2.0", []]);
    }));

  it("says that the pointer is damaged, and takes the shipped bundle until an update replaces it", () =>
    withSlots(async (stateDir, choose) => {
      for (const text of ["", "{}", `{"slot":"b","digest":"0","previous":null}`, " ".repeat(5000)]) {
        await writeFile(join(stateDir, "active"), text);
        const chosen = await choose();
        expect([version(chosen), chosen.refused.map(({ dir }) => dir)]).toEqual(["1.0.0", [stateDir]]);
        expect(chosen.refused[0]!.error.message).not.toContain("\n");
      }
      const slots = openSlots(stateDir, nodeFileSystem);
      const bundle = createBundle(sampleContents({ version: "1.3.0" }), key);
      await slots.stage("a", bundle);
      await slots.activate("a", bundle.digest);
      expect(version(await choose())).toBe("1.3.0");
    }));

  it("takes no slot whose bundle is not proved on this runtime, and says so; what was shipped needs no proof", () =>
    withSlots(async (stateDir, choose) => {
      const unproved: string[] = ["1.2.0"];
      const proveSlot = async (_dir: string, { manifest }: ChosenBundle["bundle"]): Promise<void> => {
        if (unproved.includes(manifest.version)) throw new Error(`${manifest.version} computes otherwise`);
      };
      const chosen = await choose({ proveSlot });
      expect([version(chosen), chosen.refused.map(({ dir }) => dir)]).toEqual([
        "1.1.0",
        [join(stateDir, "slots", "b")],
      ]);
      unproved.push("1.1.0", "1.0.0");
      expect(version(await choose({ proveSlot }))).toBe("1.0.0");
    }));

  it("takes the shipped bundle when both are damaged, or when nothing says which is active", () =>
    withSlots(async (stateDir, choose) => {
      await truncate(join(stateDir, "slots", "b", "golden.bin"), 1);
      await writeFile(join(stateDir, "slots", "a", "EXTRA"), "");
      const chosen = await choose();
      expect([version(chosen), chosen.refused.length]).toEqual(["1.0.0", 2]);
      await writeFile(join(stateDir, "active"), "");
      expect(version(await choose())).toBe("1.0.0");
    }));

  it("takes the shipped bundle when the pointer cannot be read, and says so; nothing is activated meanwhile", () =>
    withSlots(async (stateDir) => {
      const disk = createMemoryDisk();
      const options = {
        stateDir,
        shippedDir: join(stateDir, "..", "shipped"),
        trustedKeys: [key.publicKey],
        runtime: { runtimeVersion: "0.1.0" },
        files: disk,
      };
      const slots = openSlots(stateDir, disk);
      const bundle = createBundle(sampleContents({ version: "1.1.0" }), key);
      await slots.stage("a", bundle);
      await slots.activate("a", bundle.digest);
      expect(version(await chooseBundle(options))).toBe("1.1.0");
      disk.refuse(join(stateDir, "active"), "EACCES");
      const chosen = await chooseBundle(options);
      expect([version(chosen), chosen.refused.length]).toEqual(["1.0.0", 1]);
      const refusal = expect.objectContaining({ code: "STORE" });
      await expect(slots.active()).rejects.toThrow(refusal);
      await expect(slots.stage("b", bundle)).rejects.toThrow(refusal);
      await expect(slots.activate("b", bundle.digest)).rejects.toThrow(refusal);
      disk.refuse(null);
      expect(version(await chooseBundle(options))).toBe("1.1.0");
    }));

  it("does not take a bundle that was staged and never activated", () =>
    withSlots(async (stateDir, choose) => {
      const slots = openSlots(stateDir, nodeFileSystem);
      await slots.stage("a", createBundle(sampleContents({ version: "1.3.0" }), key));
      await truncate(join(stateDir, "slots", "b", "golden.bin"), 1);
      expect(version(await choose())).toBe("1.0.0");
    }));

  it("takes a shipped bundle that is newer than the last update", async () => {
    await withSlots(async (stateDir, choose) => {
      const shippedDir = join(stateDir, "..", "newer");
      await writeBundle(shippedDir, sampleContents({ version: "2.0.0" }), key);
      expect(version(await choose({ shippedDir }))).toBe("2.0.0");
    });
  });

  it("starts from a slot when the shipped bundle is damaged, and fails when nothing is good", () =>
    withSlots(async (stateDir, choose) => {
      await truncate(join(stateDir, "..", "shipped", "golden.bin"), 1);
      expect(version(await choose())).toBe("1.2.0");
      await writeFile(join(stateDir, "active"), "");
      await expect(choose()).rejects.toThrow(expect.objectContaining({ code: "BUNDLE_DIGEST" }));
    }));
});

describe("the model before the one that serves", () => {
  it("is what served before it, or was shipped; what is damaged or the same is none", () =>
    withSlots(async (stateDir, choose) => {
      const shippedDir = join(stateDir, "..", "shipped");
      const find = async (shippedDirs: readonly string[] = [shippedDir]): Promise<string | null> => {
        const former = await chooseFormer(await choose(), shippedDirs, {
          stateDir,
          trustedKeys: [key.publicKey],
          runtime: { runtimeVersion: "0.1.0" },
          files: nodeFileSystem,
        });
        return former?.bundle.manifest.version ?? null;
      };
      expect(await find()).toBe("1.1.0");
      const slot = (name: string): string => join(stateDir, "slots", name, "golden.bin");
      await truncate(slot("a"), 1);
      expect(await find()).toBe("1.0.0");
      expect(await find([])).toBeNull();
      // An installation that was upgraded serves what came with it: before it the active slot did.
      const upgraded = join(stateDir, "..", "upgraded");
      await rename(shippedDir, upgraded);
      await writeBundle(shippedDir, sampleContents({ version: "2.0.0" }), key);
      expect([version(await choose()), await find()]).toEqual(["2.0.0", "1.2.0"]);
      await truncate(slot("b"), 1);
      expect(await find([shippedDir, upgraded])).toBe("1.0.0");
      expect(await find([shippedDir])).toBeNull();
      const other = sampleContents({ name: "another-model", version: "1.9.0" });
      await writeBundle(join(stateDir, "..", "another"), other, key);
      expect(await find([join(stateDir, "..", "another")])).toBeNull();
    }));
});
