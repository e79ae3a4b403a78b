import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { completeConfig, loadUsualConfigs } from "../../src/training/complete-config.ts";
import { loadTrainingConfig, parseTrainingConfig, recipeTable } from "../../src/training/training-config.ts";
import { describeTrainingConfig } from "../../src/training/training-schema.ts";
import { auroraHere } from "../cli/aurora.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

const shipped = ["models/bearing-vibration/train.yaml", "models/turbine-scada/train.yaml"];

interface Described {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Described & { default?: unknown; description: string }>>;
}

/** Keys whose meaning is said nowhere, as paths. */
function listUndescribed(node: unknown, path: string): string[] {
  if (typeof node !== "object" || node === null) return [];
  const { properties = {} } = node as Partial<Described>;
  const keys = Object.keys(properties).filter((key) => properties[key]!.description === undefined);
  const below = Object.entries(node).flatMap(([key, each]) => listUndescribed(each, `${path}/${key}`));
  return [...keys.map((key) => `${path}/${key}`), ...below];
}

/** The shipped configuration but for what its schema says may be left out. */
async function leastOf(path: string): Promise<Record<string, unknown>> {
  const whole = parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const { anyOf } = describeTrainingConfig(recipeTable, await loadUsualConfigs()) as { anyOf: Described[] };
  const kind = (whole.dataset as { kind: string }).kind;
  const schema = anyOf[recipeTable.findIndex((recipe) => recipe.kind === kind)]!;
  return Object.fromEntries(schema.required.map((key) => [key, whole[key]]));
}

describe("the schema of a training configuration", () => {
  it("says what every key means, and what it is where it is left out", async () => {
    const usual = await loadUsualConfigs();
    expect(listUndescribed(describeTrainingConfig(recipeTable, usual), "")).toEqual([]);
    const { code, stdout } = await auroraHere("config", "schema", "train");
    expect(code).toBe(0);
    const [bearing] = (JSON.parse(stdout) as { anyOf: Described[] }).anyOf;
    expect(bearing!.required).toContain("dataset");
    expect(bearing!.required).not.toContain("features");
    const { seed, costs, features } = bearing!.properties;
    expect(seed).toMatchObject({ default: 20_261_120 });
    expect(costs!.properties.faultPrior).toMatchObject({ default: expect.any(Number) });
    expect(features!.description).toContain("Left out: as in models/bearing-vibration/train.yaml");
  });
});

describe("a training configuration of a few lines", () => {
  it.each(shipped)("is whole where it leaves out what %s says", async (path) => {
    const least = await leastOf(path);
    expect(Object.keys(least).length).toBeLessThan(8);
    const whole = completeConfig(least, await loadUsualConfigs()) as Record<string, unknown>;
    const shippedWhole = parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    // Without columns and channels of its own it has those of the shipped tables, and their stops.
    expect(whole.recipe).toEqual(shippedWhole.recipe);
    expect(completeConfig(shippedWhole, await loadUsualConfigs())).toEqual(shippedWhole);
  });

  it("invents no stops of channels that its tables do not have", async () => {
    const text = readFileSync(shipped[1]!, "utf8").replaceAll(/^.*(?:rotor|generator-speed|pitch).*$/gm, "");
    const { recipe, ...whole } = parse(text.replaceAll(/^.*chain: generator,.*$/gm, ""));
    const path = join(createTemporaryFolder(), "train.yaml");
    writeFileSync(path, JSON.stringify({ ...whole, recipe: { clamp: recipe.clamp } }));
    const { config } = (await loadTrainingConfig(path)).recipe;
    expect(config).toMatchObject({ recipe: { clamp: recipe.clamp, softShare: recipe.softShare } });
    expect(config).not.toHaveProperty("recipe.inventedStops");
  });

  it("may change a part of the stops, and turn them off", async () => {
    const shippedWhole = parse(readFileSync(shipped[1]!, "utf8"));
    const usual = await loadUsualConfigs();
    const complete = (inventedStops: unknown) =>
      completeConfig({ ...shippedWhole, recipe: { inventedStops } }, usual);
    expect(complete({ copies: 3 })).toMatchObject({
      recipe: { inventedStops: { ...shippedWhole.recipe.inventedStops, copies: 3 } },
    });
    expect(complete(null)).not.toHaveProperty("recipe.inventedStops");
  });

  it("travels whole in the bundle, where it is read without what came with the installation", async () => {
    const path = join(createTemporaryFolder(), "train.yaml");
    const least = await leastOf(shipped[0]!);
    writeFileSync(path, JSON.stringify({ ...least, name: "mine", costs: { faultPrior: 0.03 } }));
    copyFileSync(join(dirname(shipped[0]!), "recordings.yaml"), join(dirname(path), "recordings.yaml"));
    const { recipe, bytes } = await loadTrainingConfig(path);
    expect(recipe.config).toMatchObject({ name: "mine", title: "mine", version: "1.0.0", parent: null });
    expect(parseTrainingConfig(bytes, "bundled").config).toEqual(recipe.config);
    const { missed, faultPrior } = (
      parse(new TextDecoder().decode(bytes)) as { costs: Record<string, number> }
    ).costs;
    expect([missed! > 0, faultPrior]).toEqual([true, 0.03]);
    expect((await loadTrainingConfig(shipped[0]!)).bytes).toEqual(new Uint8Array(readFileSync(shipped[0]!)));
  });

  it("is checked like any other, at its own lines", async () => {
    const path = join(createTemporaryFolder(), "train.yaml");
    const least = await leastOf(shipped[0]!);
    writeFileSync(
      path,
      `name: mine\ndataset: ${JSON.stringify(least.dataset)}\ncosts: { faultPrio: 0.1 }\nseed: x\n`,
    );
    const { code, stderr } = await auroraHere("config", "validate", path);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${path}:3:10: costs.faultPrio: unknown key "faultPrio"; did you mean "faultPrior"?`,
    );
    expect(stderr).toContain(`${path}:4:7: seed:`);
    const { stdout } = await auroraHere("config", "validate", path, "--json");
    expect((JSON.parse(stdout) as { complaints: object[] }).complaints).toHaveLength(2);
    for (const good of shipped) {
      expect(await auroraHere("config", "validate", good)).toMatchObject({
        code: 0,
        stdout: `${good}: good\n`,
      });
    }
    const asGateway = await auroraHere("config", "validate", shipped[0]!, "gateway");
    expect(asGateway.code).toBe(1);
  });
});
