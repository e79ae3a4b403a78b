// Draws the risks of one point with uPlot; keeps a reader's zoom. Asks for nothing.
import {
  axesOf,
  colour,
  drawnOf,
  legendMark,
  strokesOf,
  timeAxis,
  timeSeries,
  words,
} from "./chart-axes.client.js";
import uPlot from "./uplot.js";

/** One plot of one point; its columns are the time, then those of each axis. */
export function createPlot(place, point, { kind, rangeOf, isNamed }) {
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
    update: (next) => {
      shown = next;
      const { min, max } = zoomed ? plot.scales.x : rangeOf();
      const times = next.timesMs.map((ms) => ms / 1000);
      plot.setData([times, ...axes.flatMap((axis) => axis.columns(next))], false);
      plot.setScale("x", { min, max });
      // After uPlot's own round, which clears the legend.
      setTimeout(() => showLatest(plot), 0);
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
    legend: { live: true, markers: { width: 0, fill: legendMark } },
  };
}

/** The maximum of a mode is told by its shade; a legend entry of its own would be noise. */
function hideMaxima(holder, modes) {
  for (const [index, row] of [...holder.querySelectorAll(".u-legend tr")].entries()) {
    if (index > 0 && index <= modes * 2 && index % 2 === 0) row.style.display = "none";
  }
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

/** Spans in which the point was learning and no risk is known, each from the step before its first one. */
function learningSpans(point) {
  const { timesMs, isLearning } = point;
  const { mean } = drawnOf(point);
  const isBlank = (step) => isLearning[step] === true && mean.every((shares) => shares[step] === null);
  const spans = [];
  for (const [step, toMs] of timesMs.entries()) {
    if (!isBlank(step)) continue;
    if (step > 0 && isBlank(step - 1)) spans.at(-1).toMs = toMs;
    else spans.push({ fromMs: timesMs[step - 1] ?? toMs, toMs });
  }
  return spans;
}
