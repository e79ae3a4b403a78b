/** What every report of a bearing model draws of recordings: what was learnt from them, and the worst with their spectra. */
import type { BearingOrders } from "../../../../core/contract/bundle/bearing.ts";
import { bearingFaults, type FaultKind, faultKinds } from "../../../../core/contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import type { Scaler } from "../../../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../../../core/contract/bundle/quantised-mlp.ts";
import type { ExplanationBackground } from "../../../../core/explain/background.ts";
import { groupFeatures } from "../../../../core/explain/coalition-plan.ts";
import { createIntegerKernel } from "../../../../core/inference/integer-engine.ts";
import { explainRow } from "../../../bundle/explain-row.ts";
import { listGroups } from "../../../bundle/list-groups.ts";
import type { RecordingSet } from "../../../dataset/recordings/recording-set.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import { chooseTicks } from "../../../report/render-report.ts";
import type { ReportPlot } from "../../../report/report-parts.ts";
import { drawPlot, type PlotLine } from "../../../report/svg-plot.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { type DecidedRecording, listWorst } from "../judge/machine-outcomes.ts";
import type { WaveformRows } from "../learn/recorded-rows.ts";
import { computeRecordedSpectrum, type RecordedSpectrum } from "./recorded-spectrum.ts";

/** A student's integers and what explains them. */
interface Explained {
  readonly name: string;
  readonly quantised: QuantisedMlp;
}

/** Rows that shares are averaged over, at most. */
const mostRows = 120;
/** Spectra that are drawn. */
const mostWorst = 6;

/** Rows with a fault, and who explains them. */
interface LearntSubject {
  readonly config: Pick<BearingConfig, "hypotheses" | "features">;
  readonly rows: readonly WaveformRows[];
  readonly scaler: Scaler;
  readonly background: ExplanationBackground;
  /** The model; before it the one that it goes on from, if there is one. */
  readonly students: readonly Explained[];
}

/** How much each group of features moves the mode that is right, of faulty rows; nothing where there are none. */
export function drawLearnt({ config, rows, scaler, background, students }: LearntSubject): ReportPlot[] {
  const { features, hypotheses } = config;
  const faulty = chooseFaulty(rows, hypotheses, scaler);
  if (faulty.length === 0) return [];
  const names = listGroups(features);
  const groups = groupFeatures(features, names);
  const lines = students.map(({ name, quantised }, index): PlotLine => {
    const kernel = createIntegerKernel(quantised);
    const means = new Float64Array(names.length);
    for (const { row, mode } of faulty) {
      const { shares } = explainRow(row, { kernel, background, groups });
      for (let group = 0; group < means.length; group++) {
        means[group]! += shares[mode * means.length + group]! / faulty.length;
      }
    }
    const width = 0.8 / students.length;
    const points = Array.from(means, (mean, group) => {
      const from = group + 0.1 + index * width;
      return [
        [from, 0],
        [from, mean],
        [from + 0.85 * width, mean],
        [from + 0.85 * width, 0],
      ] as const;
    }).flat();
    return { name, colour: `c${index}`, points, width: 2 };
  });
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y));
  const y = chooseTicks(Math.min(0, ...values), Math.max(0.5, ...values));
  return [
    {
      title: "What was learnt",
      caption: `Mean share of each group of features in the logit of the fault that is there (exact Shapley values of the integers, against healthy windows)${students.length > 1 ? ", before and after fine-tuning. What rises is what these machines taught." : ", on the recordings that it learnt from. What is high is what it goes by."}`,
      svg: drawPlot({
        x: {
          label: "group of features",
          from: 0,
          to: names.length,
          ticks: names.map((_, index) => index + 0.5),
          format: (value) => names[Math.floor(value)] ?? "",
        },
        y: { label: "share of the logit", ...y },
        lines,
        width: 480,
        alt: "Shares of feature groups in the logit of the fault that is there",
      }),
    },
  ];
}

/** Every so-manieth row of a recording with a fault, standardised. */
function chooseFaulty(
  rows: readonly WaveformRows[],
  hypotheses: BearingConfig["hypotheses"],
  scaler: Scaler,
): readonly { readonly row: Float32Array; readonly mode: number }[] {
  const modes = hypotheses.map(({ failureMode }) => failureMode);
  const faulty = rows.flatMap(({ failureMode, served }) =>
    failureMode === null
      ? []
      : Array.from({ length: served.rows }, (_, row) => ({ served, row, mode: modes.indexOf(failureMode) })),
  );
  const every = Math.max(1, Math.ceil(faulty.length / mostRows));
  return faulty
    .filter((_, index) => index % every === 0)
    .map(({ served, row, mode }) => {
      const columns = served.features.length / served.rows;
      const own = served.features.subarray(row * columns, (row + 1) * columns);
      return { row: standardiseRows(own, 1, scaler), mode };
    });
}

/** Draws the worst of `decided`. Fails with DATA_MISSING or DATA_FORMAT where a recording cannot be read again. */
export async function drawWorstRecordings(
  decided: readonly DecidedRecording[],
  features: FeatureSpec,
  set: RecordingSet,
): Promise<ReportPlot[]> {
  const plots: ReportPlot[] = [];
  for (const worst of listWorst(decided, mostWorst)) {
    const entry = set.entries.find(({ id }) => id === worst.id)!;
    for await (const part of set.parts(entry)) {
      const spectrum = computeRecordedSpectrum(part, features, highestDrawnOrder(entry.bearing));
      if (spectrum === null) continue;
      plots.push(drawWorst({ ...worst, bearing: entry.bearing, shaftRpm: entry.shaftRpm, spectrum }));
      break;
    }
  }
  return plots;
}

/** A recording that was decided wrongly, and what it sounds like. */
interface WorstRecording extends DecidedRecording {
  readonly bearing: BearingOrders;
  readonly shaftRpm: number;
  readonly spectrum: RecordedSpectrum;
}

const colourOf: Readonly<Record<FaultKind, string>> = { "inner-race": "c1", "outer-race": "c2", ball: "c3" };

/** Orders that a spectrum of such a bearing is drawn up to. */
function highestDrawnOrder({ bpfi }: BearingOrders): number {
  return 3.4 * bpfi;
}

/** The spectrum with the first three harmonics of every fault order marked. */
function drawWorst(worst: WorstRecording): ReportPlot {
  const { bearing, spectrum, label, raised, id, shaftRpm, machine } = worst;
  const highest = highestDrawnOrder(bearing);
  const points = Array.from(
    spectrum.decibels,
    (value, bin) => [bin * spectrum.binOrders, value] as const,
  ).filter(([order]) => order > 0.2 && order <= highest);
  const top = Math.max(12, ...points.map(([, value]) => value));
  const { to, ticks } = chooseTicks(0, top);
  const marks = faultKinds.flatMap((kind): PlotLine[] =>
    [1, 2, 3].map((harmonic) => {
      const order = harmonic * bearing[bearingFaults[kind].order];
      return {
        name: bearingFaults[kind].part,
        colour: colourOf[kind],
        width: harmonic === 1 ? 1.8 : 1,
        dashed: true,
        points: [
          [Math.min(order, highest), 0],
          [Math.min(order, highest), order > highest ? 0 : to],
        ],
      };
    }),
  );
  const orders = chooseTicks(0, highest);
  return {
    title: `${machine}: ${label}, ${raised === null ? "nothing raised" : `raised ${raised}`}`,
    caption: `${id}, ${Math.round(shaftRpm)} rpm. Dashed: the orders at which each kind of fault strikes, twice and three times that. A line that stands beside them is of something else.`,
    svg: drawPlot({
      x: {
        label: "order of the shaft",
        from: 0,
        to: highest,
        ticks: orders.ticks.filter((tick) => tick <= highest),
      },
      y: { label: "dB above the median", from: 0, to, ticks },
      lines: [
        ...marks,
        {
          name: "envelope",
          colour: "c0",
          width: 1.1,
          points: points.map(([order, value]) => [order, Math.max(0, value)] as const),
        },
      ],
      width: 480,
      alt: `Envelope order spectrum of ${id}`,
    }),
  };
}
