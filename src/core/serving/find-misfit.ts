/**
 * Would a bundle that came to a gateway do there what the one before it does? Holds it against the configuration as the
 * configuration itself is held, and against what the devices say that they send. What fitted neither is not its fault.
 */
import { findOtherKind } from "../bundle/compatibility.ts";
import { inGravities } from "../contract/acceleration-units.ts";
import {
  type ChannelContract,
  findWaveform,
  type Manifest,
  mcuModelFileName,
} from "../contract/bundle/manifest.ts";
import { formatKeyPath } from "../contract/config/config-finding.ts";
import type { GatewayConfig } from "../contract/config/gateway-config.ts";
import { indexPoints } from "../contract/config/index-points.ts";
import { fieldBusKeys } from "../contract/config/mapped-channels.ts";
import type { DeviceChannel } from "../contract/device/device-message.ts";
import { sha256Hex } from "../platform/files/sha256.ts";
import { listBundleFindings } from "./check-bundle-fit.ts";

/** In what `next` does not fit where `before`, of the same name, does; null: in nothing. */
export type FitCheck = (next: Manifest, before: Manifest) => string | null;

/** What a device sends that a bundle does not take. */
export interface SentMisfit {
  readonly misfit: string;
  /** Device, channel and what it sends, as one text. */
  readonly sent: string;
}

/** What a device sends that keeps a bundle from serving where the one before it does. */
export interface RateWatch {
  /** Null: nothing that was heard is in its way. */
  find(next: Manifest, before: Manifest): SentMisfit | null;
  /** Has that device been heard to send something else since? */
  isOver(sent: string): boolean;
}

/** Watches the devices of the measuring points; `announcedBy` knows the channels of a device that was heard. */
export function createRateWatch(config: GatewayConfig, announcedBy: AnnouncedBy): RateWatch {
  const { all } = indexPoints(config.turbines);
  return {
    find: (next, before) => {
      const refused = findRefusedRate(all, { next, before, announcedBy });
      if (refused === null) return null;
      const { point, wanted, announced } = refused;
      const { turbine, component } = point;
      const misfit = `it takes ${wanted.minRateHz} to ${wanted.maxRateHz} Hz, and the device of ${turbine}/${component} sends ${announced.sampleRateHz} Hz`;
      return { misfit, sent: describeSent(point, announced) };
    },
    isOver: (sent) =>
      all.some((point) => {
        const announced = findAnnounced(point, announcedBy);
        if (announced === undefined || !sent.startsWith(nameSource(point))) return false;
        return describeSent(point, announced) !== sent;
      }),
  };
}

/** Holds bundles against this configuration. */
export function createFitCheck(config: GatewayConfig): FitCheck {
  const { all } = indexPoints(config.turbines);
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
    return findOtherKind(next, before) ?? findUnservedDevice(next, before);
  };
}

/** Tells apart configurations that a bundle fits differently: another address is no other configuration. */
export function digestFitted(config: GatewayConfig): string {
  const { turbines, scada, commissioning } = config;
  const buses = Object.fromEntries(fieldBusKeys.map((key) => [key, config[key]]));
  const devices = config.devices.map(({ id, mode }) => ({ id, mode }));
  const fitted = JSON.stringify({ turbines, scada, ...buses, commissioning, devices });
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

type AnnouncedBy = (deviceId: string) => readonly DeviceChannel[];
type Point = ReturnType<typeof indexPoints>["all"][number];

/** The first point whose device sends what `before` takes and `next` does not. */
function findRefusedRate(
  points: readonly Point[],
  {
    next,
    before,
    announcedBy,
  }: { readonly next: Manifest; readonly before: Manifest; readonly announcedBy: AnnouncedBy },
): { readonly point: Point; readonly wanted: ChannelContract; readonly announced: DeviceChannel } | null {
  const [wanted, served] = [next, before].map(findWaveform);
  if (wanted === undefined || served === undefined) return null;
  for (const point of points.filter(({ bundle }) => bundle === next.name)) {
    const announced = findAnnounced(point, announcedBy);
    if (announced === undefined || !takes(served, announced) || takes(wanted, announced)) continue;
    return { point, wanted, announced };
  }
  return null;
}

function findAnnounced({ device, channel }: Point, announcedBy: AnnouncedBy): DeviceChannel | undefined {
  return announcedBy(device).find(({ name }) => name === channel);
}

const nameSource = ({ device, channel }: Point): string => `${device}/${channel}: `;
const describeSent = (point: Point, { sampleRateHz, unit }: DeviceChannel): string =>
  `${nameSource(point)}${sampleRateHz} Hz, ${unit}`;

function takes({ unit, minRateHz, maxRateHz }: ChannelContract, announced: DeviceChannel): boolean {
  const { sampleRateHz } = announced;
  return inGravities(announced).unit === unit && sampleRateHz >= minRateHz && sampleRateHz <= maxRateHz;
}
