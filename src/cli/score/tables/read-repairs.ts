/**
 * Reads what was mended when, from a logbook as CSV (`turbine,component,date`) or from the turbines of a gateway's
 * configuration (`turbines: [{id, repairs: [{component, date}]}]`). Spells `GENERATOR_BEARING` as `generator-bearing`.
 */
import { extname } from "node:path";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { sayIssue } from "../../../core/contract/config/describe-issue.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import { readFileBounded } from "../../../core/platform/files/bounded-read.ts";
import { parseCsv } from "../../../training/dataset/csv.ts";
import { parseTime } from "../../../training/dataset/parse-time.ts";
import { decodeText } from "../../../training/dataset/read-text.ts";
import { findColumn, usualColumns } from "./read-readings.ts";

/** A component that failed and was mended. */
export interface LoggedRepair {
  readonly turbine: string;
  readonly component: string;
  /** Whole days since the epoch, in the time of the data. */
  readonly day: number;
}

const maxFileBytes = 1024 * 1024;
const text = z.string().min(1).max(256);
const configSchema = z.object({
  turbines: z.array(
    z.object({
      id: text,
      repairs: z.array(z.object({ component: text, date: text })).default([]),
    }),
  ),
});
const columnNames = {
  turbine: usualColumns.turbine,
  component: ["component"],
  date: ["date", "timestamp", "time"],
} as const;

/** All repairs of the files. `components` are those of the bundle. Fails with DATA_MISSING, CONFIG_INVALID. */
export async function readRepairs(
  paths: readonly string[],
  components: readonly string[],
): Promise<LoggedRepair[]> {
  const all: LoggedRepair[] = [];
  for (const path of paths) {
    const content = decodeText(
      await readFileBounded(path, maxFileBytes, { op: "read repairs", tooLarge: "CONFIG_INVALID" }),
    );
    const isCsv = extname(path).toLowerCase() === ".csv";
    for (const { turbine, component, date, where } of isCsv
      ? listRows(path, content)
      : listConfig(path, content)) {
      const day = Math.floor(parseTime(date) / dayMs);
      if (turbine === "") throw refuse(path, `${where}: it names no turbine`);
      if (!isIsoDate(date) || !Number.isFinite(day))
        throw refuse(path, `${where}: "${date}" is no date such as 2026-08-20`);
      const plain = component.toLowerCase().replaceAll(/[_ ]+/g, "-");
      if (!components.includes(plain)) {
        throw refuse(
          path,
          `${where}: the bundle knows no component "${component}"`,
          `components are ${components.join(", ")}`,
        );
      }
      all.push({ turbine, component: plain, day });
    }
  }
  return all;
}

interface Entry {
  readonly turbine: string;
  readonly component: string;
  readonly date: string;
  readonly where: string;
}

function isIsoDate(date: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(date);
}

function listRows(path: string, content: string): Entry[] {
  const head = content.slice(0, Math.max(0, content.indexOf("\n")));
  const { columns, rows } = parseCsv(content, path, head.includes(";") ? ";" : ",");
  const plain = columns.map((column) => column.trim().toLowerCase());
  const at = (wanted: keyof typeof columnNames): number => {
    const found = findColumn(plain, columnNames[wanted]);
    if (found < 0) throw refuse(path, `has no column ${columnNames[wanted].join(" or ")}`);
    return found;
  };
  const [turbine, component, date] = [at("turbine"), at("component"), at("date")];
  return rows.map((row, index) => ({
    turbine: row[turbine]!.trim(),
    component: row[component]!.trim(),
    date: row[date]!.trim(),
    where: `row ${index + 1}`,
  }));
}

function listConfig(path: string, content: string): Entry[] {
  let document: unknown;
  try {
    document = parseYaml(content, { maxAliasCount: 16 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : "";
    throw refuse(path, `is neither CSV nor YAML: ${reason}`);
  }
  const parsed = configSchema.safeParse(document);
  if (!parsed.success) {
    throw refuse(path, `says no repairs: ${sayIssue(parsed.error.issues[0], document)}`);
  }
  return parsed.data.turbines.flatMap(({ id, repairs }) =>
    repairs.map((repair, index) => ({ ...repair, turbine: id, where: `${id}, repairs.${index}` })),
  );
}

function refuse(
  path: string,
  message: string,
  hint = "expected a .csv with the columns turbine, component and date, or YAML: turbines: [{id: T01, repairs: [{component: gearbox, date: 2026-08-20}]}]",
): AuroraError {
  return new AuroraError("CONFIG_INVALID", `${path} ${message}`, { op: "read repairs", subject: path, hint });
}
