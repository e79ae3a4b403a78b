/** Opens the durable record of a gateway: the database, the outbox and the state in it, and what is written there. */
import { join } from "node:path";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import { type Clock, systemTimers } from "../core/platform/clock.ts";
import type { Closers } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { DataQuality } from "./record/data-quality.ts";
import { createOutbox, type Outbox } from "./record/outbox.ts";
import { createStateStore, type StateStore } from "./record/state-store.ts";
import { openStoreFile } from "./record/store-file.ts";
import { createTelemetry, type Telemetry } from "./record/telemetry.ts";

export interface GatewayRecord {
  readonly outbox: Outbox;
  readonly state: StateStore;
  readonly telemetry: Telemetry;
}

export interface GatewayRecordOptions {
  readonly config: GatewayConfig;
  readonly quality: DataQuality;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Opens it; `closers` close it.
 * @throws AuroraError STORE when the state folder cannot be used.
 */
export function openGatewayRecord(options: GatewayRecordOptions, closers: Closers): GatewayRecord {
  const { config, quality, clock, logger } = options;
  const file = openStoreFile({ path: join(config.gateway.stateDir, "gateway.db"), logger });
  closers.add(() => file.close());
  const outbox = createOutbox({ file, clock, timers: systemTimers, logger });
  closers.add(() => outbox.close());
  const state = createStateStore(file, logger);
  const telemetry = createTelemetry({
    append: (record) => outbox.append(record),
    outboxRecords: () => outbox.counts().records,
    quality,
    clock,
    driftIntervalMs: config.drift.intervalSeconds * 1000,
    predictionIntervalMs: config.uplink.predictionIntervalSeconds * 1000,
    healthIntervalMs: config.uplink.healthIntervalSeconds * 1000,
  });
  return { outbox, state, telemetry };
}
