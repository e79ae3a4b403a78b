/** The drawings of a fine-tuned bundle's report: what was learnt, the worst recordings with their spectra. */
import type { BearingOrders } from "../../../../core/contract/bundle/bearing.ts";
import { bearingFaults, type FaultKind, faultKinds } from "../../../../core/contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import type { QuantisedMlp } from "../../../../core/contract/bundle/quantised-mlp.ts";
import type { ExplanationBackground } from "../../../../core/explain/background.ts";
import { groupFeatures } from "../../../../core/explain/coalition-plan.ts";
import { createIntegerKernel } from "../../../../core/inference/integer-engine.ts";
import { explainRow } from "../../../bundle/explain-row.ts";
import { listGroups } from "../../../bundle/list-groups.ts";
import { chooseTicks } from "../../../report/render-report.ts";
import type { ReportPlot } from "../../../report/report-parts.ts";
import { drawPlot, type PlotLine } from "../../../report/svg-plot.ts";
import type { DecidedRecording } from "../judge/machine-outcomes.ts";
import type { RecordedSpectrum } from "./recorded-spectrum.ts";

/** A student's integers and what explains them. */
interface Explained {
  readonly name: string;
  readonly quantised: QuantisedMlp;
}

/** Rows that shares are averaged over, at most. */
const mostRows = 120;

/** How much each group of features moves the mode that is right, of faulty rows: before and after. */
export function drawLearntGroups(
  {
    rows,
    modes,
    features,
  }: {
    readonly rows: readonly Float32Array[];
    readonly modes: readonly number[];
    readonly features: FeatureSpec;
  },
  students: readonly Explained[],
  background: ExplanationBackground,
): ReportPlot {
  const names = listGroups(features);
  const groups = groupFeatures(features, names);
  const every = Math.max(1, Math.ceil(rows.length / mostRows));
  const chosen = rows.map((_, index) => index).filter((index) => index % every === 0);
  const lines = students.map(({ name, quantised }, index): PlotLine => {
    const kernel = createIntegerKernel(quantised);
    const means = new Float64Array(names.length);
    for (const row of chosen) {
      const { shares } = explainRow(rows[row]!, { kernel, background, groups });
      for (let group = 0; group < means.length; group++) {
        means[group]! += shares[modes[row]! * means.length + group]! / chosen.length;
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
  return {
    title: "What was learnt",
    caption:
      "Mean share of each group of features in the logit of the fault that is there (exact Shapley values of the integers, against healthy windows), before and after fine-tuning. What rises is what these machines taught.",
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
      alt: "Shares of feature groups before and after fine-tuning",
    }),
  };
}

/** A recording that was decided wrongly, and what it sounds like. */
export interface WorstRecording extends DecidedRecording {
  readonly bearing: BearingOrders;
  readonly shaftRpm: number;
  readonly spectrum: RecordedSpectrum;
}

const colourOf: Readonly<Record<FaultKind, string>> = { "inner-race": "c1", "outer-race": "c2", ball: "c3" };

/** Orders that a spectrum of such a bearing is drawn up to. */
export function highestDrawnOrder({ bpfi }: BearingOrders): number {
  return 3.4 * bpfi;
}

/** The spectrum with the first three harmonics of every fault order marked. */
export function drawWorst(worst: WorstRecording): ReportPlot {
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
