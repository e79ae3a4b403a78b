/** What stands around the lists of the fleet's page: its search, and the way to their other parts. */
import type { OverviewQuery } from "../fleet/load-pages.ts";
import { type ListPart, type TurbineSort, turbineSorts } from "../fleet/select-list.ts";
import { html, type SafeHtml } from "./html.ts";
import { formatCount } from "./page-words.ts";

const sortWords: Readonly<Record<TurbineSort, string>> = {
  urgency: "what needs attention",
  name: "name",
  site: "site",
  risk: "highest risk",
  seen: "longest silent",
};

/** The search of turbines and gateways; outside of what renews itself, so that nobody loses what they type. */
export function renderSearch({ q, sort }: OverviewQuery, range: string | null): SafeHtml {
  return html`<form class="search" role="search" method="get" action="/#turbines">
  ${range === null ? null : html`<input type="hidden" name="range" value="${range}">`}
  <label>Search turbines and gateways <input type="search" name="q" value="${q}" maxlength="64"></label>
  <label>Order by <select name="sort"><option value="">default</option>${turbineSorts.map((each) => html`<option value="${each}"${each === sort ? html` selected` : null}>${sortWords[each]}</option>`)}</select></label>
  <button type="submit">Show</button>
  ${q === "" && sort === null ? null : html`<a href="/#turbines">All</a>`}
</form>`;
}

/** The way to the other parts of a list; nothing where there is one. */
export function renderPager<T>(
  part: ListPart<T>,
  list: { readonly what: string; readonly anchor: string; readonly addressOf: (page: number) => string },
): SafeHtml | null {
  if (part.pages === 1) return null;
  const link = (to: number, words: string): SafeHtml | null =>
    to < 1 || to > part.pages ? null : html`<a href="${list.addressOf(to)}#${list.anchor}">${words}</a>`;
  return html`<nav class="ranges pager" aria-label="Parts of the list of ${list.what}">${link(part.page - 1, "Earlier in the list")}<span>Part ${part.page} of ${part.pages}, ${formatCount(part.total)} ${list.what}</span>${link(part.page + 1, "Further down the list")}</nav>`;
}

/** The address of a turbine's page within it. `range` and `day`: null where nobody asked for one. */
export function turbineAddress(query: {
  readonly range: string | null;
  readonly day: string | null;
  readonly alertPage: number;
}): string {
  const { range, day, alertPage } = query;
  const parts = [
    range === null ? null : `range=${range}`,
    day === null ? null : `day=${encodeURIComponent(day)}`,
    alertPage === 1 ? null : `alerts=${alertPage}`,
  ];
  return `?${parts.filter((part) => part !== null).join("&")}`;
}

/** The rest of an address of the fleet's page, which begins with its range. */
export function overviewAddress(query: OverviewQuery, range: string | null): string {
  const { q, sort, page, gatewayPage, alertPage } = query;
  const parts = [
    range === null ? null : `range=${range}`,
    q === "" ? null : `q=${encodeURIComponent(q)}`,
    sort === null ? null : `sort=${sort}`,
    page === 1 ? null : `page=${page}`,
    gatewayPage === 1 ? null : `gateways=${gatewayPage}`,
    alertPage === 1 ? null : `alerts=${alertPage}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "/" : `/?${parts.join("&")}`;
}
