/** The scalar channels of a SCADA bridge that say how a turbine operates, whatever bundle watches it, with units and ranges. */
import type { ChannelContract } from "../bundle/manifest.ts";
import type { Reading } from "../stream.ts";

const scalar = { kind: "scalar", missing: "quarantine", minRateHz: 1 / 3600, maxRateHz: 100 } as const;

/** Channels that a configuration may map under `scada`, with their units and ranges; a speed's sign is the sense of rotation. */
export const operatingChannels: Readonly<Record<string, ChannelContract>> = {
  "shaft-speed": {
    ...scalar,
    name: "shaft-speed",
    unit: "rpm",
    min: -100_000,
    max: 100_000,
    stuckAfter: 100_000,
  },
  power: { ...scalar, name: "power", unit: "kW", min: -1000, max: 50_000, stuckAfter: 100_000 },
};

/** Is a reading of how a turbine operates too old, when it comes, to say how it operates now? */
export function isPast(reading: Reading, maxAgeMs: number): boolean {
  const { channel, timestampMs, arrivedMs } = reading;
  return isOperatingChannel(channel) && arrivedMs - timestampMs > maxAgeMs;
}

/** Does a reading of this channel say how a turbine operates? */
export function isOperatingChannel(channel: string): boolean {
  return Object.hasOwn(operatingChannels, channel);
}
