/** `aurora score` of tables: scores them, prints what they come to, and says on stderr what is wrong with any or still missing. */
import { basename } from "node:path";
import type { Bundle } from "../../../core/bundle/bundle.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { listComponents } from "../../../core/contract/bundle/normal-behaviour.ts";
import { printable } from "../../../core/platform/printable.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { requireSpec } from "../../../core/serving/scada/scada-turbine.ts";
import { countOf } from "../../terminal/count-of.ts";
import { printReply } from "../../terminal/print-reply.ts";
import { createProgressBar } from "../../terminal/progress-bar.ts";
import { complainOfFile, exitCodeOf, warnOf } from "../files/file-report.ts";
import { findTableForm, listColumnNames, nameColumns } from "./column-names.ts";
import { type LoggedRepair, readRepairs } from "./read-repairs.ts";
import { type AskedInspection, type ScoredTables, scoreTables } from "./score-tables.ts";
import { nameTurbines, type TableFlags } from "./table-options.ts";
import type { TableSummary } from "./table-summary.ts";

interface TableCommandFlags extends TableFlags {
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
  const columns = await nameColumns(
    names,
    { known: listColumnNames(bundle), channels: bundle.manifest.channels, form: findTableForm(bundle) },
    flags.columns,
  );
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
  printReply(flags.json, { model: ref, out: flags.out, files, inspections }, () => renderTables(scored));
  for (const file of files) complain(file, scored);
  const read = files.filter(({ error }) => error === undefined);
  warnOf("repairs", doubtRepairs(repairs, scored));
  warnOf("time", scored.timeDoubts.slice(0, shownDoubts));
  for (const note of listNotes(read, manifest)) process.stderr.write(`note: ${printable(note)}\n`);
  return exitCodeOf(files, saysNothing);
}

/** Of a park whose clocks were all wrong a few say it. */
const shownDoubts = 6;

/** Not one row could be decided. */
function saysNothing({ windows }: TableSummary): boolean {
  return windows === 0;
}

/** Says on stderr what is wrong with a file, if anything is. */
function complain(summary: TableSummary, { silent }: ScoredTables): void {
  if (complainOfFile(summary) || !saysNothing(summary)) return;
  const { file, turbine, setAside } = summary;
  const channels = silent.get(file) ?? [];
  const reasons = Object.keys(setAside.samples).join(", ");
  process.stderr.write(printable(`error: ${file}: no row of ${turbine} could be scored\n`));
  const never = "a row without a reading of every channel is never scored";
  const why =
    channels.length > 0
      ? `there is no number in the column of ${channels.join(", ")}, and ${never}`
      : reasons === "time-backwards"
        ? "its rows repeat times of rows before them, or of another file; of readings of the same time the first counts"
        : `readings were set aside (${reasons || "none"}), and ${never}; check units and times`;
  process.stderr.write(printable(`hint: ${why}\n`));
}

/** A logbook may speak of turbines that are not here, but a name that is misspelt says nothing either. */
function doubtRepairs(repairs: readonly LoggedRepair[], { turbines }: ScoredTables): string[] {
  const unknown = [...new Set(repairs.map(({ turbine }) => turbine))].filter((id) => !turbines.includes(id));
  return unknown.length === 0
    ? []
    : [`no table is of ${unknown.join(", ")}; passed over (the tables are of ${turbines.join(", ")})`];
}

/** What a table's reader would call it; other reasons stand for themselves. */
const reasonWords: Readonly<Record<string, string>> = {
  gap: "missing",
  "time-backwards": "repeated",
  malformed: "without time or turbine",
};
const isoDate = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

/** Two lines a turbine and file, one for each sensor that was not believed, one an inspection. */
export function renderTables({ files, inspections }: Pick<ScoredTables, "files" | "inspections">): string {
  const read = files.filter(({ error }) => error === undefined);
  if (read.length === 0) return "";
  const asked =
    inspections.length === 0
      ? ["", "no inspection would have been asked for"]
      : [
          "",
          `${countOf(inspections.length, "inspection")} would have been asked for:`,
          ...renderInspections(inspections),
        ];
  return `${[...read.flatMap(renderFile), ...asked].join("\n")}\n`;
}

function renderFile({
  file,
  turbine,
  windows,
  states,
  setAside,
  components,
  sensorFaults,
}: TableSummary): string[] {
  const reasons = Object.entries(setAside.samples).map(
    ([reason, count]) => `${reasonWords[reason] ?? reason} ${count}`,
  );
  const lost = setAside.windows === 0 ? "" : `, ${setAside.windows} more lost to bad data`;
  const frozen = states.frozen === 0 ? "" : `, ${states.frozen} frozen`;
  const known = Object.entries(components).flatMap(([name, { score, probability }]) =>
    score === null
      ? []
      : [`${name} ${score.toFixed(2)}${probability === null ? "" : ` (p ${probability.toFixed(3)})`}`],
  );
  return [
    `${turbine}, ${basename(file)}: ${windows} rows, of them ${states.scored} scored, ${states.learning} learnt from, ${states["not-operating"]} not in normal operation${frozen}${lost}`,
    ...(reasons.length === 0 ? [] : [`  readings that do not count: ${reasons.join(", ")}`]),
    ...(known.length === 0 ? [] : [`  |z| at the end: ${known.join(", ")}`]),
    ...sensorFaults.map(
      ({ channel, fromMs, toMs }) =>
        `  sensor not believed: ${channel}, ${isoDate(fromMs)} to ${isoDate(toMs - 1)}`,
    ),
  ];
}

function renderInspections(inspections: readonly AskedInspection[]): string[] {
  const width = (pick: (each: AskedInspection) => string): number =>
    Math.max(...inspections.map((each) => pick(each).length));
  const [turbines, components] = [width(({ turbine }) => turbine), width(({ component }) => component)];
  return inspections.map(({ turbine, component, atMs, score, probability, worthEur }) =>
    [
      `  ${isoDate(atMs)}`,
      turbine.padEnd(turbines),
      component.padEnd(components),
      `|z| ${score.toFixed(2)}`,
      `p ${probability.toFixed(3)}`,
      `worth ${worthEur.toFixed(0)} EUR`,
    ].join("  "),
  );
}

/** Why something that a user may wait for is not there yet, or means less than it seems. */
export function listNotes(files: readonly TableSummary[], manifest: Manifest): string[] {
  const { policy } = requireSpec(manifest);
  const turbines = [...new Set(files.map(({ turbine }) => turbine))];
  return [
    ...turbines.flatMap((turbine) => {
      const own = files.filter((file) => file.turbine === turbine);
      const lacking = describeLack(own, manifest);
      return lacking === null ? [] : [`${turbine}${lacking}`];
    }),
    ...(turbines.length === 1 && policy.kind === "ranking"
      ? [
          "the policy ranks turbines against each other: of one that stands alone its inspections are a calendar's, whatever the scores",
        ]
      : []),
  ];
}

/** What keeps a turbine from being scored after all of its files; null: nothing does. */
function describeLack(files: readonly TableSummary[], manifest: Manifest): string | null {
  const { statistics, operation } = requireSpec(manifest);
  const withRows = files.filter(({ windows }) => windows > 0);
  if (withRows.length === 0) return null;
  if (withRows.every(({ learning }) => learning !== null)) {
    const rows = withRows.reduce((most, { learning }) => Math.max(most, learning!.rows), 0);
    if (rows > 0) {
      return ` is still being learnt: ${rows} of ${withRows[0]!.learning!.of} rows in normal operation; residuals, scores and inspections come after that`;
    }
    const { powerChannel, windChannel } = operation.powerCurve;
    const units = [powerChannel, windChannel].map(
      (name) => `${name} in ${manifest.channels.find((channel) => channel.name === name)?.unit ?? "?"}`,
    );
    return `: no row is in normal operation; is ${units.join(" and ")}?`;
  }
  const isKnown = withRows.some(({ components }) =>
    Object.values(components).some(({ score }) => score !== null),
  );
  return isKnown
    ? null
    : ` has no score yet: that takes ${statistics.minHistoryDays} days with ${statistics.minRowsPerDay} scored rows each, and ${statistics.gapDays} more`;
}
