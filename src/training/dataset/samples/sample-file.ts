/** What a recording on disk is to `score` and `explain`: one channel of samples that is read from its beginning as often as asked. */
import { readlink, stat } from "node:fs/promises";
import { extname } from "node:path";
import { AuroraError, hasErrorCode } from "../../../core/contract/aurora-error.ts";
import { openParquetTable, readParquetColumn } from "../parquet-columns.ts";
import { readFirstBytes } from "../read-data-file.ts";
import { findMark } from "../read-text.ts";
import { chooseChannel, readNamedUnit } from "./choose-channel.ts";
import { openCsvSamples } from "./csv-samples.ts";
import { openMatSamples, readMatRate } from "./mat-samples.ts";
import { type NpyRows, openNpyRows, openNpySamples } from "./npy-samples.ts";
import type { SampleFile } from "./samples.ts";
import { openWavSamples, readWavRate } from "./wav-samples.ts";

/**
 * Opens the channel (a column's name, or an index from 0) of a file; only its head is read. Fails with DATA_MISSING,
 * DATA_FORMAT, or USAGE where the file has several channels and none was chosen.
 */
export async function openSampleFile(path: string, channel: string | null): Promise<SampleFile> {
  const sizeBytes = await statFile(path);
  switch (extname(path).toLowerCase()) {
    case ".npy":
      return openNpySamples(path, sizeBytes, channel);
    case ".csv":
    case ".tsv":
    case ".txt":
      return openCsvSamples(path, channel);
    case ".mat":
      return openMatSamples(path, channel);
    case ".parquet":
      return openParquetSamples(path, channel);
    case ".wav":
      return openWavSamples(path, sizeBytes, channel);
    default:
      return openByContent(path, sizeBytes, channel);
  }
}

/** Files of these endings have no place for a unit. */
const withoutUnit: ReadonlySet<string> = new Set([".wav", ".npy", ".mat"]);

/** Unit that the file itself states of a channel; undefined: it states none, or cannot be read, which its reader will say. */
export async function readStatedUnit(path: string, channel: string | null): Promise<string | undefined> {
  if (withoutUnit.has(extname(path).toLowerCase())) return undefined;
  try {
    const { unit, isCounts } = await openSampleFile(path, channel);
    return isCounts ? undefined : unit;
  } catch (error) {
    if (hasErrorCode(error)) return undefined;
    throw error;
  }
}

/** The rate that the file itself states, in Hz; undefined: it states none. Fails with DATA_MISSING, DATA_FORMAT. */
export async function readStatedRate(path: string): Promise<number | undefined> {
  switch (extname(path).toLowerCase()) {
    case ".wav":
      return readWavRate(path, await statFile(path));
    case ".mat":
      await statFile(path);
      return readMatRate(path);
    default:
      return undefined;
  }
}

/** Opens a `.npy` file whose rows are recordings. Fails with DATA_MISSING, DATA_FORMAT. */
export async function openSampleRows(path: string): Promise<NpyRows> {
  return openNpyRows(path, await statFile(path));
}

const headBytes = 4096;
/** Numbers and what parts them, and nothing else. */
const lineOfNumbers = /^[\d\s.,;+\-eEdD]*\d[\d\s.,;+\-eEdD]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what no text holds
const noText = /[\0-\x08\x0e-\x1f]/;

/** What files of other formats begin with, and what helps. */
const foreignFormats: readonly (readonly [magic: string, hint: string])[] = [
  ["\x1f\x8b", "it is packed: unpack it first (gunzip)"],
  ["PK", "it is packed: unpack it first (unzip)"],
  ["fLaC", "it is FLAC: make it a .wav (flac -d)"],
  ["ARROW1", "it is feather: write it as .parquet (in Python by pandas)"],
  ["MDF ", "it is MDF, as .mf4: write its channels as .csv or .npy (in Python by the package asammdf)"],
  ["TDSm", "it is TDMS of LabVIEW: write its channels as .csv or .npy (in Python by the package npTDMS)"],
  ["\x89HDF", "it is HDF5: write its samples as .npy (in Python by the package h5py)"],
];

/** Data loggers call their files by the time of day, or by endings of their own: what is in them says what they are. */
async function openByContent(path: string, sizeBytes: number, channel: string | null): Promise<SampleFile> {
  const bytes = await readFirstBytes(path, headBytes, "open samples");
  const head = bytes.toString("latin1");
  const text = new TextDecoder(findMark(bytes) ?? "latin1").decode(bytes);
  if (head.startsWith("\x93NUMPY")) return openNpySamples(path, sizeBytes, channel);
  if (head.startsWith("MATLAB 5.0")) return openMatSamples(path, channel);
  if (/^(RIFF|RF64|BW64)....WAVE/s.test(head)) return openWavSamples(path, sizeBytes, channel);
  if (head.startsWith("PAR1")) return openParquetSamples(path, channel);
  if (!noText.test(text) && text.split(/[\r\n]+/).some((line) => lineOfNumbers.test(line))) {
    return openCsvSamples(path, channel);
  }
  const known = foreignFormats.find(([magic]) => head.startsWith(magic));
  const isSheet = /\.(xls[xmb]?|ods)$/i.test(path);
  throw new AuroraError(
    "DATA_FORMAT",
    `${path} is neither .npy, .csv, .mat, .parquet, .wav nor a text of numbers`,
    {
      op: "open samples",
      subject: path,
      hint: isSheet
        ? "it is a workbook of sheets: save the sheet as CSV"
        : (known?.[1] ??
          "save the samples with numpy.save(name, array) (raw binary by numpy.fromfile(name, type) first), or as comma-separated text"),
    },
  );
}

async function statFile(path: string): Promise<number> {
  const refuse = (code: "DATA_MISSING" | "DATA_FORMAT", message: string, hint: string): AuroraError =>
    new AuroraError(code, message, { op: "open samples", subject: path, hint });
  const info = await stat(path).catch(async (cause: unknown) => {
    const target = await readlink(path).catch(() => null);
    throw new AuroraError(
      "DATA_MISSING",
      target === null ? `cannot read ${path}` : `${path} is a link to ${target}, which cannot be read`,
      { op: "open samples", subject: path, cause },
    );
  });
  if (info.isDirectory()) {
    const example = `${path.replace(/\/+$/, "")}/*.npy`;
    throw refuse("DATA_MISSING", `${path} is not a file`, `name the files in it, for example ${example}`);
  }
  if (!info.isFile()) {
    const hint =
      "it is a pipe, a socket or a device: write what it gives into a file, which is read more than once";
    throw refuse("DATA_MISSING", `${path} is not a file`, hint);
  }
  if (info.size > 0) return info.size;
  throw refuse(
    "DATA_FORMAT",
    `${path} is empty: it has 0 bytes`,
    "copy it again, or leave it out: whatever wrote it was interrupted, or had nothing to write",
  );
}

async function openParquetSamples(path: string, channel: string | null): Promise<SampleFile> {
  const table = await openParquetTable(path);
  const names = table.columns.map(({ name }) => name);
  const column = table.columns[chooseChannel(path, names, channel)]!;
  const unit = readNamedUnit(column.name);
  const { name, isInt16: isCounts, isWhole } = column;
  return { path, name, isCounts, isWhole, unit, pieces: () => readParquetColumn(table, name) };
}
