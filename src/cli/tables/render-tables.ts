/** What scored tables come to, in words for a terminal. */
import { basename } from "node:path";
import type { Manifest } from "../../contract/manifest.ts";
import { requireSpec } from "../../gateway/scada/scada-turbine.ts";
import type { AskedInspection, ScoredTables } from "./score-tables.ts";
import type { TableSummary } from "./table-summary.ts";

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
          `${inspections.length} ${inspections.length === 1 ? "inspection" : "inspections"} would have been asked for:`,
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
  const reasons = Object.entries(setAside.samples).map(([reason, count]) => `${reason} ${count}`);
  const lost = setAside.windows === 0 ? "" : `, ${setAside.windows} more lost to bad data`;
  const frozen = states.frozen === 0 ? "" : `, ${states.frozen} frozen`;
  const known = Object.entries(components).flatMap(([name, { score, probability }]) =>
    score === null
      ? []
      : [`${name} ${score.toFixed(2)}${probability === null ? "" : ` (p ${probability.toFixed(3)})`}`],
  );
  return [
    `${turbine}, ${basename(file)}: ${windows} rows, of them ${states.scored} scored, ${states.learning} learnt from, ${states["not-operating"]} not in normal operation${frozen}${lost}`,
    ...(reasons.length === 0 ? [] : [`  readings set aside: ${reasons.join(", ")}`]),
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
  const { policy, statistics, operation } = requireSpec(manifest);
  const last = new Map(files.map((summary) => [summary.turbine, summary]));
  const notes: string[] = [];
  for (const { turbine, windows, states, learning, components } of last.values()) {
    if (windows === 0) continue;
    if (windows === states["not-operating"] + states.frozen && learning !== null) {
      const { powerChannel, windChannel } = operation.powerCurve;
      const units = [powerChannel, windChannel].map(
        (name) => `${name} in ${manifest.channels.find((channel) => channel.name === name)?.unit ?? "?"}`,
      );
      notes.push(`${turbine}: no row is in normal operation; is ${units.join(" and ")}?`);
    } else if (learning !== null) {
      notes.push(
        `${turbine} is still being learnt: ${learning.rows} of ${learning.of} rows in normal operation; residuals, scores and inspections come after that`,
      );
    } else if (Object.values(components).every(({ score }) => score === null)) {
      notes.push(
        `${turbine} has no score yet: that takes ${statistics.minHistoryDays} days with ${statistics.minRowsPerDay} scored rows each, and ${statistics.gapDays} more`,
      );
    }
  }
  if (last.size === 1 && policy.kind === "ranking") {
    notes.push(
      "the policy ranks turbines against each other: of one that stands alone its inspections are a calendar's, whatever the scores",
    );
  }
  return notes;
}
