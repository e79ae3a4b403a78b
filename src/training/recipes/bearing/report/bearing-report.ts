/** What the report of a bearing model shows. */
import type { ExplanationBackground } from "../../../../core/explain/background.ts";
import type { RecordingSet } from "../../../dataset/recordings/recording-set.ts";
import { formatFigure } from "../../../judge/figure.ts";
import type { ReportParts, ReportTable } from "../../../report/report-parts.ts";
import type { BearingConfig } from "../bearing-config.ts";
import type { BearingEvaluation } from "../judge/bearing-evaluation.ts";
import { countByMachine, listHeldOut } from "../judge/machine-outcomes.ts";
import { sayPublished } from "../judge/published-figures.ts";
import { type Contenders, listNetworks } from "../learn/contenders.ts";
import type { WaveformRows } from "../learn/recorded-rows.ts";
import { sayKeptLead, sayParity, tabulateSlices, tabulateSteps } from "./bearing-card.ts";
import { drawBearingPlots, type PlottedBearing } from "./bearing-plots.ts";
import { tabulateMachines } from "./machine-table.ts";
import { drawLearnt, drawWorstRecordings } from "./recording-plots.ts";

interface BearingReportSubject extends Contenders, PlottedBearing {
  readonly config: BearingConfig;
  /** What was learnt from. */
  readonly trainSignals: readonly WaveformRows[];
  readonly background: ExplanationBackground;
  readonly set: RecordingSet;
}

/** Fails with DATA_MISSING or DATA_FORMAT where a recording cannot be read again. */
export async function reportBearing(subject: BearingReportSubject): Promise<ReportParts> {
  const { config, evaluation, student, trainSignals, background, set } = subject;
  const heldOut = listHeldOut(evaluation.heldOut, set.entries);
  const titles = config.hypotheses.map((hypothesis) => hypothesis.title);
  return {
    stepColumns: ["macro AUROC, held-out bearings", "macro AUROC, out of fold"],
    steps: evaluation.steps.map(({ heldOut: held, outOfFold, ...step }) => {
      const timed = step.name === "int8" ? student.quantised : listNetworks(step.name, subject);
      return { ...step, figures: [held, outOfFold], ...(timed === null ? {} : { timed }) };
    }),
    findings: [
      ...evaluation.findings.map(({ sentence }) => sentence),
      ...sayKeptLead(evaluation),
      evaluation.decision.sentence,
      sayParity(evaluation),
      ...(evaluation.published === undefined
        ? []
        : [`The recipe on the published splits: ${sayPublished(evaluation.published).join("; ")}.`]),
    ],
    plots: [
      ...drawBearingPlots(subject, titles),
      ...drawLearnt({
        config,
        rows: trainSignals,
        scaler: student.scaler,
        background,
        students: [{ name: "the student", quantised: student.quantised }],
      }),
      ...(await drawWorstRecordings(heldOut, config.features, set)),
    ],
    tables: [
      ...tabulateSteps(evaluation),
      tabulateSlices(evaluation.slices),
      tabulateMachines(
        "Recordings of held-out machines by what a gateway would have said of them, as of a machine that nobody knows.",
        countByMachine(heldOut),
      ),
      tabulateDecision(evaluation),
    ],
  };
}

function tabulateDecision({ decision }: BearingEvaluation): ReportTable {
  const { costs } = decision;
  return {
    title: "Decision and costs",
    caption: `Out of fold on training bearings, each signal decided as of a machine that nobody knows. A missed fault costs ${costs.missed}, a found one ${costs.found}, a false alarm ${costs.falseAlarm}; ${(100 * costs.faultPrior).toFixed(1)} % of the bearings have a fault. Intervals are Wilson's over signals, of which those of one bearing are alike.`,
    head: ["", "faults raised", "healthy raised", "expected cost of a bearing"],
    rows: [
      [
        "the gateway's decision",
        formatFigure(decision.recall),
        formatFigure(decision.falseAlarms),
        decision.expectedCost.toFixed(0),
      ],
      ["never raising", "0", "0", decision.costOfSilence.toFixed(0)],
    ],
  };
}
