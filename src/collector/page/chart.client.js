// Places for charts: asks the API for the numbers of each, when it is in view and has a new step.
import { describeLatest, formatUtc, speaksOfRisk, words } from "./chart-axes.client.js";
import { createPlot } from "./chart-plot.client.js";

const periodMs = 3000;
const patienceMs = 10_000;
/** After an answer that did not come. */
const retryMs = 10_000;

/** Finds all places for charts on the page. */
export function openCharts() {
  const figures = new Map();
  const discover = () => {
    for (const [element, figure] of figures) {
      if (element.isConnected) continue;
      figure.clear();
      figures.delete(element);
    }
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
    /** Makes the places those of the page as it is now. */
    follow: (next) => {
      if (followFigures(next)) discover();
    },
    /** Draws again what is in view and has a new step; the others one after the other, once, so that they are there in a print. */
    renew: async () => {
      if (document.hidden) return;
      const due = [...figures.values()].filter((figure) => figure.isDue());
      await Promise.all(due.filter((figure) => figure.isInView()).map((figure) => figure.refresh()));
      await due.find((figure) => !figure.isInView() && !figure.isDrawn())?.refresh();
    },
  };
}

/** Puts figures in where turbines are new, takes out those of others; false: nothing is to be done. */
function followFigures(next) {
  const [panel, fresh] = [document, next].map((root) => root.getElementById("charts"));
  if (panel === null || fresh === null) return false;
  const nameOf = ({ dataset: { site, turbine } }) => `${site}/${turbine}`;
  const [here, wanted] = [panel, fresh].map((root) => [...root.querySelectorAll("figure[data-chart]")]);
  if (here.map(nameOf).join() === wanted.map(nameOf).join()) return false;
  const known = new Map(here.map((figure) => [nameOf(figure), figure]));
  const focus = panel.contains(document.activeElement) ? document.activeElement : null;
  if (here.length === 0 || wanted.length === 0)
    panel.replaceChildren(...document.importNode(fresh, true).childNodes);
  else
    panel
      .querySelector(".charts")
      .replaceChildren(
        ...wanted.map((figure) => known.get(nameOf(figure)) ?? document.importNode(figure, true)),
      );
  if (focus !== null && !focus.isConnected) panel.tabIndex = -1;
  (focus?.isConnected === false ? panel : focus)?.focus({ preventScroll: true });
  return true;
}

function createFigure(element) {
  const { site, turbine, minutes, fit, chart: kind } = element.dataset;
  const place = element.querySelector(".plot");
  const complaint = document.createElement("p");
  complaint.className = "why";
  const parts = new Map();
  let series = [];
  let range = null;
  let dueAt = 0;

  const load = async () => {
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
    return body.bucketMs;
  };
  const refresh = async () => {
    if (range === null && place.childElementCount === 0) place.append(createNote("Loading …"));
    let waitMs = retryMs;
    try {
      waitMs = Math.max(periodMs, await load());
      complaint.remove();
    } catch {
      if (range === null) place.replaceChildren();
      complaint.textContent =
        range === null
          ? "This chart cannot be loaded now."
          : `This chart cannot be renewed now: it is as of ${formatUtc(range.max * 1000)}.`;
      element.append(complaint);
    }
    dueAt = performance.now() + waitMs;
  };
  /** What is no longer measured, or with other failure modes, has no plot any more. */
  const draw = () => {
    const isNamed = series.length > 1;
    const keyOf = (point) =>
      JSON.stringify([isNamed, speaksOfRisk(point), point.component, point.failureModes]);
    const keys = new Set(series.map(keyOf));
    for (const [key, part] of parts) {
      if (keys.has(key)) continue;
      part.destroy();
      parts.delete(key);
    }
    if (parts.size === 0) place.replaceChildren();
    if (series.length === 0) place.append(createNote("No predictions in this time range."));
    for (const point of series) {
      const key = keyOf(point);
      if (!parts.has(key)) parts.set(key, createPlot(place, point, { kind, rangeOf: () => range, isNamed }));
      parts.get(key).update(point);
    }
    const latest = series.map(
      (point) => `${isNamed ? `${words(point.component)}: ` : ""}${describeLatest(point)}`,
    );
    place.setAttribute("aria-label", latest.join(" ") || "No predictions in this time range.");
  };
  const clear = () => {
    for (const part of parts.values()) part.destroy();
    parts.clear();
  };
  return {
    refresh,
    clear,
    redraw: () => {
      clear();
      if (range !== null) draw();
    },
    isDrawn: () => range !== null,
    isDue: () => performance.now() >= dueAt,
    /** Or half a screen away. */
    isInView: () => {
      const { top, bottom } = element.getBoundingClientRect();
      return bottom > -innerHeight / 2 && top < innerHeight * 1.5;
    },
  };
}

function createNote(text) {
  const note = document.createElement("p");
  note.className = "empty";
  note.textContent = text;
  return note;
}
