/** The gateway that a replay stands for: of a configuration, or one that decided nothing else than the defaults. */
import type { GatewayConfig } from "../../../core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../../core/contract/config/gateway-config-schema.ts";
import { loadYamlConfig } from "../../../core/platform/daemon/yaml-config.ts";
import { formatRpm } from "../recordings/speed-doubts.ts";
import type { PlannedRecording } from "./plan-replay.ts";

/** What an installation decides, and its turbines; none: nobody says which there are. */
export type ReplayedGateway = Pick<GatewayConfig, "operation" | "commissioning" | "alarms" | "turbines">;

/** Reads a gateway's configuration; the environment does not count. Fails with CONFIG_INVALID. */
export function readReplayedGateway(path: string): ReplayedGateway {
  return loadYamlConfig({ path, schema: gatewayConfigSchema(), environment: {} });
}

/** Shaft speed below which a gateway that is told nothing else takes its turbine to stand by, rpm. */
function usualStandbyRpm(): number {
  return gatewayConfigSchema().parse(describeGateway()).operation.standbyBelowRpm;
}

/** The defaults of a gateway, but for `sections`; and every recording is of a shaft that turns: whoever states a speed above 0 says so. */
export function createReplayedGateway(
  sections: { readonly commissioning?: Partial<GatewayConfig["commissioning"]> } = {},
): ReplayedGateway {
  const config = gatewayConfigSchema().parse({
    ...describeGateway(),
    operation: { standbyBelowRpm: 0 },
    ...sections,
  });
  return { ...config, turbines: [] };
}

/** As short as a configuration can be. */
function describeGateway(): Readonly<Record<string, unknown>> {
  const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
  const point = { component: "replay", bundle: "replay", device: "file", channel: "file", bearing };
  return {
    gateway: { id: "replay", site: "replay" },
    devices: [{ id: "file", connect: "mqtt" }],
    turbines: [{ id: "replay", points: [point] }],
  };
}

/** Points whose shaft is so slow that a gateway with its defaults would take the turbine to stand by, as of a speed in hertz. */
export function listStandbyDoubts(
  recordings: readonly Pick<PlannedRecording, "point" | "description">[],
): readonly string[] {
  const standbyBelowRpm = usualStandbyRpm();
  return [...new Set(recordings.map(({ point }) => point))].flatMap((point) => {
    const own = recordings.filter((recording) => recording.point === point);
    const fastest = Math.max(...own.map(({ description }) => description.sidecar.shaftRpm));
    if (fastest >= standbyBelowRpm) return [];
    return [
      `${point}: at ${formatRpm(fastest)} rpm a gateway with its defaults takes the turbine to stand by and decides nothing: is that the speed in Hz (${Math.round(60 * fastest)} rpm)? A shaft that is as slow needs a lower operation.standbyBelowRpm`,
    ];
  });
}
