// The axes of a chart, and what is drawn against each. To add an axis, add an entry to `valueAxes`: its columns are taken
// from a point of /api/v1/predictions (a new one comes from `PredictionSeries`, in the record's port).

/** A colour of the page, by the name of its property. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A dashed name as words. */
export const words = (name) => name.slice(0, 1).toUpperCase() + name.slice(1).replaceAll("-", " ");

/** A probability, or a dash where there is none. */
const percent = (value) => (value === null || value === undefined ? "–" : `${(value * 100).toFixed(1)} %`);

/** `2026-11-20 07:51:03 UTC`. */
export const formatUtc = (ms) => `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** The mark of a line in the legend: its colour, with its dashes. */
export function legendMark(plot, index) {
  const { stroke, dash = [] } = plot.series[index];
  const paint = stroke(plot, index);
  let at = 0;
  const stops = dash.map((length, part) => {
    at += length;
    return `${part % 2 === 0 ? paint : "transparent"} ${at - length}px ${at}px`;
  });
  return stops.length === 0 ? paint : `repeating-linear-gradient(90deg, ${stops.join(", ")})`;
}

/**
 * Does its gateway speak of risks? If so they are drawn, and nothing while the point is learning; else what the model says
 * by itself.
 */
export const speaksOfRisk = (point) =>
  point.meanRisk.some((mode) => mode.some((risk) => risk !== null)) ||
  point.isLearning.some((isLearning) => isLearning !== null);

/** Mean and maximum of each failure mode, of what is drawn. */
export const drawnOf = (point) =>
  speaksOfRisk(point) ? { mean: point.meanRisk, max: point.maxRisk } : { mean: point.mean, max: point.max };

/** In words: of when the latest step is, and each failure mode in it. */
export function describeLatest(point) {
  const { mean } = drawnOf(point);
  const unknown = point.isLearning.at(-1) === true ? "learning" : "not known";
  const latest = point.failureModes.map((mode, index) => {
    const share = mean[index].at(-1) ?? null;
    return `${words(mode)} ${share === null ? unknown : percent(share)}`;
  });
  const subject = speaksOfRisk(point) ? "Risk" : "The model's own probability, no risk,";
  return `${subject} over time. Latest, of ${formatUtc(point.timesMs.at(-1))}: ${latest.join(", ")}.`;
}

/** A colour a failure mode; what is no risk is grey. */
export const strokesOf = (point) =>
  point.failureModes.map((_, index) =>
    colour(speaksOfRisk(point) ? `--series-${(index % 6) + 1}` : "--soft"),
  );

/**
 * From left to right. `kinds`: the charts that have it (`overview` is small, `single` stands on a turbine's page).
 * `range` and `axis` (of a point) are options of uPlot; `series` and `columns` go together, one column a series. The bands and the
 * legend count on the probabilities being the first.
 */
const valueAxes = [
  {
    scale: "y",
    kinds: ["overview", "single"],
    range: [0, 1],
    axis: (point) => ({
      ...commonAxis(),
      label: speaksOfRisk(point) ? "Risk (%)" : "Model alone (%)",
      size: 46,
      values: (_, splits) => splits.map((value) => `${Math.round(value * 100)}`),
    }),
    series: (point, strokes, shown) =>
      point.failureModes.flatMap((mode, index) => modeSeries(point, { mode, index, strokes, shown })),
    columns: (point) => {
      const { mean, max } = drawnOf(point);
      return point.failureModes.flatMap((_, index) => [mean[index], max[index]]);
    },
  },
  {
    scale: "rpm",
    kinds: ["single"],
    range: (_, __, max) => [0, Math.max(1, (max ?? 1) * 1.15)],
    axis: () => ({
      ...commonAxis(),
      scale: "rpm",
      side: 1,
      label: "Shaft speed (rpm)",
      size: 56,
      grid: { show: false },
    }),
    series: () => [
      {
        label: "Shaft speed",
        scale: "rpm",
        stroke: colour("--soft"),
        width: 1,
        dash: [16, 4],
        points: { show: false },
        value: (_, value) => (value === null ? "–" : `${value.toFixed(0)} rpm`),
      },
    ],
    columns: (point) => [point.shaftRpm],
  },
];

/** The axes of values that a kind of chart has. */
export const axesOf = (kind) => valueAxes.filter((axis) => axis.kinds.includes(kind));

/** The axis below every chart. */
export const timeAxis = () => ({
  ...commonAxis(),
  label: "Time (UTC)",
  space: 64,
  // Those of uPlot are of local dates, of which some do not exist on the day on which the reader's zone changes its clocks.
  splits: (...[_plot, _axis, min, max, stepSeconds]) => listMultiples(min, max, stepSeconds),
  values: (_, splits, ...[_axis, _space, stepSeconds]) => labelTimes(splits, stepSeconds),
});

const daySeconds = 86_400;

const listMultiples = (min, max, step) => {
  const first = Math.ceil(min / step);
  const last = Math.floor(max / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
};

/** The time in the legend, with its date where more than a day is shown. */
export const timeSeries = {
  label: "UTC",
  value: ({ scales }, seconds) => {
    if (seconds === null) return "–";
    const { min, max } = scales.x;
    const iso = new Date(seconds * 1000).toISOString();
    return max - min > daySeconds ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : iso.slice(11, 19);
  },
};

const commonAxis = () => ({
  stroke: colour("--soft"),
  font: "12px system-ui, sans-serif",
  labelFont: "12px system-ui, sans-serif",
  labelSize: 20,
  grid: { stroke: colour("--line"), width: 1 },
  ticks: { stroke: colour("--line"), width: 1 },
});

/** Tell lines apart where colours do not. */
const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 8], [1, 6]];

/**
 * Mean and maximum of one failure mode; few steps are shown as points. `shown` gives the point as it is now, whose steps
 * the legend speaks of.
 */
function modeSeries(point, { mode, index, strokes, shown }) {
  const stroke = strokes[index];
  const value = (...[_, share, _series, step]) =>
    share === null && shown().isLearning[step] === true ? "learning" : percent(share);
  // Beyond the sixth a colour has other dashes than before.
  const dash = dashes[(index + Math.floor(index / dashes.length)) % dashes.length];
  const points = { show: point.timesMs.length < 40, size: 5 };
  return [
    { label: words(mode), stroke, width: 2, dash, spanGaps: false, points, value },
    { label: `${words(mode)} maximum`, stroke: `${stroke}66`, width: 1, points: { show: false }, value },
  ];
}

/** Twenty-four hours, and the date where a day begins or only days are shown. */
function labelTimes(splits, stepSeconds) {
  let day = "";
  return splits.map((seconds) => {
    const iso = new Date(seconds * 1000).toISOString();
    const date = iso.slice(5, 10);
    const time = iso.slice(11, stepSeconds < 60 ? 19 : 16);
    const isNew = date !== day;
    day = date;
    if (stepSeconds >= daySeconds) return date;
    return isNew ? `${time}\n${date}` : time;
  });
}
