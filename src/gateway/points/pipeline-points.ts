/** The measuring points of a configuration, found by the channel that feeds them. */
import type { GatewayConfig, PointConfig } from "../../core/contract/config/gateway-config.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { PipelinePoint } from "./pipeline-point.ts";

/** All points. */
export interface PipelinePoints {
  readonly all: readonly PipelinePoint[];
  /** Points that a channel of a device feeds; several may share one. */
  ofChannel(deviceId: string, channel: string): readonly PipelinePoint[];
  /** Channels that somebody expects of a device. */
  channelsOf(deviceId: string): readonly string[];
  /** Turbines that a device sits on. */
  turbinesOf(deviceId: string): readonly string[];
}

const none: readonly PipelinePoint[] = [];

/** Creates a point for every entry of the configuration. */
export function createPipelinePoints(
  config: GatewayConfig,
  create: (id: PointId, config: PointConfig) => PipelinePoint,
): PipelinePoints {
  const byDevice = new Map<string, Map<string, PipelinePoint[]>>();
  const all: PipelinePoint[] = [];
  for (const turbine of config.turbines) {
    for (const entry of turbine.points) {
      const id = { site: config.gateway.site, turbine: turbine.id, component: entry.component };
      const point = create(id, entry);
      const channels = byDevice.get(entry.device) ?? new Map<string, PipelinePoint[]>();
      byDevice.set(entry.device, channels);
      channels.set(entry.channel, [...(channels.get(entry.channel) ?? []), point]);
      all.push(point);
    }
  }
  return {
    all,
    ofChannel: (deviceId, channel) => byDevice.get(deviceId)?.get(channel) ?? none,
    channelsOf: (deviceId) => [...(byDevice.get(deviceId)?.keys() ?? [])],
    turbinesOf: (deviceId) => [
      ...new Set([...(byDevice.get(deviceId)?.values() ?? [])].flat().map(({ id }) => id.turbine)),
    ],
  };
}
