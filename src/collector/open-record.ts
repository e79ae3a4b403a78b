/** Opens the fleet's record in the engine that the configuration names, which alone is loaded. The only file that names engines. */
import { join } from "node:path";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { collectorState } from "../core/contract/config/state-names.ts";
import { systemClock, systemTimers } from "../core/platform/clock.ts";
import {
  extendBlockedStart,
  extendStart,
  findServiceManager,
} from "../core/platform/daemon/service-manager.ts";
import { readAuthorities, readPasswordFile } from "../core/platform/files/configured-text.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import type { PostgresLogin } from "./record/postgres/postgres-database.ts";

/**
 * @param access `read`: somebody else here writes; with SQLite one connection does, and is opened first
 * @throws AuroraError STORE when the file or the server cannot be used
 */
export async function openRecord(
  config: CollectorConfig,
  logger: Logger,
  access: "read" | "write" = "write",
): Promise<FleetRecord> {
  const driftPeriodMs = config.drift.periodSeconds * 1_000;
  const { url, passwordFile, caFile, tls, connections, statementTimeoutSeconds } = config.record;
  // The tables may be changed first. Whoever starts waits for this process, also where it is a fork of the daemon.
  const manager = findServiceManager(process.env, { isForked: false, logger });
  if (url === null) {
    const { holdSqliteRecord, openSqliteRecord } = await import("./record/sqlite/sqlite-record.ts");
    const path = join(config.collector.stateDir, collectorState.record);
    const release = access === "write" ? await holdSqliteRecord(path) : () => {};
    try {
      const record = await openSqliteRecord({
        path,
        access,
        clock: systemClock,
        logger,
        driftPeriodMs,
        beforeSteps: () => extendBlockedStart(manager),
      });
      return { ...record, close: () => record.close().finally(release) };
    } catch (error) {
      release();
      throw error;
    }
  }
  const { openPostgresRecord } = await import("./record/postgres/postgres-record.ts");
  const readLogin = async (): Promise<PostgresLogin> => ({
    password: passwordFile === null ? undefined : await readPasswordFile(passwordFile),
    ca: caFile === null ? (tls ? "" : undefined) : await readAuthorities(caFile),
  });
  const options = {
    url,
    login: await readLogin(),
    readLogin,
    connections,
    statementTimeoutMs: statementTimeoutSeconds * 1_000,
    logger,
    driftPeriodMs,
  };
  return extendStart(() => openPostgresRecord(options), { manager, timers: systemTimers });
}
