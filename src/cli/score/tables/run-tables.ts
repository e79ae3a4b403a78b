/** `aurora score` of tables: scores them, prints what they come to, and says on stderr what is wrong with any or still missing. */
import type { Bundle } from "../../../core/bundle/bundle.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { listComponents, requireSpec } from "../../../core/serving/scada/scada-turbine.ts";
import { createProgressBar } from "../../terminal/progress-bar.ts";
import { listColumnNames } from "../recordings/row-table.ts";
import { complainOfFile, exitCodeOf } from "../recordings/tell-files.ts";
import { nameColumns } from "./column-names.ts";
import { nameTurbines } from "./name-turbines.ts";
import { type LoggedRepair, readRepairs } from "./read-repairs.ts";
import { listNotes, renderTables } from "./render-tables.ts";
import { type ScoredTables, scoreTables } from "./score-tables.ts";
import type { TableFlags } from "./table-options.ts";
import type { TableSummary } from "./table-summary.ts";

/** What the command was called with. */
export interface TableCommandFlags extends TableFlags {
  readonly input: readonly string[];
  readonly out: string;
  readonly json?: boolean;
}

/** Returns the exit code. Fails with USAGE, STORE, CONFIG_INVALID, DATA_MISSING of the options' files, INFERENCE. */
export async function runTables(
  loaded: LoadedBundle,
  bundle: Bundle,
  flags: TableCommandFlags,
): Promise<number> {
  const { manifest, ref } = loaded;
  const names = manifest.channels.map(({ name }) => name);
  const components = listComponents(requireSpec(manifest));
  const turbines = nameTurbines(flags.input, flags.turbine ?? []);
  const columns = await nameColumns(names, listColumnNames(bundle), flags.columns);
  const repairs = await readRepairs(flags.repairs ?? [], components);
  const bar = createProgressBar();
  const scored = await scoreTables(loaded, {
    files: flags.input,
    turbines,
    columns,
    repairs,
    out: flags.out,
    progress: bar.update,
  }).finally(bar.end);
  const { files, inspections } = scored;
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ model: ref, out: flags.out, files, inspections })}\n`
      : renderTables(scored),
  );
  for (const file of files) complain(file, scored);
  const read = files.filter(({ error }) => error === undefined);
  for (const warning of doubtRepairs(repairs, scored)) process.stderr.write(`warning: repairs: ${warning}\n`);
  for (const note of listNotes(read, manifest)) process.stderr.write(`note: ${note}\n`);
  return exitCodeOf(files, saysNothing);
}

/** Not one row could be judged. */
function saysNothing({ windows }: TableSummary): boolean {
  return windows === 0;
}

/** Says on stderr what is wrong with a file, if anything is. */
function complain(summary: TableSummary, { silent }: ScoredTables): void {
  if (complainOfFile(summary) || !saysNothing(summary)) return;
  const { file, turbine, setAside } = summary;
  const channels = silent.get(file) ?? [];
  const reasons = Object.keys(setAside.samples).join(", ");
  process.stderr.write(`error: ${file}: no row of ${turbine} could be judged\n`);
  const never = "a row without a reading of every channel is never judged";
  const why =
    channels.length > 0
      ? `there is no number in the column of ${channels.join(", ")}, and ${never}`
      : reasons === "time-backwards"
        ? "its rows repeat times of rows before them, or of another file; of readings of the same time the first counts"
        : `readings were set aside (${reasons || "none"}), and ${never}; check units and times`;
  process.stderr.write(`hint: ${why}\n`);
}

/** A logbook may speak of turbines that are not here, but a name that is misspelt says nothing either. */
function doubtRepairs(repairs: readonly LoggedRepair[], { turbines }: ScoredTables): string[] {
  const unknown = [...new Set(repairs.map(({ turbine }) => turbine))].filter((id) => !turbines.includes(id));
  return unknown.length === 0
    ? []
    : [`no table is of ${unknown.join(", ")}; passed over (the tables are of ${turbines.join(", ")})`];
}
