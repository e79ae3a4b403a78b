/** The open wind farm as the shipped configuration reads it. */
import { join } from "node:path";
import type { TurbineSeries } from "../../src/training/dataset/scada/growing-rows.ts";
import { readScadaTables } from "../../src/training/dataset/scada/read-series.ts";
import { sourceOf } from "../../src/training/recipes/scada/learn/scada-rows.ts";
import type { ScadaRecipeConfig } from "../../src/training/recipes/scada/scada-config.ts";
import { loadTrainingConfig } from "../../src/training/training-config.ts";
import { dataFolder } from "./data-folder.ts";

const path = join(import.meta.dirname, "..", "..", "models", "turbine-scada", "train.yaml");

/** The configuration of the shipped bundle. */
export async function loadEdpConfig(): Promise<ScadaRecipeConfig> {
  return (await loadTrainingConfig(path)).recipe.config as ScadaRecipeConfig;
}

/** Rows of some turbines as the files of one period hold them. */
export async function readEdpSeries(
  period: "train" | "test",
  turbines?: readonly string[],
): Promise<readonly TurbineSeries[]> {
  const source = sourceOf(await loadEdpConfig());
  const { dataset } = source;
  const own = {
    ...dataset,
    turbines: turbines ?? dataset.turbines,
    tables: dataset.tables.filter(({ files }) => files.includes(period)),
  };
  return (await readScadaTables(dataFolder, { ...source, dataset: own }, "all")).turbines;
}
