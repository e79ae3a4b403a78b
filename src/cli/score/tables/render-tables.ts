/** What scored tables come to, in words for a terminal. */
import { basename } from "node:path";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { requireSpec } from "../../../core/serving/scada/scada-turbine.ts";
import type { AskedInspection, ScoredTables } from "./score-tables.ts";
import type { TableSummary } from "./table-summary.ts";

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
  const judged = files.filter(({ windows }) => windows > 0);
  if (judged.length === 0) return null;
  if (judged.every(({ learning }) => learning !== null)) {
    const rows = judged.reduce((most, { learning }) => Math.max(most, learning!.rows), 0);
    if (rows > 0) {
      return ` is still being learnt: ${rows} of ${judged[0]!.learning!.of} rows in normal operation; residuals, scores and inspections come after that`;
    }
    const { powerChannel, windChannel } = operation.powerCurve;
    const units = [powerChannel, windChannel].map(
      (name) => `${name} in ${manifest.channels.find((channel) => channel.name === name)?.unit ?? "?"}`,
    );
    return `: no row is in normal operation; is ${units.join(" and ")}?`;
  }
  const isKnown = judged.some(({ components }) =>
    Object.values(components).some(({ score }) => score !== null),
  );
  return isKnown
    ? null
    : ` has no score yet: that takes ${statistics.minHistoryDays} days with ${statistics.minRowsPerDay} scored rows each, and ${statistics.gapDays} more`;
}
