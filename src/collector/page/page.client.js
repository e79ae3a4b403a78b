// Keeps the page fresh: asks the server for it again and puts the parts that changed in place (live-parts.client.js). Draws
// charts (chart.client.js). Says since when it is not fresh.
import { openCharts } from "./chart.client.js";
import { renewParts } from "./live-parts.client.js";

const periodMs = 3000;
/** Nobody looks: for the number of alerts in the title. */
const hiddenPeriodMs = 60_000;
const patienceMs = 10_000;
/** A page that is older is not live. */
const staleMs = 12_000;
/** As the collector asks for while its record cannot be asked. */
const retryMs = 5000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks for this page; throws unless it is one of the collector's. */
async function askPage() {
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(patienceMs) });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (next.getElementById("clock") === null) throw new Error("another page");
  return next;
}

function keepFresh() {
  const charts = openCharts();
  let failures = 0;
  let goodAt = performance.now();
  let shownAt = goodAt;
  let askedAt = goodAt;
  let isAsking = false;

  const tellState = () => {
    const now = performance.now();
    // Of a page that was hidden an answer is waited for first.
    const isLost = failures >= 2 || now - Math.max(goodAt, shownAt) > staleMs;
    document.body.classList.toggle("live", !isLost && now - goodAt <= staleMs);
    document.getElementById("lost").hidden = !isLost;
  };
  const renew = async () => {
    if (isAsking || (document.hidden && performance.now() - askedAt < hiddenPeriodMs)) return;
    isAsking = true;
    askedAt = performance.now();
    try {
      const next = await askPage();
      renewParts(next);
      charts.follow(next);
      document.getElementById("lost-since").textContent = next.querySelector("#clock time").textContent;
      failures = 0;
      goodAt = performance.now();
    } catch {
      failures++;
    }
    isAsking = false;
    tellState();
  };
  const repeat = async (step, ms) => {
    for (;;) {
      await step();
      await sleep(ms);
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    shownAt = performance.now();
    tellState();
    void renew();
  });
  void repeat(tellState, 1000);
  void repeat(charts.renew, 1000);
  void sleep(periodMs).then(() => repeat(renew, periodMs));
}

/** The record cannot be asked now: comes back when it can. */
async function comeBack() {
  for (;;) {
    await sleep(retryMs);
    if (await askPage().catch(() => null)) return location.reload();
  }
}

if (document.getElementById("clock") !== null) keepFresh();
else if (document.getElementById("unavailable") !== null) void comeBack();
