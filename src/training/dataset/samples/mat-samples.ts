/**
 * One channel of a MAT-file of level 5: a numeric vector, or a row or column of a matrix whose longer side is time.
 * `NAME:2` is the third channel of the matrix NAME; where a struct has a text `Name` beside its numbers, that is what they are called.
 */

import { stat } from "node:fs/promises";
import { listMatArrays, type MatArray, readMatNumbers } from "../mat5.ts";
import { matFirstWholeClass, matInt16Class } from "../mat5-format.ts";
import { matchesPattern } from "../match-pattern.ts";
import { plainKey } from "../plain-key.ts";
import { chooseChannel } from "./choose-channel.ts";
import type { SampleFile } from "./samples.ts";

/** Shorter arrays are speeds, rates and notes, no recordings, but for one that is asked for by its name. */
const fewestSamples = 256;
/** More channels than this are a table, not a recording. */
const maxChannels = 64;
const pieceSamples = 8192;

/** A channel: the numbers `first`, `first` + `stride`, … of an array. */
interface MatChannel {
  readonly name: string;
  /** Its name without a label: the way to its array. */
  readonly place: string;
  readonly array: MatArray;
  readonly first: number;
  readonly stride: number;
  readonly samples: number;
}

/** Opens the file. Fails with DATA_MISSING, DATA_FORMAT, or USAGE where it does not say which channel is meant. */
export async function openMatSamples(path: string, channel: string | null): Promise<SampleFile> {
  const arrays = await listOnce(path);
  const channels = labelOnce(
    arrays.filter(
      ({ dimensions, name }) =>
        Math.max(...dimensions) >= fewestSamples || (name === channel && Math.max(...dimensions) > 1),
    ),
  ).flatMap(channelsOf);
  const names = channels.map(({ name }) => name);
  const places = channels.map(({ place }) => place);
  // What has a label may be called by its place as well.
  const fits = (each: string): boolean => channel !== null && matchesPattern(each, channel);
  const isPlace = !names.some(fits) && places.some(fits);
  const chosen = channels[chooseChannel(path, isPlace ? places : names, channel)]!;
  return {
    path,
    name: chosen.name,
    isCounts: chosen.array.classNumber === matInt16Class,
    isWhole: chosen.array.classNumber >= matFirstWholeClass,
    samples: chosen.samples,
    pieces: () => readChannel(path, chosen),
  };
}

/** What a single number is called that is a sampling rate, as `plainKey` says it. A `rate` may be the shaft's. */
const rateNames: ReadonlySet<string> = new Set(
  ["fs", "sr", "sampleRate", "samplingRate", "sampleFrequency", "samplingFrequency", "sampFreq"].flatMap(
    (name) => [plainKey(name), plainKey(`${name}Hz`)],
  ),
);
const leastHz = 1;
const mostHz = 1e8;

/** The rate that single numbers of the file state, in Hz; undefined: none does, or they differ. Fails with DATA_MISSING, DATA_FORMAT. */
export async function readMatRate(path: string): Promise<number | undefined> {
  const named = (await listOnce(path)).filter(
    ({ name, dimensions, complex }) =>
      !complex && dimensions.every((size) => size === 1) && rateNames.has(plainKey(lastWord(name))),
  );
  const rates = new Set<number>();
  for (const array of named) {
    for await (const numbers of readMatNumbers(path, array)) rates.add(numbers[0]!);
  }
  const [rate = Number.NaN, ...others] = rates;
  return others.length === 0 && rate >= leastHz && rate <= mostHz ? rate : undefined;
}

/** `bearing.sr` → `sr`, `runs{2}.fs` → `fs`. */
function lastWord(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** Of the file that was read last: its rate is asked for, and then its samples. */
let lastListing: { readonly key: string; readonly arrays: readonly MatArray[] } | null = null;

async function listOnce(path: string): Promise<readonly MatArray[]> {
  const key = await stat(path).then(
    ({ dev, ino, size, mtimeMs }) => [path, dev, ino, size, mtimeMs].join(" "),
    () => null,
  );
  if (key !== null && lastListing?.key === key) return lastListing.arrays;
  const arrays = await listMatArrays(path);
  lastListing = key === null ? null : { key, arrays };
  return arrays;
}

/** Two that are called the same go by their places. */
function labelOnce(arrays: readonly MatArray[]): readonly MatArray[] {
  const labels = arrays.map(({ label }) => label);
  return arrays.map((array, index) =>
    labels.some((label, other) => other !== index && label === array.label)
      ? { ...array, label: undefined }
      : array,
  );
}

function channelsOf(array: MatArray): MatChannel[] {
  const { dimensions, complex, label } = array;
  const [rows, columns] = dimensions as [number, number];
  const samples = Math.max(rows, columns);
  const channels = Math.min(rows, columns);
  if (complex || dimensions.length > 2 || channels > maxChannels) return [];
  return Array.from({ length: channels }, (_, index) => ({
    name: nameChannel(label ?? array.name, index, channels),
    place: nameChannel(array.name, index, channels),
    array,
    first: rows >= columns ? index * rows : index,
    stride: rows >= columns ? 1 : rows,
    samples,
  }));
}

function nameChannel(array: string, index: number, channels: number): string {
  return channels === 1 ? array : `${array}:${index}`;
}

async function* readChannel(
  path: string,
  { array, first, stride, samples }: MatChannel,
): AsyncGenerator<Float64Array> {
  const out = new Float64Array(pieceSamples);
  let filled = 0;
  let taken = 0;
  let next = first;
  let base = 0;
  for await (const numbers of readMatNumbers(path, array)) {
    for (; next < base + numbers.length && taken < samples; next += stride) {
      out[filled++] = numbers[next - base]!;
      taken++;
      if (filled < pieceSamples) continue;
      yield out;
      filled = 0;
    }
    base += numbers.length;
    if (taken === samples) break;
  }
  if (filled > 0) yield out.subarray(0, filled);
}
