/**
 * Cuts one turbine's scalar readings into rows: the value of every channel (its mean, where several came) and the
 * student's features, for each of the bundle's windows. A row that lacks a channel is set aside, never filled in.
 */
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { Quarantine, Reading } from "../contract/stream.ts";
import { createScalarExtractor, type ReadingMemory } from "../features/scalar-extractor.ts";
import { createSecondsWindower } from "../window/seconds-windower.ts";

export interface ScadaRow {
  readonly fromMs: number;
  readonly toMs: number;
  /** In the order of the manifest's channels. */
  readonly values: Float64Array;
  /** Not standardised. */
  readonly features: Float32Array;
}

interface RowSink {
  onRow(row: ScadaRow): void;
  onQuarantine(quarantine: Quarantine, windows: 0 | 1): void;
}

interface RowCutter {
  /** Takes a trusted reading. */
  accept(reading: Reading): void;
  /** Time has passed: the last row does not wait for a reading that never comes. */
  advance(nowMs: number): void;
}

/** A row waits so long after its end for channels that come later. */
const graceMs = 60_000;

interface Slot {
  readonly means: Float64Array;
  readonly counts: Int32Array;
}

/** Creates a cutter; `memory` holds the averages of the features and outlives it. */
export function createRowCutter(manifest: Manifest, memory: ReadingMemory, sink: RowSink): RowCutter {
  const channels = manifest.channels.filter((channel) => channel.kind === "scalar").map(({ name }) => name);
  const places = new Map(channels.map((name, index) => [name, index]));
  const windower = createSecondsWindower(
    { spec: manifest.window, channels, graceMs },
    {
      begin: (slot) => {
        slots[slot]!.means.fill(0);
        slots[slot]!.counts.fill(0);
        extractors[slot]!.begin();
      },
      push: (slot, { channel, value }) => {
        const place = places.get(channel);
        if (place === undefined) return;
        const { means, counts } = slots[slot]!;
        counts[place]!++;
        means[place]! += (value - means[place]!) / counts[place]!;
        extractors[slot]!.push(channel, value);
      },
      end: (slot, { fromMs, toMs }) => {
        const features = new Float32Array(manifest.features.list.length);
        extractors[slot]!.finish(features, 0, fromMs);
        sink.onRow({ fromMs, toMs, values: slots[slot]!.means.slice(), features });
      },
      abandon: (_slot, quarantine) => sink.onQuarantine(quarantine, 1),
      refuse: (quarantine) => sink.onQuarantine(quarantine, 0),
    },
  );
  const extractors = Array.from({ length: windower.slots }, () =>
    createScalarExtractor(manifest.features, memory),
  );
  const slots = extractors.map((): Slot => {
    return { means: new Float64Array(channels.length), counts: new Int32Array(channels.length) };
  });
  return windower;
}
