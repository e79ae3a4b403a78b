/** The time range of the charts, as it stands in the page's address. */

/** The ranges to choose from; the address says `?range=1h`. */
export const pageRanges: readonly {
  readonly name: string;
  readonly title: string;
  readonly minutes: number;
}[] = [
  { name: "5m", title: "5 min", minutes: 5 },
  { name: "1h", title: "1 h", minutes: 60 },
  { name: "6h", title: "6 h", minutes: 360 },
  { name: "24h", title: "24 h", minutes: 1_440 },
  { name: "7d", title: "7 d", minutes: 10_080 },
];

/** A range, and whether the reader asked for it. */
export type PageRange = (typeof pageRanges)[number] & {
  /** `shrink`: nobody asked, so a chart may begin where its data begins. */
  readonly fit: "exact" | "shrink";
};

/** The range of a page's query; anything unknown means the default, an hour. */
export function parsePageRange(query: unknown): PageRange {
  const name = (query as { readonly range?: unknown } | null)?.range;
  const asked = pageRanges.find((range) => range.name === name);
  return asked === undefined ? { ...pageRanges[1]!, fit: "shrink" } : { ...asked, fit: "exact" };
}
