/**
 * `dataset` of a training configuration for tables of ten-minute values: which files and columns, in what units and time
 * zone, which turbines, what was logged, what things cost, and where learning ends and judging begins. Holds no path from
 * the root of a disk: files are below the data folder.
 */
import { z } from "zod";
import { suggestWord } from "../../../core/contract/config/config-finding.ts";
import type { TableLayout } from "../table-rows.ts";
import { describeBadForm } from "./time-form.ts";
import { openTimeZone } from "./time-zone.ts";

/** Files of ten-minute values. */
export interface TableFiles {
  /** Below the data folder; `{turbine}` stands for each turbine's name, `*` for anything within a name. */
  readonly files: string;
  /** First and first no longer used day (UTC) of what these files hold. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/** How a file writes its times. */
export interface TimeConfig {
  /** `iso` (when absent), `milliseconds`, `seconds`, `spreadsheet-days` or a form such as `dd.MM.yyyy HH:mm`. */
  readonly form?: string | undefined;
  /** IANA name, `UTC` or a fixed offset such as `+01:00`; of times that do not say it themselves. */
  readonly zone: string;
}

/** A column, and the unit that it is in. */
export interface ColumnInUnit {
  readonly column: string;
  readonly unit: string;
}

/** Failures and services. */
export interface LogConfig extends TimeConfig {
  readonly files: readonly string[];
  readonly layout?: TableLayout | undefined;
  readonly columns: {
    readonly turbine: string;
    readonly component: string;
    readonly time: string;
    readonly remark?: string | undefined;
    /** What kind of entry it is; without it every entry is a failure. */
    readonly kind?: string | undefined;
  };
  /** Values of the kind's column that are services: something was renewed, nothing had failed. All others are failures. */
  readonly services?: readonly string[] | undefined;
}

/** What a component costs, in euro. */
export interface ComponentCost {
  /** A failure that nobody saw coming. */
  readonly replacementEur: number;
  /** A failure that was seen in time. */
  readonly repairEur: number;
  /** An inspection that found nothing. */
  readonly inspectionEur: number;
}

/** A table of costs, or the costs themselves by component. */
export type CostConfig =
  | {
      readonly file: string;
      readonly layout?: TableLayout | undefined;
      readonly columns: {
        readonly component: string;
        readonly replacement: string;
        readonly repair: string;
        readonly inspection: string;
      };
    }
  | { readonly components: Readonly<Record<string, ComponentCost>> };

export interface ScadaTableDataset {
  readonly kind: "scada-table";
  /** Of the data set, as the lineage names it. */
  readonly name: string;
  readonly site: string;
  /** Whose data, of what, under which licence. */
  readonly description: string;
  readonly heldOutRule: string;
  /** Days (UTC): learning begins with the rows, or at `begin`; judging goes from `test` to the end of `end`. */
  readonly period: {
    readonly begin?: string | undefined;
    readonly test: string;
    readonly end: string;
  };
  /** Turbines by name; others in the files are left out. */
  readonly turbines: readonly string[];
  /** Other names of turbines in the files or the log → one of `turbines`. */
  readonly turbineNames?: Readonly<Record<string, string>> | undefined;
  readonly tables: readonly TableFiles[];
  readonly layout?: TableLayout | undefined;
  readonly time: TimeConfig & { readonly column: string };
  /** Column that names each row's turbine; absent where files name it. */
  readonly turbineColumn?: string | undefined;
  /** Channel → its column, and the column's unit where it is another; a channel that is not here has a column of its name. */
  readonly columns: Readonly<Record<string, string | ColumnInUnit>>;
  readonly log?: LogConfig | undefined;
  /** Names of components in log and costs → components of the residuals; null: nobody watches it, leave it out. */
  readonly components?: Readonly<Record<string, string | null>> | undefined;
  readonly costs?: CostConfig | undefined;
}

const text = z.string().min(1).max(256);
const day = z.string().refine(isDay, "a day such as 2026-08-20, between 1990 and 2099");
const zone = z
  .string()
  .max(64)
  .refine(
    (name) => openTimeZone(name) !== null,
    "no time zone: an IANA name such as Europe/Berlin, UTC, or a fixed offset such as +01:00",
  );
const form = z
  .string()
  .max(64)
  .superRefine((name, context) => {
    const problem = describeBadForm(name);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  })
  .optional();
const layout = z
  .strictObject({
    separator: z.enum([",", ";", "\t"]).optional(),
    decimal: z.enum([".", ","]).optional(),
    encoding: z.enum(["utf-8", "windows-1252", "utf-16le"]).optional(),
    headerLine: z.int().min(1).max(1000).optional(),
  })
  .optional();
const file = z
  .string()
  .min(1)
  .max(1024)
  .refine(
    (path) => !path.startsWith("/") && !/^[A-Za-z]:/.test(path) && !path.split(/[/\\]/).includes(".."),
    "a path below the data folder, without ..",
  );
const euro = z.number().min(0).max(1e12);

/** Validator of {@link ScadaTableDataset} but for what needs the channels (`check-dataset-channels.ts`). */
export const scadaTableSchema: z.ZodType<ScadaTableDataset> = z
  .strictObject({
    kind: z.literal("scada-table"),
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes"),
    site: text,
    description: z.string().max(4096),
    heldOutRule: z.string().max(4096),
    period: z.strictObject({ begin: day.optional(), test: day, end: day }),
    turbines: z
      .array(z.string().regex(/^[^/\\{}*]{1,64}$/, "a name without / \\ { } *"))
      .min(1)
      .max(1024),
    turbineNames: z.record(text, text).optional(),
    tables: z
      .array(z.strictObject({ files: file, from: day.optional(), until: day.optional() }))
      .min(1)
      .max(256),
    layout,
    time: z.strictObject({ column: text, form, zone }),
    turbineColumn: text.optional(),
    columns: z.record(text, z.union([text, z.strictObject({ column: text, unit: text })])),
    log: z
      .strictObject({
        files: z.array(file).min(1).max(256),
        layout,
        columns: z.strictObject({
          turbine: text,
          component: text,
          time: text,
          remark: text.optional(),
          kind: text.optional(),
        }),
        form,
        zone,
        services: z.array(text).max(64).optional(),
      })
      .optional(),
    components: z.record(text, text.nullable()).optional(),
    costs: z
      .union([
        z.strictObject({
          file,
          layout,
          columns: z.strictObject({ component: text, replacement: text, repair: text, inspection: text }),
        }),
        z.strictObject({
          components: z.record(
            text,
            z.strictObject({ replacementEur: euro, repairEur: euro, inspectionEur: euro }),
          ),
        }),
      ])
      .optional(),
  })
  .superRefine((dataset, context) => {
    const complain = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    const { period, turbines, tables } = dataset;
    if (period.begin !== undefined && period.begin >= period.test)
      complain(["period", "test"], `is not after begin (${period.begin})`);
    if (period.end <= period.test) complain(["period", "end"], `is not after test (${period.test})`);
    for (const [index, turbine] of turbines.entries()) {
      if (turbines.indexOf(turbine) < index) complain(["turbines", index], "stands twice");
    }
    for (const [other, turbine] of Object.entries(dataset.turbineNames ?? {})) {
      if (!turbines.includes(turbine))
        complain(["turbineNames", other], `is none of turbines${suggestWord(turbine, turbines)}`);
    }
    const isNamed = ({ files }: TableFiles): boolean => files.includes("{turbine}");
    for (const [index, table] of tables.entries()) {
      if (table.from !== undefined && table.until !== undefined && table.from >= table.until)
        complain(["tables", index, "until"], `is not after from (${table.from})`);
      if (isNamed(table) || dataset.turbineColumn !== undefined || turbines.length === 1) continue;
      complain(
        ["tables", index, "files"],
        "does not say which turbine a file is of: write {turbine} where its name stands, or name the column with turbineColumn",
      );
    }
    if (dataset.log?.services !== undefined && dataset.log.columns.kind === undefined)
      complain(["log", "services"], "no column says what kind an entry is: name it with columns.kind");
  });

/** Begin of a day (UTC) as it stands in a configuration, epoch ms. */
export function parseDay(text: string): number {
  return Date.parse(`${text}T00:00:00Z`);
}

function isDay(text: string): boolean {
  const dayMs = /^\d{4}-\d\d-\d\d$/.test(text) ? parseDay(text) : Number.NaN;
  return (
    dayMs >= Date.UTC(1990, 0, 1) &&
    dayMs < Date.UTC(2100, 0, 1) &&
    new Date(dayMs).toISOString().startsWith(text)
  );
}
