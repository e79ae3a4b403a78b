/** What the report of a fine-tuned bundle shows: beside its parent, machine by machine, what was learnt, the worst recordings. */

import type { RecordingSet } from "../../../dataset/recordings/recording-set.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import type { TrainedStudent } from "../../../learn/train-student.ts";
import type { ReportParts, ReportPlot, ReportStep } from "../../../report/report-parts.ts";
import { listWorst } from "../judge/machine-outcomes.ts";
import type { JudgedTuned } from "../judge/tuned-evaluation.ts";
import { tunedContenders } from "../judge/tuned-figures.ts";
import type { ParentBundle } from "../learn/parent-bundle.ts";
import type { WaveformRows } from "../learn/recorded-rows.ts";
import type { TunedConfig } from "../tuned-config.ts";
import { computeRecordedSpectrum } from "./recorded-spectrum.ts";
import { drawLearntGroups, drawWorst, highestDrawnOrder } from "./tuned-plots.ts";
import {
  headlineWords,
  sayTuned,
  tabulateContenders,
  tabulateMachines,
  tabulateNext,
} from "./tuned-tables.ts";

/** Spectra that are drawn. */
const mostWorst = 6;

interface TunedReportSubject {
  readonly config: TunedConfig;
  readonly parent: ParentBundle;
  readonly student: TrainedStudent;
  readonly judged: JudgedTuned;
  readonly rows: readonly WaveformRows[];
  readonly set: RecordingSet;
}

/** Fails with DATA_MISSING or DATA_FORMAT where a recording cannot be read again. */
export async function reportTuned(subject: TunedReportSubject): Promise<ReportParts> {
  const { student, parent, judged } = subject;
  const { evaluation } = judged;
  const timed: Readonly<Record<string, ReportStep["timed"]>> = {
    int8: student.quantised,
    float: [student.float],
    parent: parent.quantised,
  };
  const parameters = student.float.reduce((sum, { weights, bias }) => sum + weights.length + bias.length, 0);
  return {
    stepColumns: [
      `${headlineWords[evaluation.headline]}, machines left out`,
      "a fault at all, machines left out",
    ],
    steps: evaluation.contenders.map(({ name, headline, faultAuroc }) => {
      const own = timed[name];
      const isNetwork = own !== undefined;
      return {
        name,
        title: tunedContenders[name],
        parameters: isNetwork ? parameters : null,
        multiplyAdds: isNetwork ? student.float.reduce((sum, { weights }) => sum + weights.length, 0) : null,
        bytes: name === "float" ? 4 * parameters : null,
        figures: [headline, faultAuroc],
        ...(own === undefined ? {} : { timed: own }),
      };
    }),
    findings: sayTuned(evaluation),
    plots: [...drawLearnt(subject), ...(await drawWorstRecordings(subject))],
    tables: [tabulateMachines(evaluation), tabulateContenders(evaluation), tabulateNext(evaluation)],
  };
}

/** Shares of feature groups on the faulty rows; nothing where there are none. */
function drawLearnt({ config, parent, student, rows }: TunedReportSubject): ReportPlot[] {
  const modes = config.hypotheses.map(({ failureMode }) => failureMode);
  const columns = config.features.list.length;
  const faulty = rows.flatMap(({ failureMode, served }) => {
    if (failureMode === null) return [];
    const standardised = standardiseRows(served.features, served.rows, parent.scaler);
    return Array.from({ length: served.rows }, (_, row) => ({
      row: standardised.slice(row * columns, (row + 1) * columns),
      mode: modes.indexOf(failureMode),
    }));
  });
  if (faulty.length === 0) return [];
  return [
    drawLearntGroups(
      {
        rows: faulty.map(({ row }) => row),
        modes: faulty.map(({ mode }) => mode),
        features: config.features,
      },
      [
        { name: "the parent", quantised: parent.quantised },
        { name: "fine-tuned", quantised: student.quantised },
      ],
      parent.background,
    ),
  ];
}

async function drawWorstRecordings({ config, judged, set }: TunedReportSubject): Promise<ReportPlot[]> {
  const plots: ReportPlot[] = [];
  for (const worst of listWorst(judged.evaluation.recordings, mostWorst)) {
    const entry = set.entries.find(({ id }) => id === worst.id)!;
    for await (const part of set.parts(entry)) {
      const spectrum = computeRecordedSpectrum(part, config.features, highestDrawnOrder(entry.bearing));
      if (spectrum === null) continue;
      plots.push(drawWorst({ ...worst, bearing: entry.bearing, shaftRpm: entry.shaftRpm, spectrum }));
      break;
    }
  }
  return plots;
}
