/** `aurora data check` of a configuration that learns from tables of ten-minute values: what spoils them, and what they hold. */
import { sayFindingOfData } from "../../training/dataset/scada/check/data-finding.ts";
import { checkScadaConfig } from "../../training/recipes/scada/check-scada-config.ts";
import type { ScadaRecipeConfig } from "../../training/recipes/scada/scada-config.ts";
import { loadTrainingConfig } from "../../training/training-config.ts";
import { findDataDir } from "../terminal/installation.ts";

/** The outcome, for machines and for people. */
export interface TableCheck {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** No finding is an error. */
  readonly passed: boolean;
}

/** Checks what the configuration at `path` names; `data` is as `--data`. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT. */
export async function checkTable(path: string, data: string | undefined): Promise<TableCheck> {
  const { recipe } = await loadTrainingConfig(path);
  // The caller has asked for the kind, and this is its recipe's configuration.
  const config = recipe.config as ScadaRecipeConfig;
  const { findings, turbines, logLines } = await checkScadaConfig(config, findDataDir(data));
  const passed = findings.every(({ severity }) => severity !== "error");
  const lines = [
    ...findings.map(sayFindingOfData),
    ...turbines.map(({ turbine, rows, from, to }) => `${turbine}: ${rows} rows from ${from} to ${to}`),
    `${logLines} lines of the log`,
  ];
  return {
    json: { config: path, findings, turbines, logLines, passed },
    text: `${lines.join("\n")}\n`,
    passed,
  };
}
