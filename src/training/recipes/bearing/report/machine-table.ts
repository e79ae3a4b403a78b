/** The table of what was decided machine by machine, for reports and cards alike. */
import type { ReportTable } from "../../../report/report-parts.ts";
import type { DecidedRecording, MachineOutcome } from "../judge/machine-outcomes.ts";

const columns: readonly (readonly [outcome: DecidedRecording["outcome"], title: string])[] = [
  ["found", "fault found"],
  ["other-kind", "another kind"],
  ["missed", "fault missed"],
  ["quiet", "healthy quiet"],
  ["false-alarm", "healthy raised"],
];

/** Confusion by machine; in brackets what `others` make of the same machines, where there is another model. */
export function tabulateMachines(
  caption: string,
  machines: readonly MachineOutcome[],
  others: readonly MachineOutcome[] = [],
): ReportTable {
  return {
    title: "Machine by machine",
    caption,
    head: ["machine", "recorded", ...columns.map(([, title]) => title)],
    rows: machines.map(({ machine, labels, counts }) => {
      const other = others.find((each) => each.machine === machine);
      const beside = (outcome: DecidedRecording["outcome"]): string =>
        other === undefined ? "" : ` (${other.counts[outcome]})`;
      return [
        machine,
        labels.join(", "),
        ...columns.map(([outcome]) => `${counts[outcome]}${beside(outcome)}`),
      ];
    }),
  };
}
