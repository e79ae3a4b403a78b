/** Reads the log of failures and services, and what components cost. Refuses a component that nobody named; guesses no spelling. */
import { join } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { suggestWord } from "../../../core/contract/config/config-finding.ts";
import { parseCellNumber, parseText } from "../table-cell.ts";
import { openTableRows, type TableLayout, type TableRows } from "../table-rows.ts";
import { createMomentReader, type Moment } from "./read-moments.ts";
import type { ComponentCost, CostConfig, LogConfig, ScadaTableDataset } from "./table-config.ts";

/** A line of the log about a component that is watched. */
export interface LoggedEvent {
  readonly turbine: string;
  readonly component: string;
  readonly timestampMs: number;
}

/** A line of the log as it was written, with where it stands. */
export interface LogLine {
  readonly file: string;
  readonly place: string;
  readonly turbine: string;
  readonly component: string;
  /** The time's cell, and what was made of it. */
  readonly written: string;
  readonly moment: Moment;
  /** As the kind's column has it; empty without one. */
  readonly kind: string;
  readonly isService: boolean;
}

interface ScadaLog {
  /** In order of time, of configured turbines and watched components only. */
  readonly failures: readonly LoggedEvent[];
  readonly services: readonly LoggedEvent[];
  /** Lines about turbines that are not configured. */
  readonly otherTurbines: readonly LogLine[];
}

const maxLogRows = 200_000;

/** Reads every line of the log's files as it is written. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readLogLines(dataDir: string, log: LogConfig): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (const name of log.files) {
    const path = join(dataDir, name);
    const { columns } = log;
    const table = await openText(path, log.layout);
    const moments = createMomentReader(log);
    // A remark is for people: its column must be there, and nobody reads it.
    const named = [columns.turbine, columns.component, columns.time, columns.remark, columns.kind];
    const wanted = named.map((each) => (each === undefined ? -1 : findColumn(path, table, each)));
    await table.read(wanted, (cells, at) => {
      const [turbine, component, , , kind] = cells.map(parseText);
      lines.push({
        file: path,
        place: `${table.placeWord} ${at}`,
        turbine: turbine!,
        component: component!,
        written: String(cells[2] ?? ""),
        moment: moments.read(cells[2], `${lines.length}`),
        kind: kind!,
        isService: log.services?.includes(kind!) ?? false,
      });
    });
  }
  return lines;
}

/** Reads the log; without one there are no failures. Fails with DATA_MISSING or DATA_FORMAT, naming line and value. */
export async function readScadaLog(
  dataDir: string,
  dataset: ScadaTableDataset,
  watched: readonly string[],
): Promise<ScadaLog> {
  const { log, turbines, turbineNames = {} } = dataset;
  const failures: LoggedEvent[] = [];
  const services: LoggedEvent[] = [];
  const otherTurbines: LogLine[] = [];
  const lines = log === undefined ? [] : await readLogLines(dataDir, log);
  const [unused] = log === undefined ? [] : listUnusedServices(log, lines);
  if (unused !== undefined) throw refuseAt(unused.problem, "dataset.log.services", unused.cure);
  for (const line of lines) {
    const refuse = (message: string, hint: string): AuroraError =>
      refuseAt(`${line.file}, ${line.place}: ${message}`, line.file, hint);
    const turbine = turbineNames[line.turbine] ?? line.turbine;
    const timestampMs = momentOf(line);
    if (timestampMs === null)
      throw refuse(
        `"${line.written}" is no time`,
        `mend the line, or say with dataset.log.form how times are written`,
      );
    if (!turbines.includes(turbine)) {
      otherTurbines.push(line);
      continue;
    }
    const component = findComponent(line.component, dataset, watched);
    if (component === undefined) {
      throw refuse(
        `nobody knows the component "${line.component}"${suggestWord(line.component, [...Object.keys(dataset.components ?? {}), ...watched])}`,
        `say under dataset.components which of ${watched.join(", ")} it is, or null for one that no residual watches`,
      );
    }
    if (component === null) continue;
    (line.isService ? services : failures).push({ turbine, component, timestampMs });
  }
  const byTime = (a: LoggedEvent, b: LoggedEvent): number => a.timestampMs - b.timestampMs;
  return { failures: failures.sort(byTime), services: services.sort(byTime), otherTurbines };
}

/** A word of `services` that no line has: what it should have named would count as failures. */
interface UnusedService {
  readonly word: string;
  readonly problem: string;
  readonly cure: string;
}

/** Words of `services` that no line of the log has; none where the log has no lines. */
export function listUnusedServices(
  { services = [] }: LogConfig,
  lines: readonly LogLine[],
): readonly UnusedService[] {
  const kinds = [...new Set(lines.map(({ kind }) => kind))];
  if (kinds.length === 0) return [];
  const shown = kinds.slice(0, 20).map((kind) => `"${kind}"`);
  return services
    .filter((word) => !kinds.includes(word))
    .map((word) => ({
      word,
      problem: `no line of the log is of the kind "${word}" of dataset.log.services${suggestWord(word, kinds)}`,
      cure: `write it as the log does, or leave it out: every line of another kind counts as a failure; kinds are ${shown.join(", ")}`,
    }));
}

/** When it was; of a local time that never was the moment an hour is nothing to a log. Null: no time. */
export function momentOf({ moment }: Pick<LogLine, "moment">): number | null {
  if (moment.kind === "none") return null;
  return moment.kind === "time" ? moment.timeMs : moment.localMs;
}

/** Component of the residuals that a name stands for; null: named as one that nobody watches; undefined: unknown. */
export function findComponent(
  name: string,
  { components = {} }: Pick<ScadaTableDataset, "components">,
  watched: readonly string[],
): string | null | undefined {
  if (Object.hasOwn(components, name)) return components[name]!;
  return watched.includes(name) ? name : undefined;
}

/** What each watched component costs, in the sequence of `watched`; null where nobody says. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readScadaCosts(
  dataDir: string,
  dataset: ScadaTableDataset,
  watched: readonly string[],
): Promise<ReadonlyMap<string, ComponentCost> | null> {
  const { costs } = dataset;
  if (costs === undefined) return null;
  const read =
    "components" in costs
      ? new Map(Object.entries(costs.components))
      : await readCostTable(join(dataDir, costs.file), costs, (name) =>
          findComponent(name, dataset, watched),
        );
  return new Map(
    watched.map((component) => {
      const cost = read.get(component);
      if (cost !== undefined) return [component, cost];
      const subject = "file" in costs ? join(dataDir, costs.file) : "dataset.costs";
      throw refuseAt(
        `${subject} lacks ${component}`,
        subject,
        "every component of the residuals needs its three costs",
      );
    }),
  );
}

async function readCostTable(
  path: string,
  { columns, layout }: Extract<CostConfig, { readonly file: string }>,
  find: (name: string) => string | null | undefined,
): Promise<Map<string, ComponentCost>> {
  const table = await openText(path, layout);
  const wanted = [columns.component, columns.replacement, columns.repair, columns.inspection].map((name) =>
    findColumn(path, table, name),
  );
  const costs = new Map<string, ComponentCost>();
  await table.read(wanted, (cells, at) => {
    const component = find(parseText(cells[0]));
    // A table of costs may know more than is watched.
    if (component === undefined || component === null) return;
    const place = `${path}, ${table.placeWord} ${at}`;
    if (costs.has(component))
      throw refuseAt(`${place}: ${component} stands twice`, path, "leave one line a component");
    const euro = (cell: unknown): number => {
      const value = parseCellNumber(cell, table.decimal);
      if (value >= 0) return value;
      throw refuseAt(`${place}: "${parseText(cell)}" is no cost`, path, "write a number of euro, 0 or more");
    };
    costs.set(component, {
      replacementEur: euro(cells[1]),
      repairEur: euro(cells[2]),
      inspectionEur: euro(cells[3]),
    });
  });
  return costs;
}

async function openText(path: string, layout: TableLayout | undefined): Promise<TableRows> {
  return await openTableRows(path, { ...layout, maxRows: maxLogRows });
}

function findColumn(path: string, table: TableRows, name: string): number {
  const at = table.columns.indexOf(name.trim());
  if (at >= 0) return at;
  throw refuseAt(
    `${path} has no column "${name}"${suggestWord(name, table.columns)}`,
    path,
    `its columns are ${table.columns.slice(0, 40).join(", ")}`,
  );
}

function refuseAt(message: string, subject: string, hint: string): AuroraError {
  return new AuroraError("DATA_FORMAT", message, { op: "read log", subject, hint });
}
