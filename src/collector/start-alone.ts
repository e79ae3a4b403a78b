/**
 * A collector that has its record, or its broker, to itself: this thread stores, the embedded broker included, and the page
 * has a thread of its own.
 */
import { systemClock } from "../core/platform/clock.ts";
import { openWhole } from "../core/platform/daemon/closing.ts";
import type { Daemon } from "../core/platform/daemon/run-daemon.ts";
import { createMetrics } from "../core/platform/metrics.ts";
import { openWriter } from "./compose-writer.ts";
import { startPageThread } from "./page-thread.ts";
import { awaitAnswer, type DaemonOptions } from "./role.ts";

/** Resolves when the page is served. @throws AuroraError CONFIG_INVALID, STORE, MQTT or KEY */
export function startAlone({
  config,
  version,
  logger,
}: Pick<DaemonOptions, "config" | "version" | "logger">): Promise<Daemon> {
  if (config.record.kind === "postgres") {
    logger.warn("with the embedded broker one thread stores what gateways send; workers need mqtt.url");
  }
  return openWhole(logger, async (closers) => {
    const metrics = createMetrics({ defaults: "thread", logger });
    const writer = await openWriter({ config, logger, metrics });
    closers.add("writer", writer);
    const { embedded, mqttUrl } = writer;
    const page = await startPageThread({
      config,
      version,
      embedded,
      worker: writer.storing,
      metrics,
      logger,
      storeEvent: (event) => writer.record.storeOwnEvent(event, systemClock.nowMs()),
    });
    closers.add("page", () => page.close());
    const nextWork = (): Promise<void> => awaitAnswer(writer.record);
    const { closeAll: close, unclosed } = closers;
    return { httpUrl: page.url, mqttUrl, nextWork, close, unclosed };
  });
}
