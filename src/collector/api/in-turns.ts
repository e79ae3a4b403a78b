/**
 * Answers requests in turns of a bounded length, so that however many ask at once, and whatever for, what else runs on the
 * thread goes on between them: probes are answered, evidence and bundles sent. Whoever asks when too many wait is told to come again.
 */
import type { Clock } from "../../core/platform/clock.ts";
import { rest } from "../../core/platform/rest.ts";
import { errorResponse, type HttpResponse, type HttpRoute } from "./http-route.ts";

/** Requests that may wait for their turn or for what they load: as many as there are connections. */
const maxUnderWay = 512;
/** How long answers are made before others have their turn, ms; the last of them may take longer. */
const turnMs = 10;
/** Turns of the event loop for others in between, if these take no longer: in each, one new connection is taken (libuv 1.46). */
const turnsOfOthers = 32;
const busy: HttpResponse = errorResponse(503, "BUSY", "too many ask at once; ask again in a moment");
const busyResponse: HttpResponse = { ...busy, headers: { ...busy.headers, "retry-after": "2" } };

/** The same routes, whose requests wait for each other. */
export function inTurns(
  routes: readonly HttpRoute[],
  clock: Pick<Clock, "monotonicMs">,
): readonly HttpRoute[] {
  const waiting: (() => Promise<void>)[] = [];
  let underWay = 0;
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    while (waiting.length > 0) {
      const restedMs = clock.monotonicMs();
      for (let turns = 0; turns < turnsOfOthers && clock.monotonicMs() - restedMs < turnMs; turns++)
        await rest();
      const beginMs = clock.monotonicMs();
      while (waiting.length > 0 && clock.monotonicMs() - beginMs < turnMs) {
        // What waits for a disk or a server lets the next begin.
        await Promise.race([waiting.shift()!(), rest()]);
      }
    }
    running = false;
  };
  return routes.map((route) => ({
    ...route,
    handle: (request) => {
      if (underWay >= maxUnderWay) return Promise.resolve(busyResponse);
      underWay += 1;
      return new Promise<HttpResponse>((resolve, reject) => {
        const answer = (): Promise<void> =>
          route
            .handle(request)
            .then(resolve, reject)
            .finally(() => {
              underWay -= 1;
            });
        waiting.push(answer);
        if (!running) void run();
      });
    },
  }));
}
