import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadTrustedKeys } from "../../../../src/core/bundle/keys.ts";
import { openParent } from "../../../../src/training/recipes/bearing/learn/parent-bundle.ts";
import { tunedConfigSchema } from "../../../../src/training/recipes/bearing/tuned-config.ts";
import { loadTrainingConfig, parseTrainingConfig } from "../../../../src/training/training-config.ts";

const models = join(import.meta.dirname, "../../../../models");
const parent = join(models, "bearing-vibration/1.0.0");

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "aurora-from-"));
  await writeFile(join(dir, "recordings.yaml"), "recordings: []\n");
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function load(text: string, acceptLittleEvidence = false): ReturnType<typeof loadTrainingConfig> {
  const path = join(dir, "train.yaml");
  await writeFile(path, text);
  return loadTrainingConfig(path, {
    parentKeys: await loadTrustedKeys(join(models, "release.pub")),
    acceptLittleEvidence,
  });
}

const short = `from: ${parent}\ndataset: { kind: recordings, manifest: recordings.yaml }\n`;

describe("a configuration that goes on from a bundle", () => {
  it("is two lines, and says everything once it is whole: what its parent says, and the parent", async () => {
    const { recipe, bytes } = await load(short);
    expect(recipe.config).toMatchObject({
      name: "bearing-vibration",
      version: "1.1.0",
      parent: "bearing-vibration@1.0.0",
    });
    const whole = tunedConfigSchema.parse(parse(new TextDecoder().decode(bytes)));
    const opened = openParent(whole.from);
    expect(opened.quantised.layers[0]!.inputs).toBe(whole.features.list.length);
    expect(whole.window).toEqual(opened.manifest.window);
    // As it travels in the bundle: without the parent's folder.
    expect(parseTrainingConfig(bytes, "train.yaml").config).toEqual(recipe.config);
    expect(new TextDecoder().decode(bytes)).not.toContain(parent);
  });

  it("takes the file's own word before the parent's, and the command's before both", async () => {
    const { bytes } = await load(
      `${short}version: 2.0.0\ntuning: { parentWord: 0.4, fit: { steps: 7 } }\n`,
      true,
    );
    const whole = tunedConfigSchema.parse(parse(new TextDecoder().decode(bytes)));
    expect(whole).toMatchObject({ version: "2.0.0", acceptLittleEvidence: true });
    expect(whole.tuning).toMatchObject({ parentWord: 0.4, fit: { steps: 7, batchRows: 128 } });
  });

  it("names a wrong key with its line in the file that was written", async () => {
    await expect(load(`${short}verzion: 1.1.0\n`)).rejects.toThrowError(/train\.yaml:3.*verzion/);
    await expect(load(`from: ${parent}\n`)).rejects.toThrowError(/dataset/);
  });

  it("refuses a parent that was changed, that nobody trusted has signed, or that is of another task", async () => {
    const copy = join(dir, "changed");
    await cp(parent, copy, { recursive: true });
    await writeFile(join(copy, "background.bin"), "x");
    const from = (folder: string): string => short.replace(parent, folder);
    await expect(load(from(copy))).rejects.toMatchObject({ code: "BUNDLE_DIGEST" });
    await expect(loadTrainingConfig(join(dir, "train.yaml"))).rejects.toThrow();
    await load(short);
    await expect(loadTrainingConfig(join(dir, "train.yaml"))).rejects.toMatchObject({
      code: "BUNDLE_SIGNATURE",
    });
    await expect(load(from(join(models, "turbine-scada/1.0.0")))).rejects.toThrowError(
      /no bearing diagnosis/,
    );
    await expect(load(from(join(dir, "nowhere")))).rejects.toThrow();
  });

  it("refuses an embedded parent of which a byte is another", async () => {
    const { bytes } = await load(short);
    const { from } = tunedConfigSchema.parse(parse(new TextDecoder().decode(bytes)));
    const changed = Buffer.from(from.background, "base64");
    changed[20]! ^= 1;
    expect(() => openParent({ ...from, background: changed.toString("base64") })).toThrowError(
      /from\.background/,
    );
    expect(() => openParent({ ...from, digest: "0".repeat(64) })).toThrowError(/from\.manifest/);
  });
});
