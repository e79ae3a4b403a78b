/** Remembers how each stream last described itself and tells every change once. */
import type { ChannelContract } from "../contract/bundle/manifest.ts";
import type { Quarantine, RecordedBlock, SchemaDrift } from "../contract/stream.ts";

/** Where an ingest tells of what is not as agreed; called during `accept`. */
export interface IngestSink {
  /** A piece of data was set aside, or something before it is missing. */
  quarantine(quarantine: Quarantine): void;
  /** The schema changed; told once a change, not once a block. */
  schemaDrift(drift: SchemaDrift): void;
}

/** Finds the contract of a channel as its device calls it; undefined when nobody expects it. */
export type ContractLookup = (deviceId: string, channel: string) => ChannelContract | undefined;

/** More streams than this are not told apart: names come from the network, memory must stay bounded. */
export const maxStreams = 4096;
/** Of one device that nobody expects: one that has ever-new names leaves room for the others. */
const maxStrangersOfDevice = 256;

export interface AnnouncedChannel {
  readonly name: string;
  readonly unit: string;
  readonly sampleRateHz: number;
}

/** Watches any number of streams that are expected, and others up to a bound. */
export interface SchemaWatch {
  /** A stream came as described; without `sampleRateHz` no rate is stated. */
  observe(data: DescribedData): void;
  /** A device introduced itself: what it lacks of the expected channels is missing, the rest is observed. */
  announce(announcement: Announcement): void;
}

/** What a block or a reading says of its stream. */
interface DescribedData extends Pick<RecordedBlock, "deviceId" | "channel" | "unit" | "timestampMs"> {
  readonly sampleRateHz?: number;
}

/** What a device says of its channels, and which of them somebody waits for. */
interface Announcement {
  readonly deviceId: string;
  readonly channels: readonly AnnouncedChannel[];
  readonly expected: readonly string[];
  readonly timestampMs: number;
}

/** What a stream last said of itself. */
interface Told {
  unit: string;
  rateHz: number;
  unknown: boolean;
  missing: boolean;
}

/** Creates a watch that tells `report`. */
export function createSchemaWatch(
  contractOf: ContractLookup,
  report: (drift: SchemaDrift) => void,
): SchemaWatch {
  const streams = new Map<string, Told>();
  /** Of these, by device, those that nobody expects. */
  const strangers = new Map<string, number>();
  let strangerCount = 0;

  const toldOf = (deviceId: string, channel: string, contract: ChannelContract | undefined): Told | null => {
    const key = streamKey(deviceId, channel);
    let told = streams.get(key);
    if (told === undefined) {
      if (contract === undefined) {
        const known = strangers.get(deviceId) ?? 0;
        if (strangerCount >= maxStreams || known >= maxStrangersOfDevice) return null;
        strangers.set(deviceId, known + 1);
        strangerCount++;
      }
      told = { unit: contract?.unit ?? "", rateHz: Number.NaN, unknown: false, missing: false };
      streams.set(key, told);
    }
    return told;
  };

  const observe = (data: DescribedData): void => {
    const { deviceId, channel, unit, timestampMs, sampleRateHz: rateHz = Number.NaN } = data;
    const contract = contractOf(deviceId, channel);
    const told = toldOf(deviceId, channel, contract);
    if (told === null) return;
    const tell = (change: SchemaDrift["change"], expected: string, actual: string): void =>
      report({ deviceId, timestampMs, change, channel, expected, actual });
    told.missing = false;
    if (contract === undefined) {
      if (!told.unknown) tell("new-channel", "no such channel", `${channel} in ${unit}`);
      told.unknown = true;
      return;
    }
    told.unknown = false;
    if (unit !== told.unit) {
      tell("unit", told.unit, unit);
      told.unit = unit;
    }
    if (Number.isNaN(rateHz) || rateHz === told.rateHz) return;
    const before = told.rateHz;
    told.rateHz = rateHz;
    const allowed = rateHz >= contract.minRateHz && rateHz <= contract.maxRateHz;
    if (!Number.isNaN(before)) tell("rate", `${before} Hz`, `${rateHz} Hz`);
    else if (!allowed) tell("rate", `${contract.minRateHz} to ${contract.maxRateHz} Hz`, `${rateHz} Hz`);
  };

  return {
    observe,
    announce: ({ deviceId, channels, expected, timestampMs }) => {
      const present = new Set<string>();
      for (const { name, unit, sampleRateHz } of channels) {
        present.add(name);
        observe({ deviceId, channel: name, unit, sampleRateHz, timestampMs });
      }
      for (const channel of expected) {
        if (present.has(channel)) continue;
        const told = toldOf(deviceId, channel, contractOf(deviceId, channel));
        if (told === null || told.missing) continue;
        told.missing = true;
        report({
          deviceId,
          timestampMs,
          change: "missing-channel",
          channel,
          expected: channel,
          actual: present.size === 0 ? "no channel" : [...present].slice(0, 8).join(", "),
        });
      }
    },
  };
}

/** What a quarantine says of where the data came from; a time that is no number counts as 0. */
export function describeSource({
  deviceId,
  channel,
  timestampMs,
}: DescribedData): Pick<Quarantine, "deviceId" | "channel" | "timestampMs"> {
  return { deviceId, channel, timestampMs: Number.isFinite(timestampMs) ? timestampMs : 0 };
}

/** NUL cannot stand in an id, so two different pairs never share a key. */
export function streamKey(deviceId: string, channel: string): string {
  return `${deviceId}\u0000${channel}`;
}
