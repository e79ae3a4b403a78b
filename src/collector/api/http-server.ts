/**
 * Serves routes over HTTP with Fastify. Every request is bounded, every answer carries the security headers, and a
 * method that a path does not have is answered with 405.
 */
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from "fastify";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { boundHttpConnections } from "../../core/platform/http-places.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { latencyBucketsSeconds, type Metrics } from "../../core/platform/metrics.ts";
import { adviseOfPort } from "../../core/platform/port-advice.ts";
import { createHostCheck, type ServedNames } from "../../core/platform/served-host.ts";
import {
  errorResponse,
  type HttpMethod,
  type HttpRequest,
  type HttpResponse,
  type HttpRoute,
  maxBodyBytes,
  type RouteBytes,
} from "./http-route.ts";

interface HttpServerOptions {
  readonly routes: readonly HttpRoute[];
  /** Answers what no route has. */
  readonly notFound: (request: HttpRequest) => Promise<HttpResponse>;
  /** Answers in place of a route that threw an AuroraError STORE: the record cannot be asked now. */
  readonly unavailable: (request: HttpRequest) => Promise<HttpResponse>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly servedNames: ServedNames;
}

const methods: readonly HttpMethod[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Nothing inline, nothing from elsewhere, no frame around the page. */
const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};

/** Creates the server; the caller listens and closes. */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: 15_000,
    connectionTimeout: 30_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 200 },
  });
  boundHttpConnections(app.server, 512);
  // A page elsewhere can send a form or plain text without being asked first; JSON it cannot.
  app.removeContentTypeParser("text/plain");
  guardRequests(app, options);
  countRequests(app, options.metrics);
  answerErrors(app, options);
  mountRoutes(app, options.routes);
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
      hint: adviseOfPort(cause, "collector.httpPort"),
      cause,
    });
  }
}

/** Mounts routes on a server, and says 405 for the methods that their paths do not have. */
export function mountRoutes(app: FastifyInstance, routes: readonly HttpRoute[]): void {
  const methodsOf = new Map<string, HttpMethod[]>();
  for (const route of routes) {
    methodsOf.set(route.path, [...(methodsOf.get(route.path) ?? []), route.method]);
    if (route.bytes === undefined) app.route(describeRoute(route));
    else mountBytesRoute(app, route, route.bytes);
  }
  for (const [url, own] of methodsOf) {
    const allow = own.includes("GET") ? [...own, "HEAD"] : own;
    const refused = [...methods, "HEAD", "OPTIONS"].filter((method) => !allow.includes(method));
    const response = errorResponse(405, "METHOD", `this address takes ${allow.join(", ")}`);
    app.route({
      method: refused,
      url,
      exposeHeadRoute: false,
      // Before a body is read.
      onRequest: async (_, reply) => sendResponse(reply.header("allow", allow.join(", ")), response),
      handler: () => {},
    });
  }
}

function describeRoute(route: HttpRoute): RouteOptions {
  return {
    method: route.method,
    url: route.path,
    handler: async (request, reply) => sendResponse(reply, await route.handle(readRequest(request))),
  };
}

/** In a scope of its own: no other route reads such a body. */
function mountBytesRoute(app: FastifyInstance, route: HttpRoute, { maxBytes, admit }: RouteBytes): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "application/octet-stream",
      { parseAs: "buffer", bodyLimit: maxBytes },
      async (_: FastifyRequest, body: Buffer) => body,
    );
    scope.route({
      ...describeRoute(route),
      bodyLimit: maxBytes,
      onRequest: async (request, reply) => {
        const refusal = await admit(readRequest(request));
        if (refusal !== null) return sendResponse(reply, refusal);
      },
    });
  });
}

function readRequest(request: FastifyRequest): HttpRequest {
  return {
    // Another method reaches no handler; HEAD is served by that of GET.
    method: methods.find((method) => method === request.method) ?? "GET",
    path: request.url.split("?", 1)[0]!,
    params: (request.params ?? {}) as Readonly<Record<string, string>>,
    query: request.query,
    headers: request.headers,
    body: request.body ?? null,
  };
}

function sendResponse(reply: FastifyReply, { status, headers, body }: HttpResponse): FastifyReply {
  // Fastify knows Node's own bytes only.
  const isForeign = body instanceof Uint8Array && !Buffer.isBuffer(body);
  return reply
    .code(status)
    .headers(headers)
    .send(isForeign ? Buffer.from(body) : (body ?? undefined));
}

/** Adds the security headers, and refuses requests by a name that is not served, but for what is for everybody. */
function guardRequests(
  app: FastifyInstance,
  { routes, servedNames, logger }: Pick<HttpServerOptions, "routes" | "servedNames" | "logger">,
): void {
  const { refuse, isServed } = createHostCheck(servedNames, logger);
  const open = new Map(routes.map(({ path, anyHost }) => [path, anyHost]));
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers(securityHeaders);
    if (open.get(request.routeOptions.url ?? "") !== undefined) return;
    const refusal = refuse(request.raw.headersDistinct.host);
    if (refusal !== null) return sendResponse(reply, errorResponse(421, "MISDIRECTED", refusal));
  });
  app.addHook("onSend", async (request, _, payload) => {
    const isBrief = open.get(request.routeOptions.url ?? "") === "status";
    return isBrief && !isServed(request.raw.headersDistinct.host) ? "" : payload;
  });
}

function answerErrors(app: FastifyInstance, { notFound, unavailable, logger }: HttpServerOptions): void {
  app.setNotFoundHandler(async (request, reply) => sendResponse(reply, await notFound(readRequest(request))));
  app.setErrorHandler(async (error: Error & { readonly statusCode?: number }, request, reply) => {
    if (hasErrorCode(error, "STORE")) {
      logger.warn("the record cannot be asked", { route: request.routeOptions.url, error });
      return sendResponse(reply, await unavailable(readRequest(request)));
    }
    const status = error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : 500;
    // The address may hold what should not be logged; the route does not.
    if (status === 500) logger.error("request failed", { route: request.routeOptions.url, error });
    const message = status === 500 ? "the collector could not answer; see its log" : error.message;
    return sendResponse(reply, errorResponse(status, status === 500 ? "INTERNAL" : "REQUEST", message));
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
