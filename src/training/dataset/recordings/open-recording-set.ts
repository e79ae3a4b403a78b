/**
 * A set of recordings from its manifest: every entry is resolved before anything is learnt, samples are read a file at a
 * time and a part of a file at a time. Refuses an entry of which nobody says rate, speed or bearing.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { ChannelContract } from "../../../core/contract/bundle/manifest.ts";
import { fingerprintFiles } from "../fingerprint.ts";
import { chooseQuantisation, readCountBlocks } from "../samples/quantise-samples.ts";
import { openSampleFile } from "../samples/sample-file.ts";
import { rememberSamples, type SampleFile } from "../samples/samples.ts";
import { createSignalPrint } from "../samples/signal-print.ts";
import { meanSpeed, sliceSpeed } from "../speed/recorded-speed.ts";
import {
  maxPartSamples,
  type RecordedEntry,
  type RecordedSignal,
  type RecordingSet,
} from "./recording-set.ts";
import type { RecordingsManifest } from "./recordings-manifest.ts";
import { atEntry, type ResolvedEntry, resolveEntries } from "./resolve-entries.ts";

/** Values that a number may have, in the unit of the bundle. */
type SampleRange = Pick<ChannelContract, "min" | "max">;

/** Samples of a block: what a missing value costs. */
const blockSamples = 4096;

/**
 * Opens the recordings of `manifest` below `root`; `range` is that of the data contract. Fails with CONFIG_INVALID, naming the
 * entry, DATA_MISSING or DATA_FORMAT.
 */
export async function openRecordingSet(
  manifest: RecordingsManifest,
  root: string,
  range: SampleRange,
): Promise<RecordingSet> {
  const { resolved, files } = await resolveEntries(manifest, root);
  const known = new Map(resolved.map((each) => [each.entry.id, each]));
  const parts = (entry: RecordedEntry): AsyncGenerator<RecordedSignal> =>
    readParts(known.get(entry.id)!, range);
  return {
    entries: resolved.map(({ entry }) => entry),
    parts,
    print: async ({ id }) => {
      const file = await openEntry(known.get(id)!);
      const maker = createSignalPrint();
      for await (const piece of file.pieces()) maker.update(piece);
      return maker.finish();
    },
    fingerprint: () => fingerprintFiles(root, files, manifest.bytes),
    read: async (entry) => {
      let whole: RecordedSignal | null = null;
      for await (const part of parts(entry)) {
        if (whole !== null) throw tooLong(entry);
        whole = part;
      }
      return whole ?? { ...emptySignal, ...pickKnown(entry) };
    },
  };
}

async function* readParts(opened: ResolvedEntry, range: SampleRange): AsyncGenerator<RecordedSignal> {
  const { entry, speed } = opened;
  const file = await openEntry(opened);
  const quantisation = await chooseQuantisation(file, opened.scale, range);
  let part = new Int16Array(blockSamples);
  let filled = 0;
  let from = 0;
  const end = (): RecordedSignal => {
    const { sampleRateHz, bearing } = entry;
    const own = speed === null ? {} : { speed: sliceSpeed(speed, from) };
    const shaftRpm = "speed" in own ? meanSpeed(own.speed!) : entry.shaftRpm;
    return {
      counts: part.subarray(0, filled),
      scale: quantisation.scale,
      sampleRateHz,
      shaftRpm,
      bearing,
      ...own,
    };
  };
  for await (const { firstSample, counts, allFinite } of readCountBlocks(file, quantisation, blockSamples)) {
    if (filled > 0 && (!allFinite || filled + counts.length > maxPartSamples)) {
      yield end();
      part = new Int16Array(blockSamples);
      filled = 0;
    }
    // Where a sample is missing nobody knows what was there: a window must not run over it.
    if (!allFinite) continue;
    if (filled === 0) from = firstSample;
    if (filled + counts.length > part.length) {
      const larger = new Int16Array(
        Math.min(maxPartSamples, Math.max(2 * part.length, filled + counts.length)),
      );
      larger.set(part.subarray(0, filled));
      part = larger;
    }
    part.set(counts, filled);
    filled += counts.length;
  }
  if (filled > 0) yield end();
}

async function openEntry({ where, path, place }: ResolvedEntry): Promise<SampleFile> {
  return rememberSamples(await atEntry({ where }, () => openSampleFile(path, place)));
}

const emptySignal = { counts: new Int16Array(0), scale: 1 };

function pickKnown({
  sampleRateHz,
  shaftRpm,
  bearing,
}: RecordedEntry): Omit<RecordedSignal, "counts" | "scale"> {
  return { sampleRateHz, shaftRpm, bearing };
}

function tooLong({ id }: RecordedEntry): AuroraError {
  return new AuroraError("DATA_FORMAT", `${id} is longer than ${maxPartSamples} samples, or has gaps`, {
    op: "read recording",
    subject: id,
    hint: "read it in parts",
  });
}
