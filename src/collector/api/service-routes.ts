/** What machines ask of the collector itself: the API's document, metrics and probes. */
import type { Metrics } from "../../core/platform/metrics.ts";
import { apiRoutes } from "./api-routes.ts";
import { compressResponse } from "./compress-response.ts";
import { describedRoutes, openApiPath } from "./described-routes.ts";
import { type HttpResponse, type HttpRoute, jsonResponse } from "./http-route.ts";
import { createOpenApiDocument } from "./openapi.ts";

interface ServiceRouteOptions {
  readonly metrics: Metrics;
  /** Version of the runtime. */
  readonly version: string;
  /** Is everything up? Words for what is not, or null. */
  readonly notReady: () => Promise<string | null>;
  /** What does not work although all that pages and alerts need is up; or null. */
  readonly impairment?: () => string | null;
}

/** The routes of the document, the metrics and the probes. */
export function serviceRoutes(options: ServiceRouteOptions): readonly HttpRoute[] {
  const { metrics, version } = options;
  const document = createOpenApiDocument(apiRoutes, describedRoutes, version);
  const get = (path: string, handle: HttpRoute["handle"]): HttpRoute => ({ method: "GET", path, handle });
  const probe = (path: string, handle: HttpRoute["handle"]): HttpRoute => ({
    ...get(path, handle),
    anyHost: "status",
  });
  return [
    get(openApiPath, (request) => compressResponse(request, jsonResponse(document))),
    get("/metrics", async () => ({
      status: 200,
      headers: { "content-type": metrics.contentType },
      body: await metrics.render(),
    })),
    probe("/-/healthy", async () => textResponse(200, "healthy")),
    probe("/-/ready", async () => {
      const reason = await options.notReady();
      if (reason !== null) return textResponse(503, reason);
      const impairment = options.impairment?.() ?? null;
      return textResponse(200, impairment === null ? "ready" : `ready, but ${impairment}`);
    }),
  ];
}

function textResponse(status: number, line: string): HttpResponse {
  return { status, headers: { "content-type": "text/plain" }, body: `${line}\n` };
}
