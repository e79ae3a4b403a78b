// Puts the parts of the page that changed in place. Keeps what the reader has unfolded, selects and is at; says what is new.

/** For how long a part stays as it is while somebody selects text in it. */
const holdMs = 30_000;
const heldSince = new Map();
/** Alarms whose cards were seen standing, and how many stood. */
const standing = new Set();
let alarms = 0;
let wasWhole = false;
const openedMs = Date.parse(document.querySelector("#clock time")?.dateTime);
takeNews(document);

/** Replaces the live parts that differ. */
export function renewParts(next) {
  const news = takeNews(next);
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = next.getElementById(part.id);
    if (fresh === null) continue;
    for (const open of part.querySelectorAll("details[open]")) {
      fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
    }
    if (fresh.innerHTML === part.innerHTML) continue;
    // A new alert waits for nobody.
    const isUrgent = part.id === "alerts" && news.length > 0;
    if (isHeld(part) && !isUrgent) continue;
    heldSince.delete(part.id);
    replacePart(part, fresh);
  }
  document.title = next.title;
  if (news.length > 0) document.getElementById("news").textContent = news;
}

/**
 * What is to be said of alarms that did not stand before. A card may also come into a list that has several parts because another
 * one has left it: it is new if it began since this page was opened, or if more alarms stand than before.
 */
function takeNews(root) {
  const total = Number(root.body.dataset.alarms);
  const rise = total - alarms;
  alarms = total;
  const cards = [...root.querySelectorAll("#alerts article")];
  const active = cards.filter((card) => !card.classList.contains("cleared"));
  const isWhole = active.length >= total;
  const isPlain = isWhole && wasWhole;
  wasWhole = isWhole;
  for (const card of cards) if (!active.includes(card)) standing.delete(card.id);
  for (const id of standing) if (isWhole && !active.some((card) => card.id === id)) standing.delete(id);
  const fresh = active.filter((card) => {
    if (standing.has(card.id)) return false;
    standing.add(card.id);
    return rise > 0 || isPlain || Number(card.dataset.sinceMs) > openedMs;
  });
  const names = fresh.map((card) => card.getAttribute("aria-label"));
  const elsewhere = rise - fresh.length;
  if (elsewhere > 0) names.push(`${elsewhere} in another part of the list`);
  const count = Math.max(rise, fresh.length);
  return names.length === 0 ? "" : `${count} new ${count === 1 ? "alert" : "alerts"}: ${names.join("; ")}`;
}

/** Whoever is selecting text in a part would lose it. */
function isHeld(part) {
  const selection = document.getSelection();
  if (selection === null || selection.isCollapsed || !part.contains(selection.anchorNode)) {
    heldSince.delete(part.id);
    return false;
  }
  const since = heldSince.get(part.id) ?? performance.now();
  heldSince.set(part.id, since);
  return performance.now() - since < holdMs;
}

function replacePart(part, fresh) {
  const { activeElement } = document;
  const focus =
    part.contains(activeElement) && activeElement !== part
      ? { path: pathTo(part, activeElement), identity: identify(activeElement) }
      : null;
  const scrolled = [...part.querySelectorAll(".scroll")].map((element) => element.scrollLeft);
  part.replaceChildren(...document.importNode(fresh, true).childNodes);
  for (const [index, element] of part.querySelectorAll(".scroll").entries()) {
    element.scrollLeft = scrolled[index] ?? 0;
  }
  if (focus === null) return;
  const same = findAgain(part, focus);
  // It is gone: the reader stays where it was, and not on what has moved there.
  if (same === undefined) part.tabIndex = -1;
  (same ?? part).focus({ preventScroll: true });
}

/** What makes an element the same one after a renewal. */
function identify(element) {
  const card = element.closest("article");
  return JSON.stringify([
    element.tagName,
    element.getAttribute("href"),
    element.getAttribute("aria-label"),
    element.closest("[id]").id,
    card === null ? null : idOfCard(card),
  ]);
}

/** Its own, or that of its first details. */
function idOfCard(card) {
  return card.id || card.querySelector("[id]")?.id;
}

/** Of several that are alike the one that stands in the same place, else the first. */
function findAgain(part, { path, identity }) {
  const there = path.reduce((at, index) => at?.children[index], part);
  if (there !== undefined && identify(there) === identity) return there;
  const [tagName] = JSON.parse(identity);
  return [...part.querySelectorAll(tagName)].find((element) => identify(element) === identity);
}

/** Where an element stands below another, as child numbers. */
function pathTo(root, element) {
  const path = [];
  for (let at = element; at !== root; at = at.parentElement)
    path.unshift([...at.parentElement.children].indexOf(at));
  return path;
}
