/** Viewers that keep the fleet's page open: they ask for it and its charts every three seconds, and note how long that takes. */
import { benchSite } from "./page-collector.ts";

/** How long each request took, ms. */
export interface ViewerFigures {
  readonly overview: readonly number[];
  readonly charts: readonly number[];
  readonly failed: number;
  /** As it came over the wire or not: uncompressed. */
  readonly overviewBytes: number;
}

const periodMs = 3_000;
const charts = 12;

/** Looks for so many seconds; viewers come evenly over the first period. */
export async function watchPages(options: {
  readonly url: string;
  readonly viewers: number;
  readonly seconds: number;
  readonly turbines: number;
}): Promise<ViewerFigures> {
  const { url, viewers, seconds, turbines } = options;
  const figures = { overview: [] as number[], charts: [] as number[], failed: 0, overviewBytes: 0 };
  const endMs = performance.now() + seconds * 1_000;
  const ask = async (path: string, times: number[]): Promise<number> => {
    const beginMs = performance.now();
    try {
      const answer = await fetch(`${url}${path}`, { headers: { "accept-encoding": "gzip" } });
      const { length } = await answer.text();
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      times.push(performance.now() - beginMs);
      return length;
    } catch {
      figures.failed += 1;
      return 0;
    }
  };
  const look = async (viewer: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, (viewer * periodMs) / viewers));
    while (performance.now() < endMs) {
      const beginMs = performance.now();
      figures.overviewBytes = Math.max(figures.overviewBytes, await ask("/", figures.overview));
      await Promise.all(
        Array.from({ length: Math.min(charts, turbines) }, (_, index) =>
          ask(
            `/api/v1/predictions?site=${benchSite}&turbine=wt-${index}&spanMs=3600000&steps=240`,
            figures.charts,
          ),
        ),
      );
      const waitMs = Math.max(0, periodMs - (performance.now() - beginMs));
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  };
  await Promise.all(Array.from({ length: viewers }, (_, viewer) => look(viewer)));
  return figures;
}
