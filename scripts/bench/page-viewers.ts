/**
 * Viewers that keep the fleet's page open: each asks for it and its twelve charts every three seconds, which a browser does of
 * charts of five minutes that are all in view, and notes how long that takes. Beside them one program reads metrics and lists part
 * by part, each part another address.
 */
import { benchSite } from "./page-record.ts";

/** What is asked for. */
export const askedFor = ["overview", "chart", "metrics", "turbines", "drift"] as const;
type Asked = (typeof askedFor)[number];

/** How long each request took, ms. */
export interface ViewerFigures {
  readonly times: Readonly<Record<Asked, readonly number[]>>;
  /** Times that the page was to be asked for and one before was still on its way. */
  readonly late: number;
  readonly failed: number;
  /** Of the page, before it was compressed. */
  readonly overviewBytes: number;
}

const periodMs = 3_000;
const charts = 12;
/** The program's: metrics and a part of each list. */
const readPeriodMs = 500;
const partSize = 100;

/** Looks for so many seconds after a first time that does not count; viewers come evenly over the first period. */
export async function watchPages(options: {
  readonly url: string;
  readonly viewers: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly turbines: number;
}): Promise<ViewerFigures> {
  const { viewers, turbines } = options;
  const times: Record<Asked, number[]> = { overview: [], chart: [], metrics: [], turbines: [], drift: [] };
  const figures = { times, late: 0, failed: 0, overviewBytes: 0 };
  const countFromMs = performance.now() + options.warmUpSeconds * 1_000;
  const endMs = countFromMs + options.seconds * 1_000;
  const ask = async (what: Asked, path: string): Promise<string> => {
    const beginMs = performance.now();
    try {
      const answer = await fetch(`${options.url}${path}`, { headers: { "accept-encoding": "gzip" } });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      if (beginMs >= countFromMs) times[what].push(performance.now() - beginMs);
      return text;
    } catch {
      figures.failed += 1;
      return "";
    }
  };
  const repeat = async (everyMs: number, work: () => Promise<void>): Promise<void> => {
    while (performance.now() < endMs) {
      const beginMs = performance.now();
      await work();
      const leftMs = everyMs - (performance.now() - beginMs);
      if (leftMs < 0) figures.late += 1;
      await pause(Math.max(0, leftMs));
    }
  };
  const chart = (index: number): string =>
    `/api/v1/predictions?site=${benchSite}&turbine=wt-${index}&spanMs=3600000&steps=240`;
  const look = async (viewer: number): Promise<void> => {
    await pause((viewer * periodMs) / viewers);
    await repeat(periodMs, async () => {
      const { length } = await ask("overview", "/");
      figures.overviewBytes = Math.max(figures.overviewBytes, length);
      const shown = Array.from({ length: Math.min(charts, turbines) }, (_, index) => index);
      await Promise.all(shown.map((index) => ask("chart", chart(index))));
    });
  };
  const parts = Math.ceil(turbines / partSize);
  let turn = 0;
  let next: string | null = null;
  const read = (): Promise<void> =>
    repeat(readPeriodMs, async () => {
      turn += 1;
      await ask("metrics", "/metrics");
      await ask("turbines", `/api/v1/turbines?limit=${partSize}&sort=risk&page=${(turn % parts) + 1}`);
      const cursor = next === null ? "" : `&cursor=${encodeURIComponent(next)}`;
      const part = await ask("drift", `/api/v1/drift?limit=${partSize}${cursor}`);
      next = part === "" ? null : (JSON.parse(part) as { readonly next: string | null }).next;
    });
  await Promise.all([...Array.from({ length: viewers }, (_, viewer) => look(viewer)), read()]);
  return figures;
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
