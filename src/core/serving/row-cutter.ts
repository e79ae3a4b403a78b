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
  /** Time has passed, in that of the data and by arrival: the last row does not wait for a reading that never comes. */
  advance(dataMs: number, nowMs: number): void;
}

/** A row waits so long after its end, and after it was last heard of, for channels that come later. */
const graceMs = 60_000;

/** What an open row is made of. */
interface OpenRow {
  readonly means: Float64Array;
  readonly counts: Int32Array;
  readonly extractor: ReturnType<typeof createScalarExtractor>;
}

/** Creates a cutter; `memory` holds the averages of the features and outlives it. */
export function createRowCutter(manifest: Manifest, memory: ReadingMemory, sink: RowSink): RowCutter {
  const channels = manifest.channels.filter((channel) => channel.kind === "scalar").map(({ name }) => name);
  const places = new Map(channels.map((name, index) => [name, index]));
  const createRow = (): OpenRow => ({
    means: new Float64Array(channels.length),
    counts: new Int32Array(channels.length),
    extractor: createScalarExtractor(manifest.features, memory),
  });
  /** By their number: many while a logger catches up, else one or two. */
  const open = new Map<number, OpenRow>();
  // One at once: a bundle whose features cannot be computed is refused before a reading comes.
  let spare: OpenRow | null = createRow();
  const takeOut = (number: number): OpenRow => {
    const row = open.get(number)!;
    open.delete(number);
    spare = row;
    return row;
  };
  return createSecondsWindower(
    { spec: manifest.window, channels, graceMs },
    {
      begin: (number) => {
        const begun = spare ?? createRow();
        spare = null;
        begun.means.fill(0);
        begun.counts.fill(0);
        begun.extractor.begin();
        open.set(number, begun);
      },
      push: (number, { channel, value }) => {
        const place = places.get(channel);
        if (place === undefined) return;
        const { means, counts, extractor } = open.get(number)!;
        counts[place]!++;
        means[place]! += (value - means[place]!) / counts[place]!;
        extractor.push(channel, value);
      },
      end: (number, { fromMs, toMs }) => {
        const { means, extractor } = takeOut(number);
        const features = new Float32Array(manifest.features.list.length);
        extractor.finish(features, 0, fromMs);
        sink.onRow({ fromMs, toMs, values: means.slice(), features });
      },
      abandon: (number, quarantine) => {
        takeOut(number);
        sink.onQuarantine(quarantine, 1);
      },
      refuse: (quarantine) => sink.onQuarantine(quarantine, 0),
    },
  );
}
