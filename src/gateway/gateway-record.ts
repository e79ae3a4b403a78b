/** Opens the durable record of a gateway: the database, the outbox and the state in it, and what is written there. */
import { join } from "node:path";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import { gatewayState } from "../core/contract/config/state-names.ts";
import { type Clock, systemTimers } from "../core/platform/clock.ts";
import type { Closers } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { WorkGauge } from "./points/work-gauge.ts";
import { type ClockWatch, createClockWatch, describeOffset } from "./record/clock-watch.ts";
import type { DataQuality } from "./record/data-quality.ts";
import { type LossMark, openLossMark } from "./record/loss-mark.ts";
import { createOutbox, type Outbox } from "./record/outbox.ts";
import { createStateStore, type StateStore } from "./record/state-store.ts";
import { openStoreFile, type StoreFile } from "./record/store-file.ts";
import { createTelemetry, type Telemetry } from "./record/telemetry.ts";

const mebibyte = 1024 * 1024;
/** The outbox is written at its end and read at its beginning: a small cache costs it next to nothing. */
const smallCacheKibibytes = 256;

export interface GatewayRecord {
  readonly file: StoreFile;
  readonly outbox: Outbox;
  readonly state: StateStore;
  readonly telemetry: Telemetry;
  /** The gateway's clock against the collector's. */
  readonly clockWatch: ClockWatch;
}

interface GatewayRecordOptions {
  readonly config: GatewayConfig;
  readonly quality: DataQuality;
  /** What waits to be decided. */
  readonly load: Pick<WorkGauge, "held">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Opens it; `closers` close it.
 * @throws AuroraError STORE when the state folder cannot be used.
 */
export function openGatewayRecord(options: GatewayRecordOptions, closers: Closers): GatewayRecord {
  const { config, quality, load, clock, logger } = options;
  const path = join(config.gateway.stateDir, gatewayState.record);
  const { maxMebibytes, reserveMebibytes } = config.store;
  const file = openStoreFile({
    path,
    reserveBytes: reserveMebibytes * mebibyte,
    ...(config.gateway.profile === "small" ? { cacheKibibytes: smallCacheKibibytes } : {}),
    clock,
    logger,
  });
  closers.add("file", () => file.close());
  const untimed = openLossMark(`${path}.mark`, { clock, logger });
  const mark: LossMark = { ...untimed, note: (now) => file.writes.time("mark", () => untimed.note(now)) };
  closers.add("mark", () => mark.close());
  const clockWatch = createClockWatch({
    clock,
    onChange: (offsetMs) => {
      const name = offsetMs === 0 ? "clock.agrees" : "clock.differs";
      logger.warn(name, { offsetMs });
      telemetry.event(name, "clock", describeOffset(offsetMs));
    },
  });
  const outbox = createOutbox({
    file,
    mark,
    isClockConfirmed: () => clockWatch.isConfirmed,
    clock,
    timers: systemTimers,
    logger,
    maxBytes: maxMebibytes * mebibyte,
  });
  closers.add("outbox", () => outbox.close());
  const state = createStateStore(file, logger);
  const telemetry = createTelemetry({
    append: (record, fromMs) => outbox.append(record, fromMs),
    outboxRecords: () => outbox.counts().records,
    quality,
    clock,
    driftIntervalMs: config.drift.intervalSeconds * 1000,
    predictionIntervalMs: config.uplink.predictionIntervalSeconds * 1000,
    healthIntervalMs: config.uplink.healthIntervalSeconds * 1000,
    mark,
    undecided: () => load.held,
  });
  return { file, outbox, state, telemetry, clockWatch };
}
