/** What protects the page: security headers on every answer, and no foreign host names on a loopback address. */
import type { FastifyInstance } from "fastify";
import { isLoopbackHost } from "../../core/platform/loopback-host.ts";

/** Nothing inline, nothing from elsewhere, no frame around the page. */
const headers: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};

/**
 * Adds the guard to a server.
 * @param listenHost the address it listens on: on a loopback one, a request for another host is refused, since only
 *   a page that had its own name resolved to this machine (DNS rebinding) would ask for it
 */
export function guardServer(app: FastifyInstance, listenHost: string): void {
  const checksHost = isLoopbackHost(listenHost);
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers(headers);
    if (checksHost && !isLoopbackHost(request.hostname)) {
      await reply.code(421).send({ error: { code: "MISDIRECTED", message: "this host is not served here" } });
    }
  });
}
