// Draws risks with uPlot, one chart a point. Asks the API for its numbers; keeps a reader's zoom.
import {
  axesOf,
  colour,
  drawnOf,
  percent,
  speaksOfRisk,
  strokesOf,
  timeAxis,
  timeSeries,
  words,
} from "./chart-axes.client.js";
import uPlot from "./uplot.js";

const patienceMs = 10_000;

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
      if (part !== undefined && part.speaksOfRisk !== speaksOfRisk(point)) {
        part.destroy();
        part = undefined;
      }
      if (part === undefined) {
        part = createPlot(place, point, { kind, rangeOf: () => range, isNamed: series.length > 1 });
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

/** One plot of one point; its columns are the time, then those of each axis. */
function createPlot(place, point, { kind, rangeOf, isNamed }) {
  const holder = document.createElement("div");
  if (isNamed) {
    const caption = document.createElement("p");
    caption.className = "part";
    caption.textContent = words(point.component);
    holder.append(caption);
  }
  place.append(holder);
  const axes = axesOf(kind);
  const width = () => Math.max(260, place.clientWidth);
  let zoomed = false;
  let shown = point;
  const strokes = strokesOf(point);
  const options = {
    ...plotOptions(point, axes, { strokes, shown: () => shown }),
    width: width(),
    height: kind === "single" ? 340 : 230,
    hooks: {
      setSelect: [
        (plot) => {
          if (plot.select.width > 0) zoomed = true;
        },
      ],
      drawClear: [(plot) => shadeLearning(plot, shown)],
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
  hideMaxima(holder, point.failureModes.length);
  plot.over.addEventListener("mouseleave", () => setTimeout(() => showLatest(plot), 0));
  plot.over.addEventListener("dblclick", () => {
    zoomed = false;
    plot.setScale("x", rangeOf());
  });
  const sizes = new ResizeObserver(() => plot.setSize({ width: width(), height: options.height }));
  sizes.observe(place);
  return {
    speaksOfRisk: speaksOfRisk(point),
    update: (next) => {
      shown = next;
      const { min, max } = zoomed ? plot.scales.x : rangeOf();
      const times = next.timesMs.map((ms) => ms / 1000);
      plot.setData([times, ...axes.flatMap((axis) => axis.columns(next))], false);
      plot.setScale("x", { min, max });
      // After uPlot's own round, which clears the legend.
      setTimeout(() => showLatest(plot), 0);
      place.setAttribute("aria-label", describeLatest(next));
    },
    destroy: () => {
      sizes.disconnect();
      plot.destroy();
      holder.remove();
    },
  };
}

function plotOptions(point, axes, { strokes, shown }) {
  return {
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    cursor: { sync: { key: "fleet" }, drag: { x: true, y: false, setScale: true } },
    scales: {
      x: { time: true },
      ...Object.fromEntries(axes.map(({ scale, range }) => [scale, { range }])),
    },
    axes: [timeAxis(), ...axes.map((axis) => axis.axis(point))],
    series: [timeSeries, ...axes.flatMap((axis) => axis.series(point, strokes, shown))],
    bands: point.failureModes.map((_, index) => ({
      series: [index * 2 + 2, index * 2 + 1],
      fill: `${strokes[index]}22`,
    })),
    legend: { live: true },
  };
}

/** The maximum of a mode is told by its shade; a legend entry of its own would be noise. */
function hideMaxima(holder, modes) {
  for (const [index, row] of [...holder.querySelectorAll(".u-legend tr")].entries()) {
    if (index > 0 && index <= modes * 2 && index % 2 === 0) row.style.display = "none";
  }
}

function describeLatest(point) {
  const { mean } = drawnOf(point);
  const latest = point.failureModes.map((mode, index) => `${words(mode)} ${percent(mean[index].at(-1))}`);
  const state = point.isLearning.at(-1) === true ? " Learning: no risk is known yet." : "";
  const subject = speaksOfRisk(point) ? "Risk" : "The model's own probability, no risk,";
  return `${subject} over time. Latest: ${latest.join(", ")}.${state}`;
}

/** Without a cursor over the chart its legend tells the latest step. */
function showLatest(plot) {
  const last = plot.data[0].length - 1;
  if (last >= 0 && (plot.cursor.left ?? -10) < 0) plot.setLegend({ idx: last }, false);
}

/** Grey ground where the point was learning; says so where there is room. */
function shadeLearning(plot, point) {
  const { ctx, bbox } = plot;
  const place = (ms) => {
    const x = plot.valToPos(ms / 1000, "x", true);
    return Math.min(bbox.left + bbox.width, Math.max(bbox.left, x));
  };
  ctx.save();
  ctx.font = `${13 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const { fromMs, toMs } of learningSpans(point)) {
    const [from, to] = [place(fromMs), place(toMs)];
    ctx.fillStyle = `${colour("--soft")}1f`;
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
    if (to - from < ctx.measureText("learning").width * 1.3) continue;
    ctx.fillStyle = colour("--soft");
    ctx.fillText("learning", (from + to) / 2, bbox.top + bbox.height / 2);
  }
  ctx.restore();
}

/** Spans in which the point was learning, each from the step before its first one. */
function learningSpans({ timesMs, isLearning }) {
  const spans = [];
  for (const [step, toMs] of timesMs.entries()) {
    if (isLearning[step] !== true) continue;
    if (step > 0 && isLearning[step - 1] === true) spans.at(-1).toMs = toMs;
    else spans.push({ fromMs: timesMs[step - 1] ?? toMs, toMs });
  }
  return spans;
}
