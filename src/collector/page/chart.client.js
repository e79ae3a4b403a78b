// Draws fault probabilities with uPlot, one chart a point. Asks the API for its numbers; keeps a reader's zoom.
import uPlot from "./uplot.js";

const patienceMs = 10_000;
const dashes = [6, 5];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const words = (name) => name.slice(0, 1).toUpperCase() + name.slice(1).replaceAll("-", " ");
const percent = (value) => (value === null || value === undefined ? "–" : `${(value * 100).toFixed(1)} %`);

/** Finds all places for charts on the page. */
export function openCharts() {
  const figures = new Map();
  const discover = () => {
    for (const element of document.querySelectorAll("figure[data-chart]")) {
      if (!figures.has(element)) figures.set(element, createFigure(element));
    }
  };
  discover();
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", () => {
    for (const figure of figures.values()) figure.redraw();
  });
  return {
    discover,
    refresh: () => Promise.all([...figures.values()].map((figure) => figure.refresh())),
  };
}

function createFigure(element) {
  const { site, turbine, minutes, fit, chart: kind } = element.dataset;
  const place = element.querySelector(".plot");
  const parts = new Map();
  let series = [];
  let range = null;

  const refresh = async () => {
    // The collector says where the range ends: neither this machine's clock nor a device's need be right.
    const query = new URLSearchParams({ site, turbine, spanMs: minutes * 60_000, steps: 400 });
    const answer = await fetch(`/api/v1/predictions?${query}`, { signal: AbortSignal.timeout(patienceMs) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const body = await answer.json();
    series = body.series.filter((point) => point.timesMs.length > 0);
    range = { min: body.fromMs / 1000, max: body.toMs / 1000 };
    const first = Math.min(...series.map((point) => point.timesMs[0])) / 1000;
    // Nobody asked for a range: a young fleet's chart begins where its data begins.
    if (fit === "shrink" && first > range.min)
      range.min = Math.max(range.min, first - (range.max - first) * 0.03);
    draw();
  };
  const draw = () => {
    if (series.length === 0) {
      parts.clear();
      const note = document.createElement("p");
      note.className = "empty";
      note.textContent = "No predictions in this time range.";
      place.replaceChildren(note);
      return;
    }
    if (parts.size === 0) place.replaceChildren();
    for (const point of series) {
      const key = `${point.component} ${point.failureModes.join(" ")}`;
      let part = parts.get(key);
      if (part === undefined) {
        part = createPlot(place, point, kind, () => range, series.length > 1);
        parts.set(key, part);
      }
      part.update(point);
    }
  };
  const redraw = () => {
    for (const part of parts.values()) part.destroy();
    parts.clear();
    if (range !== null) draw();
  };
  return { refresh, redraw };
}

/** One plot of one point; its columns are time, then mean and maximum of each failure mode, then the shaft's speed. */
function createPlot(place, point, kind, rangeOf, named) {
  const holder = document.createElement("div");
  if (named) {
    const caption = document.createElement("p");
    caption.className = "part";
    caption.textContent = words(point.component);
    holder.append(caption);
  }
  place.append(holder);
  let zoomed = false;
  const strokes = point.failureModes.map((_, index) => colour(`--series-${(index % 6) + 1}`));
  const withSpeed = kind === "single";
  const options = {
    width: Math.max(260, place.clientWidth),
    height: withSpeed ? 340 : 230,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    cursor: { sync: { key: "fleet" }, drag: { x: true, y: false, setScale: true } },
    scales: {
      x: { time: true },
      y: { range: [0, 1] },
      ...(withSpeed ? { rpm: { range: (_, __, max) => [0, Math.max(1, (max ?? 1) * 1.15)] } } : {}),
    },
    axes: withSpeed ? [timeAxis(), probabilityAxis(), speedAxis()] : [timeAxis(), probabilityAxis()],
    series: [
      timeSeries,
      ...point.failureModes.flatMap((mode, index) => modeSeries(mode, strokes[index], point.timesMs.length)),
      ...(withSpeed ? [speedSeries()] : []),
    ],
    bands: point.failureModes.map((_, index) => ({
      series: [index * 2 + 2, index * 2 + 1],
      fill: `${strokes[index]}22`,
    })),
    legend: { live: true },
    hooks: {
      setSelect: [
        (plot) => {
          if (plot.select.width > 0) zoomed = true;
        },
      ],
      draw: [(plot) => drawThresholds(plot, point, strokes)],
      setScale: [
        (plot, key) => {
          if (key !== "x") return;
          holder.dataset.fromMs = Math.round(plot.scales.x.min * 1000);
          holder.dataset.toMs = Math.round(plot.scales.x.max * 1000);
        },
      ],
    },
  };
  const plot = new uPlot(options, [[], ...options.series.slice(1).map(() => [])], holder);
  // The maximum of a mode is told by its shade; a legend entry of its own would be noise.
  for (const [index, row] of [...holder.querySelectorAll(".u-legend tr")].entries()) {
    const maximum = index > 0 && index <= point.failureModes.length * 2 && index % 2 === 0;
    if (maximum) row.style.display = "none";
  }
  plot.over.addEventListener("mouseleave", () => setTimeout(() => showLatest(plot), 0));
  plot.over.addEventListener("dblclick", () => {
    zoomed = false;
    plot.setScale("x", rangeOf());
  });
  const sizes = new ResizeObserver(() =>
    plot.setSize({ width: Math.max(260, place.clientWidth), height: options.height }),
  );
  sizes.observe(place);
  return {
    update: (next) => {
      point = next;
      const columns = [next.timesMs.map((ms) => ms / 1000)];
      for (const index of next.failureModes.keys()) columns.push(next.mean[index], next.max[index]);
      if (withSpeed) columns.push(next.shaftRpm);
      const { min, max } = zoomed ? plot.scales.x : rangeOf();
      plot.setData(columns, false);
      plot.setScale("x", { min, max });
      // After uPlot's own round, which clears the legend.
      setTimeout(() => showLatest(plot), 0);
      const latest = next.failureModes.map(
        (mode, index) => `${words(mode)} ${percent(next.mean[index].at(-1))}`,
      );
      place.setAttribute("aria-label", `Fault probability over time. Latest: ${latest.join(", ")}.`);
    },
    destroy: () => {
      sizes.disconnect();
      plot.destroy();
      holder.remove();
    },
  };
}

const axis = () => ({
  stroke: colour("--soft"),
  font: "12px system-ui, sans-serif",
  labelFont: "12px system-ui, sans-serif",
  labelSize: 20,
  grid: { stroke: colour("--line"), width: 1 },
  ticks: { stroke: colour("--line"), width: 1 },
});

const timeAxis = () => ({
  ...axis(),
  label: "Time (UTC)",
  space: 64,
  values: (_, splits, __, ___, stepSeconds) => labelTimes(splits, stepSeconds),
});

const probabilityAxis = () => ({
  ...axis(),
  label: "Probability (%)",
  size: 46,
  values: (_, splits) => splits.map((value) => `${Math.round(value * 100)}`),
});

const speedAxis = () => ({
  ...axis(),
  scale: "rpm",
  side: 1,
  label: "Shaft speed (rpm)",
  size: 56,
  grid: { show: false },
});

const timeSeries = {
  label: "UTC",
  value: (_, seconds) => (seconds === null ? "–" : new Date(seconds * 1000).toISOString().slice(11, 19)),
};

/** Mean and maximum of one failure mode; few steps are shown as points. */
function modeSeries(mode, stroke, steps) {
  const value = (_, probability) => percent(probability);
  return [
    { label: words(mode), stroke, width: 2, spanGaps: false, points: { show: steps < 40, size: 5 }, value },
    { label: `${words(mode)} maximum`, stroke: `${stroke}66`, width: 1, points: { show: false }, value },
  ];
}

const speedSeries = () => ({
  label: "Shaft speed",
  scale: "rpm",
  stroke: colour("--soft"),
  width: 1,
  dash: [2, 3],
  points: { show: false },
  value: (_, value) => (value === null ? "–" : `${value.toFixed(0)} rpm`),
});

/** Without a cursor over the chart its legend tells the latest step. */
function showLatest(plot) {
  const last = plot.data[0].length - 1;
  if (last >= 0 && (plot.cursor.left ?? -10) < 0) plot.setLegend({ idx: last }, false);
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
    if (stepSeconds >= 86_400) return date;
    return isNew ? `${time}\n${date}` : time;
  });
}

/** Dashes at the probability at which the model raises an alarm. */
function drawThresholds(plot, point, strokes) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.setLineDash(dashes.map((length) => length * devicePixelRatio));
  ctx.lineWidth = devicePixelRatio;
  const drawn = new Set();
  for (const [index, threshold] of point.thresholds.entries()) {
    if (threshold === null || drawn.has(threshold)) continue;
    drawn.add(threshold);
    const same = point.thresholds.every((other) => other === threshold);
    ctx.strokeStyle = same ? colour("--critical-fill") : strokes[index];
    const y = Math.round(plot.valToPos(threshold, "y", true));
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}
