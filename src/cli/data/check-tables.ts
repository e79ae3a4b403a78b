/** `aurora data check` of a training configuration for tables of ten-minute values. */
import {
  checkScadaTable,
  type ScadaTableCheck,
} from "../../training/dataset/scada/check/check-scada-table.ts";
import { sourceOf } from "../../training/recipes/scada/learn/scada-rows.ts";
import type { ScadaRecipeConfig } from "../../training/recipes/scada/scada-config.ts";
import { loadTrainingConfig } from "../../training/training-config.ts";
import { findDataDir } from "../installation.ts";
import type { Finding } from "./finding.ts";

/** `aurora data check --json` of tables. */
export interface TableCheck extends Omit<ScadaTableCheck, "findings"> {
  readonly findings: readonly Finding[];
  /** Are there no errors? */
  readonly passed: boolean;
}

/** Checks tables and log; `data` is as `--data`. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT. */
export async function checkTables(path: string, data: string | undefined): Promise<TableCheck> {
  const { recipe } = await loadTrainingConfig(path);
  const config = recipe.config as ScadaRecipeConfig;
  const { findings, ...rest } = await checkScadaTable(findDataDir(data), sourceOf(config), {
    residuals: config.residuals,
    powerChannel: config.operation.powerChannel,
  });
  return {
    ...rest,
    findings: findings.map(({ check, severity, file, place, value, problem, cure }) => ({
      severity,
      check,
      where: place === "" ? file : `${file}, ${place}`,
      file,
      message: `${problem}: ${value}`,
      cure,
    })),
    passed: findings.every(({ severity }) => severity !== "error"),
  };
}
