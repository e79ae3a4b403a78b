/** The checks of tables and log, for a training configuration. */
import { checkScadaTable, type ScadaTableCheck } from "../../dataset/scada/check/check-scada-table.ts";
import { sourceOf } from "./learn/scada-rows.ts";
import type { ScadaRecipeConfig } from "./scada-config.ts";

/** Checks all that `config` would learn from and be judged on. Fails with DATA_MISSING or DATA_FORMAT where a file cannot be read. */
export async function checkScadaData(config: ScadaRecipeConfig, dataDir: string): Promise<ScadaTableCheck> {
  const { residuals, operation } = config;
  return await checkScadaTable(dataDir, sourceOf(config), {
    residuals,
    powerChannel: operation.powerChannel,
  });
}
