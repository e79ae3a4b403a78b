/**
 * Would a bundle that came to a gateway do there what the one before it does? Holds it against the configuration as the
 * configuration itself is held, and against what the devices say that they send. What fitted neither is not its fault.
 */
import { findOtherKind } from "../bundle/compatibility.ts";
import { inGravities } from "../contract/acceleration-units.ts";
import { type ChannelContract, type Manifest, mcuModelFileName } from "../contract/bundle/manifest.ts";
import { formatKeyPath } from "../contract/config/config-finding.ts";
import type { GatewayConfig } from "../contract/config/gateway-config.ts";
import { indexPoints } from "../contract/config/index-points.ts";
import type { DeviceChannel } from "../contract/device/device-message.ts";
import { sha256Hex } from "../platform/files/sha256.ts";
import { findWaveform, listBundleFindings } from "./check-bundle-fit.ts";

/** In what `next` does not fit where `before`, of the same name, does; null: in nothing. */
export type FitCheck = (next: Manifest, before: Manifest) => string | null;

/** `announcedBy` knows the channels of a device that was heard; default: none was. */
export function createFitCheck(
  config: GatewayConfig,
  announcedBy: (deviceId: string) => readonly DeviceChannel[] = () => [],
): FitCheck {
  const { all } = indexPoints(config.turbines);
  const findRefusedRate = (next: Manifest, before: Manifest): string | null => {
    const points = all.filter(({ bundle }) => bundle === next.name);
    const [wanted, served] = [next, before].map(findWaveform);
    if (wanted === undefined || served === undefined) return null;
    for (const { turbine, component, device, channel } of points) {
      const announced = announcedBy(device).find(({ name }) => name === channel);
      if (announced === undefined || !takes(served, announced) || takes(wanted, announced)) continue;
      const { minRateHz, maxRateHz } = wanted;
      return `it takes ${minRateHz} to ${maxRateHz} Hz, and the device of ${turbine}/${component} sends ${announced.sampleRateHz} Hz`;
    }
    return null;
  };
  const findUnservedDevice = (next: Manifest, before: Manifest): string | null => {
    if (!holdsMcuModel(before) || holdsMcuModel(next)) return null;
    const scoring = new Set(config.devices.filter(({ mode }) => mode !== "raw").map(({ id }) => id));
    const point = all.find(({ bundle, device }) => bundle === next.name && scoring.has(device));
    return point === undefined
      ? null
      : `it holds no ${mcuModelFileName}, and the device of ${point.turbine}/${point.component} scores by itself`;
  };
  return (next, before) => {
    const known = new Set(listFindings(config, before).map(({ place }) => place));
    const finding = listFindings(config, next).find(({ place }) => !known.has(place));
    if (finding !== undefined) return `${finding.place}: ${finding.problem}`;
    return findOtherKind(next, before) ?? findUnservedDevice(next, before) ?? findRefusedRate(next, before);
  };
}

/** Tells apart configurations that a bundle fits differently: another address is no other configuration. */
export function digestFitted(config: GatewayConfig): string {
  const { turbines, scada, modbus, opcua, commissioning } = config;
  const devices = config.devices.map(({ id, mode }) => ({ id, mode }));
  const fitted = JSON.stringify({ turbines, scada, modbus, opcua, commissioning, devices });
  return sha256Hex(Buffer.from(fitted)).slice(0, 16);
}

/** A channel that is mapped and that the model has no use for (any more) is none: nothing reads it. */
function listFindings(
  config: GatewayConfig,
  manifest: Manifest,
): readonly { readonly place: string; readonly problem: string }[] {
  const models = new Map([[manifest.name, { manifest, isInstalled: false }]]);
  return listBundleFindings(config, models, [])
    .filter(({ path }) => path.at(-1) !== "name")
    .map(({ path, problem }) => ({ place: formatKeyPath(path), problem }));
}

function holdsMcuModel({ files }: Manifest): boolean {
  return files.some(({ path }) => path === mcuModelFileName);
}

function takes({ unit, minRateHz, maxRateHz }: ChannelContract, announced: DeviceChannel): boolean {
  const { sampleRateHz } = announced;
  return inGravities(announced).unit === unit && sampleRateHz >= minRateHz && sampleRateHz <= maxRateHz;
}
