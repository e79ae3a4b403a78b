/**
 * Readings of a field bus on their way to a bundle of SCADA rows: each is held against the data contract, and their means
 * over a row's interval go on. What the contract says of rates and of stuck sensors speaks of rows, not of polls: it
 * is held against the means.
 */
import type { ChannelContract, Manifest } from "../../core/contract/bundle/manifest.ts";
import type { Quarantine, Reading, SchemaDrift } from "../../core/contract/stream.ts";
import { createReadingMeans, type ReadingMeans } from "../../core/ingest/reading-means.ts";
import { createScalarIngest } from "../../core/ingest/scalar-ingest.ts";

interface BusReadingsOptions {
  /** Of the SCADA bundle that serves a turbine; undefined: it has none. */
  readonly manifestOfTurbine: (turbine: string) => Pick<Manifest, "channels" | "window"> | undefined;
  readonly onMean: (reading: Reading) => void;
  readonly onQuarantine: (quarantine: Quarantine) => void;
  readonly onSchemaDrift: (drift: SchemaDrift) => void;
}

interface BusReadings {
  /** Takes a reading of a turbine, of which one comes every `everyMs`; false when no bundle of that turbine knows its channel. */
  accept(reading: Reading, everyMs: number): boolean;
  /** Ends intervals that are over; call it about once a second. */
  tick(nowMs: number): void;
}

export function createBusReadings(options: BusReadingsOptions): BusReadings {
  const { manifestOfTurbine, onQuarantine } = options;
  const means = new Map<string, { readonly lengthMs: number; readonly of: ReadingMeans }>();
  const contractOf = (turbine: string, channel: string): ChannelContract | undefined => {
    const contract = manifestOfTurbine(turbine)?.channels.find(({ name }) => name === channel);
    return contract && { ...contract, maxRateHz: 1000, stuckAfter: Number.POSITIVE_INFINITY };
  };
  const meansOf = (turbine: string): ReadingMeans => {
    const known = means.get(turbine);
    const lengthMs = (manifestOfTurbine(turbine)?.window.hop ?? 600) * 1000;
    if (known?.lengthMs === lengthMs) return known.of;
    // Another bundle serves, whose rows have another length: what was open ends as it is.
    known?.of.advance(Number.POSITIVE_INFINITY);
    const created = createReadingMeans({ lengthMs, onMean: options.onMean, onQuarantine });
    means.set(turbine, { lengthMs, of: created });
    return created;
  };
  const ingest = createScalarIngest({
    contractOf,
    sink: { quarantine: onQuarantine, schemaDrift: options.onSchemaDrift },
  });
  return {
    accept: (reading, everyMs) => {
      const { deviceId: turbine, channel } = reading;
      if (contractOf(turbine, channel) === undefined) return false;
      if (ingest.accept(reading)) meansOf(turbine).accept(reading, everyMs);
      return true;
    },
    tick: (nowMs) => {
      for (const each of means.values()) each.of.advance(nowMs);
    },
  };
}
