/** A farm's tables as some SCADA system would export them, written to a folder; every value is invented. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ChannelContract, channelsSchema } from "../../../../src/core/contract/bundle/manifest.ts";
import type { ScadaSource } from "../../../../src/training/dataset/scada/read-series.ts";
import {
  type ScadaTableDataset,
  scadaTableSchema,
} from "../../../../src/training/dataset/scada/table-config.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

export const channel = (name: string, unit: string, max: number) => ({
  name,
  unit,
  min: -40,
  max,
  minRateHz: 0.001,
  maxRateHz: 1,
  kind: "scalar",
  missing: "quarantine",
  stuckAfter: 432,
});

export const channels: readonly ChannelContract[] = channelsSchema().parse([
  channel("power", "kW", 2600),
  channel("wind-speed", "m/s", 50),
  channel("gear-oil-temperature", "degC", 150),
]);

/** What the files of {@link writeFarm} are read by; `changes` replaces keys. */
export function describeFarm(changes: Partial<ScadaTableDataset> = {}): ScadaSource {
  const dataset = scadaTableSchema.parse({
    kind: "scada-table",
    name: "own",
    site: "Hill",
    description: "",
    heldOutRule: "",
    period: { test: "2025-03-01", end: "2025-03-02" },
    turbines: ["WEA 1", "WEA 2"],
    tables: [{ files: "scada/*.csv" }],
    time: { column: "Zeit", form: "dd.MM.yyyy HH:mm", zone: "UTC" },
    turbineColumn: "Anlage",
    columns: {
      power: { column: "Leistung [MW]", unit: "MW" },
      "wind-speed": "Wind",
      "gear-oil-temperature": { column: "Öl", unit: "degF" },
    },
    ...changes,
  });
  return { dataset, channels, intervalMs: 600_000 };
}

export interface InventedRow {
  readonly turbine: string;
  readonly time: string;
  readonly values: readonly (number | string)[];
}

/** `count` rows of a turbine from a moment on, ten minutes apart. */
export function inventRows(turbine: string, fromMs: number, count: number): InventedRow[] {
  return Array.from({ length: count }, (_, row) => {
    const load =
      0.5 + 0.4 * Math.sin(row / 20 + turbine.charCodeAt(turbine.length - 1)) + 0.05 * Math.sin(row * 1.7);
    return {
      turbine,
      time: renderTime(fromMs + row * 600_000),
      values: [2 * load ** 3, 4 + 10 * load, 122 + 30 * load].map((value) => Math.round(1000 * value) / 1000),
    };
  });
}

/** `26.10.2025 02:10` of a clock's face as if it were UTC. */
export function renderTime(localMs: number): string {
  const iso = new Date(localMs).toISOString();
  return `${iso.slice(8, 10)}.${iso.slice(5, 7)}.${iso.slice(0, 4)} ${iso.slice(11, 16)}`;
}

/** The table's text, with semicolons and decimal commas. */
export function renderRows(rows: readonly InventedRow[]): string {
  const lines = rows.map(({ turbine, time, values }) =>
    [turbine, time, ...values.map((value) => `${value}`.replace(".", ","))].join(";"),
  );
  return `Anlage;Zeit;Leistung [MW];Wind;Öl\n${lines.join("\n")}\n`;
}

/** Writes files by name into a new folder; returns it. */
export function writeFarm(files: Readonly<Record<string, string>>): string {
  const folder = createTemporaryFolder();
  mkdirSync(join(folder, "scada"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
