/**
 * Reads what the "Hack the Wind 2018" wind farm of EDP says beside its signals: the failure logbook, what a failure
 * costs, and the power curve. Refuses a component or a cost that it does not know; turbines without signals are left out.
 */
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { csvColumn, parseCsv } from "./csv.ts";
import { readDataText } from "./read-data-file.ts";

/** The turbines that have signals. */
export const edpTurbines = ["T01", "T06", "T07", "T11"] as const;

/** The components of the logbook. */
export const edpComponents = [
  "gearbox",
  "generator",
  "generator-bearing",
  "transformer",
  "hydraulic-group",
] as const;

/** A component of the logbook. */
export type EdpComponent = (typeof edpComponents)[number];

/** A line of the logbook. */
export interface EdpFailure {
  readonly turbine: string;
  readonly component: EdpComponent;
  /** Local time of the farm, labelled UTC as the signals are. */
  readonly timestampMs: number;
  readonly remark: string;
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

/** The files of the logbook and the costs, relative to the data folder. */
export const edpLogbookFiles = [
  "edp/HTW_Costs.csv",
  "edp/htw-failures-2016.csv",
  "edp/htw-failures-2017.csv",
] as const;

/** Failures of the turbines that have signals, in order of time. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readEdpFailures(dataDir: string): Promise<readonly EdpFailure[]> {
  const failures: EdpFailure[] = [];
  for (const name of edpLogbookFiles.slice(1)) {
    const path = join(dataDir, name);
    failures.push(...parseEdpFailures(await readDataText(path), path));
  }
  return failures.sort((a, b) => a.timestampMs - b.timestampMs);
}

/** Parses one file of the logbook. Fails with DATA_FORMAT, naming the line's content. */
export function parseEdpFailures(text: string, subject: string): EdpFailure[] {
  const table = parseCsv(text, subject, ";");
  const at = (name: string): number => csvColumn(table, name, subject);
  const columns = [at("Turbine_ID"), at("Component"), at("Timestamp"), at("Remarks")];
  const failures: EdpFailure[] = [];
  for (const row of table.rows) {
    const [turbine, component, time, remark] = columns.map((column) => row[column] ?? "") as [
      string,
      string,
      string,
      string,
    ];
    const timestampMs = Date.parse(time);
    if (Number.isNaN(timestampMs)) throw refuse(subject, `"${time}" is no time`);
    if (!edpTurbines.some((known) => known === turbine)) continue;
    failures.push({ turbine, component: parseComponent(component, subject), timestampMs, remark });
  }
  return failures;
}

/** What each component costs. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readEdpCosts(dataDir: string): Promise<ReadonlyMap<EdpComponent, ComponentCost>> {
  const path = join(dataDir, edpLogbookFiles[0]);
  return parseEdpCosts(await readDataText(path), path);
}

/** Parses the table of costs; every component must be in it. Fails with DATA_FORMAT. */
export function parseEdpCosts(text: string, subject: string): ReadonlyMap<EdpComponent, ComponentCost> {
  const table = parseCsv(text, subject);
  const at = (name: string): number => csvColumn(table, name, subject);
  const [name, replacement, repair, inspection] = [
    at("Component"),
    at("Replacement_Cost"),
    at("Repair_Cost"),
    at("Inspection_cost"),
  ];
  const costs = new Map<EdpComponent, ComponentCost>();
  for (const row of table.rows) {
    const euro = (column: number): number => {
      const value = Number(row[column]);
      if (!(value >= 0)) throw refuse(subject, `"${row[column]}" is no cost`);
      return value;
    };
    costs.set(parseComponent(row[name] ?? "", subject), {
      replacementEur: euro(replacement),
      repairEur: euro(repair),
      inspectionEur: euro(inspection),
    });
  }
  for (const component of edpComponents) {
    if (!costs.has(component)) throw refuse(subject, `lacks ${component}`);
  }
  return costs;
}

function parseComponent(text: string, subject: string): EdpComponent {
  const name = text.trim().toLowerCase().replaceAll("_", "-");
  const component = edpComponents.find((known) => known === name);
  if (component === undefined) throw refuse(subject, `does not know the component "${text}"`);
  return component;
}

function refuse(subject: string, message: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${subject}: ${message}`, {
    op: "read logbook",
    subject,
    hint: "use the files of the data set unchanged",
  });
}
