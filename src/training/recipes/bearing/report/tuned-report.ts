/** What the report of a fine-tuned bundle shows: beside its parent, machine by machine, what was learnt, the worst recordings. */

import type { RecordingSet } from "../../../dataset/recordings/recording-set.ts";
import { measureNetworks } from "../../../learn/dense-network.ts";
import type { TrainedStudent } from "../../../learn/train-student.ts";
import type { ReportParts, ReportStep } from "../../../report/report-parts.ts";
import type { JudgedTuned } from "../judge/tuned-evaluation.ts";
import { tunedContenders } from "../judge/tuned-figures.ts";
import type { ParentBundle } from "../learn/parent-bundle.ts";
import type { WaveformRows } from "../learn/recorded-rows.ts";
import type { TunedConfig } from "../tuned-config.ts";
import { drawLearnt, drawWorstRecordings } from "./recording-plots.ts";
import {
  headlineWords,
  sayTuned,
  tabulateContenders,
  tabulateNext,
  tabulateTunedMachines,
} from "./tuned-tables.ts";

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
  const { config, student, parent, judged, rows, set } = subject;
  const { evaluation } = judged;
  const timed: Readonly<Record<string, ReportStep["timed"]>> = {
    int8: student.quantised,
    float: [student.float],
    parent: parent.quantised,
  };
  const size = measureNetworks([student.float]);
  return {
    stepColumns: [
      `${headlineWords[evaluation.headline]}, machines left out`,
      "a fault at all, machines left out",
    ],
    steps: evaluation.contenders.map(({ name, headline, faultAuroc }) => {
      const own = timed[name];
      return {
        name,
        title: tunedContenders[name],
        ...(own === undefined ? { parameters: null, multiplyAdds: null } : { ...size, timed: own }),
        bytes: name === "float" ? 4 * size.parameters : null,
        figures: [headline, faultAuroc],
      };
    }),
    findings: sayTuned(evaluation),
    plots: [
      ...drawLearnt({
        config,
        rows,
        scaler: parent.scaler,
        background: parent.background,
        students: [
          { name: "the parent", quantised: parent.quantised },
          { name: "fine-tuned", quantised: student.quantised },
        ],
      }),
      ...(await drawWorstRecordings(evaluation.recordings, config.features, set)),
    ],
    tables: [tabulateTunedMachines(evaluation), tabulateContenders(evaluation), tabulateNext(evaluation)],
  };
}
