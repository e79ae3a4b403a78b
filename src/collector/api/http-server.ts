/** Serves the page, the JSON API, metrics and probes over HTTP. Read only; every request is bounded. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { latencyBucketsSeconds, type Metrics } from "../../core/platform/metrics.ts";
import type { FleetView } from "../fleet/fleet-view.ts";
import { html, type SafeHtml } from "../page/html.ts";
import { renderOverviewPage } from "../page/overview-page.ts";
import { renderLayout } from "../page/page-layout.ts";
import { parsePageRange } from "../page/page-range.ts";
import { loadStaticFiles } from "../page/static-files.ts";
import { renderTurbinePage } from "../page/turbine-page.ts";
import { type ApiRoute, apiRoutes } from "./api-routes.ts";
import { guardServer } from "./http-guard.ts";
import { createOpenApiDocument, type PlainRoute } from "./openapi.ts";

/** Adds routes of another room to the server, before it listens. */
export type RouteHook = (app: FastifyInstance) => void;

/** What the server is joined to. */
export interface HttpServerOptions {
  readonly fleet: FleetView;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly host: string;
  readonly version: string;
  /** Is everything up? Words for what is not, or null. */
  readonly notReady: () => string | null;
  readonly routes: readonly RouteHook[];
}

const compress = promisify(gzip);
const openApiPath = "/api/v1/openapi.json";
const plainRoutes: readonly PlainRoute[] = [
  { path: openApiPath, summary: "This document", contentType: "application/json" },
  { path: "/metrics", summary: "Metrics in the Prometheus text format", contentType: "text/plain" },
  { path: "/-/healthy", summary: "The process answers", contentType: "text/plain" },
  { path: "/-/ready", summary: "Store and broker are up (503 when not)", contentType: "text/plain" },
];

/** Creates the server; the caller listens and closes. */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: 16_384,
    requestTimeout: 15_000,
    connectionTimeout: 30_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 200 },
  });
  app.server.maxConnections = 512;
  guardServer(app, options.host);
  countRequests(app, options.metrics);
  answerErrors(app, options.logger);
  for (const route of apiRoutes) mountApiRoute(app, route, options.fleet);
  const document = createOpenApiDocument(apiRoutes, plainRoutes, options.version);
  app.get(openApiPath, () => document);
  mountProbes(app, options);
  mountPages(app, options.fleet);
  for (const mount of options.routes) mount(app);
  return app;
}

/**
 * Starts to listen; returns the address.
 * @throws AuroraError CONFIG_INVALID when the address is taken, not this machine's or not permitted.
 */
export async function listenHttp(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw new AuroraError("CONFIG_INVALID", `the page cannot listen on ${host}:${port}: ${String(cause)}`, {
      op: "start HTTP server",
      subject: `${host}:${port}`,
      hint: "Choose another port (collector.httpPort; 0 for any), or stop what listens there.",
      cause,
    });
  }
}

function mountApiRoute(app: FastifyInstance, route: ApiRoute, fleet: FleetView): void {
  app.get(route.path, async (request, reply) => {
    const answer = route.answer(fleet, request.query);
    if (!answer.ok) return reply.code(400).send({ error: { code: "QUERY", message: answer.error } });
    return reply.header("cache-control", "no-store").send(answer.value);
  });
}

function mountProbes(app: FastifyInstance, options: HttpServerOptions): void {
  const { metrics } = options;
  app.get("/metrics", async (_, reply) => reply.type(metrics.contentType).send(await metrics.render()));
  app.get("/-/healthy", async (_, reply) => reply.type("text/plain").send("healthy\n"));
  app.get("/-/ready", async (_, reply) => {
    const reason = options.notReady();
    return reply
      .code(reason === null ? 200 : 503)
      .type("text/plain")
      .send(`${reason ?? "ready"}\n`);
  });
}

function mountPages(app: FastifyInstance, fleet: FleetView): void {
  for (const file of loadStaticFiles()) {
    app.get(file.path, async (request, reply) => {
      void reply.headers({ etag: file.etag, "cache-control": "no-cache" });
      if (request.headers["if-none-match"] === file.etag) return reply.code(304).send();
      return reply.type(file.contentType).send(file.bytes);
    });
  }
  app.get("/", async (request, reply) => {
    return sendPage(request, reply, renderOverviewPage(fleet, parsePageRange(request.query)));
  });
  app.get("/turbine/:site/:turbine", async (request, reply) => {
    const { site, turbine } = request.params as { readonly site: string; readonly turbine: string };
    const page = renderTurbinePage(fleet, { site, turbine }, parsePageRange(request.query));
    return page === null ? sendNotFound(request, reply) : sendPage(request, reply, page);
  });
}

/** Pages are asked for every few seconds and compress to a tenth. */
async function sendPage(request: FastifyRequest, reply: FastifyReply, page: SafeHtml): Promise<FastifyReply> {
  const text = `<!doctype html>\n${page.text}`;
  void reply
    .type("text/html; charset=utf-8")
    .headers({ "cache-control": "no-store", vary: "accept-encoding" });
  if (!/\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) return reply.send(text);
  return reply.header("content-encoding", "gzip").send(await compress(text, { level: 4 }));
}

async function sendNotFound(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  void reply.code(404);
  if (request.url.startsWith("/api/")) {
    return reply.send({ error: { code: "NOT_FOUND", message: "there is nothing here" } });
  }
  const body = html`<section class="panel"><h2>Nothing here</h2>
    <p class="empty">This address is not known. <a href="/">Back to the fleet</a></p></section>`;
  return sendPage(request, reply, renderLayout({ title: "Not found", nowMs: null, trail: [], body }));
}

function answerErrors(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((request, reply) => sendNotFound(request, reply));
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : 500;
    // The address may hold what should not be logged; the route does not.
    if (status === 500) logger.error("request failed", { route: request.routeOptions.url, error });
    const message = status === 500 ? "the collector could not answer; see its log" : error.message;
    return reply.code(status).send({ error: { code: status === 500 ? "INTERNAL" : "REQUEST", message } });
  });
}

function countRequests(app: FastifyInstance, metrics: Metrics): void {
  const duration = metrics.histogram(
    { name: "http_request_duration_seconds", help: "Time to answer, by route", labels: ["route", "status"] },
    latencyBucketsSeconds,
  );
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "(none)";
    duration.observe(reply.elapsedTime / 1000, { route, status: `${Math.trunc(reply.statusCode / 100)}xx` });
  });
}
