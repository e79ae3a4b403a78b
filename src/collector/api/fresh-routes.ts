/** Answers of routes that are asked for again and again, made once within their freshness, whoever asks. */

import type { Clock } from "../../core/platform/clock.ts";
import { createFreshCache } from "../fleet/fresh-cache.ts";
import { acceptsGzip } from "./compress-response.ts";
import type { HttpRequest, HttpResponse, HttpRoute } from "./http-route.ts";

/** Answers that are held at once, and their bytes. */
const maxEntries = 512;
const maxBytes = 64 * 1024 * 1024;
/** Whoever asks with a longer query asks alone. */
const maxKeyLength = 512;

/** The same routes, of which each answer is made once within its freshness. For routes that only read. */
export function keepFresh(
  routes: readonly HttpRoute[],
  { clock, freshMs }: { readonly clock: Pick<Clock, "monotonicMs">; readonly freshMs: number },
): readonly HttpRoute[] {
  const cache = createFreshCache({
    clock,
    freshMs,
    maxEntries,
    maxCost: maxBytes,
    costOf: (answer) => sizeOf((answer as HttpResponse).body),
  });
  return routes.map((route) => ({
    ...route,
    handle: (request) => {
      const key = nameRequest(request);
      return key.length > maxKeyLength ? route.handle(request) : cache.get(key, () => route.handle(request));
    },
  }));
}

function nameRequest(request: HttpRequest): string {
  const { path, query } = request;
  const asked = Object.entries((query ?? {}) as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([path, asked, acceptsGzip(request)]);
}

function sizeOf(body: HttpResponse["body"]): number {
  if (typeof body === "string") return 2 * body.length;
  return body instanceof Uint8Array ? body.length : 0;
}
