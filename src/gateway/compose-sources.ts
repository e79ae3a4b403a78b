/** Puts the sources of SCADA values together that a configuration names, and leads what comes of them to the points. */
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import type { Quarantine, Reading } from "../core/contract/stream.ts";
import type { Clock, Timers } from "../core/platform/clock.ts";
import type { Closers } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { loadModbus } from "./sources/modbus-client.ts";
import { createModbusSource } from "./sources/modbus-source.ts";
import { createMqttSource } from "./sources/mqtt-source.ts";
import { loadOpcUa } from "./sources/opcua-client.ts";
import { createOpcUaSource } from "./sources/opcua-source.ts";
import type { ReadingSource, SourceCondition } from "./sources/reading-source.ts";

export interface SourceSurroundings {
  readonly config: GatewayConfig;
  readonly mqtt: MqttClient;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Where readings go to. */
export interface SourceOutlets {
  /** As a SCADA bridge sends them: a row each. */
  onRow(reading: Reading): void;
  /** As a field bus is asked for them: one every `everyMs`. */
  onPoll(reading: Reading, everyMs: number): void;
  onQuality(quarantine: Quarantine): void;
}

export interface Sources {
  start(outlets: SourceOutlets): Promise<void>;
  conditions(): readonly SourceCondition[];
}

/** Creates them; `closers` close those that were started. */
export function composeSources(surroundings: SourceSurroundings, closers: Closers): Sources {
  const { config, mqtt, clock, timers, logger } = surroundings;
  const { stateDir } = config.gateway;
  const topics = [...new Set(config.scada.map(({ topic }) => topic))];
  const bridges = topics.map((topic) =>
    createMqttSource({
      topic,
      mappings: config.scada.filter((mapping) => mapping.topic === topic),
      mqtt,
      clock,
      logger,
    }),
  );
  const polled = config.modbus.map((server) => ({
    everyMs: server.pollSeconds * 1000,
    source: createModbusSource({ config: server, load: loadModbus, clock, timers, logger }),
  }));
  const subscribed = config.opcua.map((server) => ({
    everyMs: server.everySeconds * 1000,
    source: createOpcUaSource({ config: server, load: loadOpcUa, stateDir, clock, timers, logger }),
  }));
  const buses = [...polled, ...subscribed];
  const all: readonly ReadingSource[] = [...bridges, ...buses.map(({ source }) => source)];
  return {
    start: async ({ onRow, onPoll, onQuality }) => {
      for (const bridge of bridges) await bridge.start({ onReading: onRow, onQuality });
      for (const { source, everyMs } of buses) {
        closers.add(() => source.close());
        await source.start({ onReading: (reading) => onPoll(reading, everyMs), onQuality });
      }
    },
    conditions: () => all.map((source) => source.describe()),
  };
}
