/**
 * Starts the daemon in the arrangement that its record and broker allow. What takes and stores what gateways send shares no
 * thread with the page in either.
 */
import type { Daemon } from "../core/platform/daemon/run-daemon.ts";
import { createRoleError, type DaemonOptions, isShared } from "./role.ts";

/**
 * Resolves when it serves what its role serves.
 * @throws AuroraError CONFIG_INVALID, STORE, MQTT or KEY for what cannot be mended by waiting
 */
export async function startCollectorDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, role } = options;
  // Each is loaded where it is wanted: this thread needs no HTTP server where another shows.
  if (isShared(config)) return (await import("./start-shared.ts")).startShared(options);
  if (role !== "all") throw createRoleError(role);
  return (await import("./start-alone.ts")).startAlone(options);
}
