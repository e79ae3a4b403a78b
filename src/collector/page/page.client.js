// Keeps the page fresh: asks the server for it again and puts the parts that changed in place. Draws charts (chart.client.js).
import { openCharts } from "./chart.client.js";

const periodMs = 3000;
const patienceMs = 10_000;

/** Replaces the live parts that differ, and keeps what the reader has unfolded and where the focus is. */
function renew(next) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = next.getElementById(part.id);
    if (fresh === null || fresh.innerHTML === part.innerHTML) continue;
    const selection = document.getSelection();
    // Whoever is selecting text in a part would lose it: that part waits.
    if (selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode)) continue;
    for (const open of part.querySelectorAll("details[open]")) {
      fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
    }
    if (fresh.innerHTML === part.innerHTML) continue;
    const focus = part.contains(document.activeElement) ? pathTo(part, document.activeElement) : null;
    const scrolled = [...part.querySelectorAll(".scroll")].map((element) => element.scrollLeft);
    part.replaceChildren(...document.importNode(fresh, true).childNodes);
    for (const [index, element] of part.querySelectorAll(".scroll").entries()) {
      element.scrollLeft = scrolled[index] ?? 0;
    }
    if (focus !== null) follow(part, focus)?.focus({ preventScroll: true });
  }
}

/** Where an element stands below another, as child numbers. */
function pathTo(root, element) {
  const path = [];
  for (let at = element; at !== root; at = at.parentElement)
    path.unshift([...at.parentElement.children].indexOf(at));
  return path;
}

function follow(root, path) {
  return path.reduce((at, index) => at?.children[index], root);
}

/** A turbine that is new since the page was made brings a new place for its chart. */
function addFigures(next, charts) {
  const container = document.querySelector(".charts");
  const fresh = next.querySelector(".charts");
  if (fresh === null) return;
  if (container === null) {
    document.getElementById("charts")?.replaceWith(document.importNode(next.getElementById("charts"), true));
  } else {
    for (const figure of fresh.querySelectorAll("figure")) {
      if (document.getElementById(figure.id) === null) container.append(document.importNode(figure, true));
    }
  }
  charts.discover();
}

const charts = openCharts();
let failures = 0;
let lastGood = new Date();

async function tick() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(patienceMs) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    renew(next);
    addFigures(next, charts);
    await charts.refresh();
    failures = 0;
    lastGood = new Date();
  } catch {
    failures++;
  }
  const lost = document.getElementById("lost");
  document.getElementById("lost-since").textContent = lastGood.toISOString().slice(0, 19).replace("T", " ");
  lost.hidden = failures < 2;
}

async function run() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, periodMs));
    await tick();
  }
}

document.addEventListener("visibilitychange", () => void tick());
void charts.refresh();
void run();
