/** Serves the collector's routes where its configuration says, with its own words for what is not there and what cannot be asked. */
import type { CollectorConfig } from "../../core/contract/config/collector-config.ts";
import type { Closers } from "../../core/platform/daemon/closing.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import type { HttpRoute } from "./http-route.ts";
import { createHttpServer, listenHttp } from "./http-server.ts";
import { answerNotFound, answerUnavailable } from "./page-routes.ts";

/**
 * Resolves with the address, when it is listened on.
 * @throws AuroraError CONFIG_INVALID when the address is taken, not this machine's or not permitted
 */
export async function serveRoutes(
  around: { readonly config: CollectorConfig; readonly logger: Logger; readonly metrics: Metrics },
  closers: Closers,
  routes: readonly HttpRoute[],
): Promise<string> {
  const { config, logger, metrics } = around;
  const { httpHost: host, httpPort, httpNames: names } = config.collector;
  const app = createHttpServer({
    metrics,
    logger,
    servedNames: { host, names, key: "collector.httpNames" },
    notFound: answerNotFound,
    unavailable: answerUnavailable,
    routes,
  });
  closers.add("http", () => app.close());
  return listenHttp(app, host, httpPort);
}
