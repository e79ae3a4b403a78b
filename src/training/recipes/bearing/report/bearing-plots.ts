/** The drawings of a bearing report: reliability, ROC by failure mode and fold, and scores. */
import { columnOf, labelRows, type ScoredSet } from "../../../judge/scored-set.ts";
import type { ReportPlot } from "../../../report/report-parts.ts";
import { type Axis, drawPlot, type PlotLine, type Scale } from "../../../report/svg-plot.ts";
import type { BearingEvaluation } from "../judge/bearing-evaluation.ts";

const shares = [0, 0.2, 0.4, 0.6, 0.8, 1] as const;
const shareAxis = (label: string): Axis => ({ label, from: 0, to: 1, ticks: shares });
const colours = ["c0", "c1", "c2", "c3", "c4"] as const;

export interface PlottedBearing {
  readonly evaluation: BearingEvaluation;
  /** With probabilities among the scores. */
  readonly heldOut: ScoredSet;
  readonly folds: readonly ScoredSet[];
}

/** Draws everything; `titles` are those of the outputs. */
export function drawBearingPlots(subject: PlottedBearing, titles: readonly string[]): ReportPlot[] {
  return [
    drawReliability(subject.evaluation),
    ...titles.map((title, output) => drawRoc(title, output, subject)),
    ...titles.map((title, output) => drawScores(title, output, subject)),
  ];
}

type Point = readonly [x: number, y: number];

/** A dashed line between two points. */
function segment(from: Point, to: Point, style: Pick<PlotLine, "name" | "colour" | "width">): PlotLine {
  return { ...style, dashed: true, points: [from, to] };
}

/** What is stated is what happens; or chance. */
const diagonal = segment([0, 0], [1, 1], { name: "", colour: "faint", width: 1 });

function drawReliability({ reliability, metrics }: BearingEvaluation): ReportPlot {
  const kinds = [
    ["out of fold", reliability.outOfFold, metrics.calibrationErrorOutOfFold!, "c0"],
    ["held out", reliability.heldOut, metrics.calibrationError!, "c1"],
  ] as const;
  const lines: PlotLine[] = [
    diagonal,
    ...kinds.map(([name, bins, error, colour]) => ({
      name: `${name}, error ${error.value.toFixed(3)}`,
      colour,
      points: bins.map(({ stated, observed }) => [stated, observed] as const),
    })),
  ];
  const dots = (scale: Scale): string =>
    kinds
      .flatMap(([, bins, , colour]) =>
        bins.map(
          ({ stated, observed, cases }) =>
            `<circle class="dot ${colour}" cx="${scale.x(stated).toFixed(1)}" cy="${scale.y(observed).toFixed(1)}" r="3.5"><title>${cases} cases</title></circle>`,
        ),
      )
      .join("");
  return {
    title: "Reliability",
    caption:
      "Share of faults among cases by stated probability, ten bins of equal mass, both classes weighing the same. On the dashed line a probability is what it says. Out of fold: calibrated on the other folds.",
    svg: drawPlot({
      x: shareAxis("stated probability"),
      y: shareAxis("observed share of faults"),
      lines,
      extra: dots,
      alt: "Reliability diagram",
    }),
  };
}

function drawRoc(title: string, output: number, { heldOut, folds }: PlottedBearing): ReportPlot {
  const rivals = heldOut.scores.physics === undefined ? [] : [rocOf(heldOut, "physics", output)];
  const lines: PlotLine[] = [
    diagonal,
    ...folds.map((fold) => ({
      name: "each inner fold",
      colour: "c0",
      width: 1,
      points: rocOf(fold, "int8", output),
    })),
    { name: "held-out bearings", colour: "c1", points: rocOf(heldOut, "int8", output), width: 2.5 },
    ...rivals.map((points) => ({
      name: "physics score, held out",
      colour: "c2",
      width: 1.5,
      dashed: true,
      points,
    })),
  ];
  return {
    title: `ROC: ${title}`,
    caption: "Windows of bearings that the model had not seen, this fault against everything else.",
    svg: drawPlot({
      x: shareAxis("false alarms a window"),
      y: shareAxis("faults found"),
      lines,
      alt: `ROC curves of ${title}`,
    }),
  };
}

/** Points of the ROC curve from (0, 0) to (1, 1); one a distinct score. */
export function rocOf(set: ScoredSet, model: string, output: number): (readonly [number, number])[] {
  const scores = columnOf(set.scores[model]!, output, set.outputs);
  const { labels } = labelRows(set, output);
  const order = Array.from(scores, (_, index) => index).sort((a, b) => scores[b]! - scores[a]!);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const negatives = labels.length - positives;
  const points: (readonly [number, number])[] = [[0, 0]];
  let [found, wrong] = [0, 0];
  for (const [at, row] of order.entries()) {
    if (labels[row] === 1) found++;
    else wrong++;
    const next = order[at + 1];
    if (next !== undefined && scores[next] === scores[row]) continue;
    points.push([wrong / Math.max(1, negatives), found / Math.max(1, positives)]);
  }
  return points;
}

const bins = 20;

function drawScores(title: string, output: number, { heldOut, evaluation }: PlottedBearing): ReportPlot {
  const { raise } = evaluation.decision;
  const column = columnOf(heldOut.scores.probability!, output, heldOut.outputs);
  const truth = heldOut.signals.flatMap((signal) => new Array<number | null>(signal.rows).fill(signal.truth));
  const classes = [
    ["healthy", (each: number | null) => each === null],
    [title, (each: number | null) => each === output],
    ["another fault", (each: number | null) => each !== null && each !== output],
  ] as const;
  const lines = classes.map(([name, is], index): PlotLine => {
    const counts = new Float64Array(bins);
    let total = 0;
    for (const [row, probability] of column.entries()) {
      if (!is(truth[row]!)) continue;
      counts[Math.min(bins - 1, Math.floor(probability * bins))]!++;
      total++;
    }
    const points = Array.from(counts, (count, bin) => {
      const share = count / Math.max(1, total);
      return [[bin / bins, share] as const, [(bin + 1) / bins, share] as const];
    }).flat();
    return { name: `${name} (${total})`, colour: colours[index]!, points };
  });
  return {
    title: `Probabilities: ${title}`,
    caption: `Share of the held-out windows of each class by the probability stated for ${title}; the dashed line is the probability that the costs ask for.`,
    svg: drawPlot({
      x: shareAxis("stated probability"),
      y: shareAxis("share of windows"),
      lines: [...lines, segment([raise, 0], [raise, 1], { name: "", colour: "faint", width: 1.5 })],
      alt: `Histogram of probabilities of ${title}`,
    }),
  };
}
