/**
 * Streams one channel of a `.npy` file that may be larger than memory: whole numbers and floats of either byte order,
 * in C or Fortran order; one-dimensional, channels × samples or samples × channels (the longer side is time).
 * Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { npyHeadBytes, parseNpyHeader } from "../npy.ts";
import { readFirstBytes } from "../read-data-file.ts";
import { chooseUnnamedChannel } from "./choose-channel.ts";
import type { SampleFile } from "./samples.ts";
import { type ReadNumber, readStrided } from "./strided-numbers.ts";

const op = "read npy";
/** More than this on the shorter side is a picture, not a recording. */
const maxChannels = 64;

const elementReads: Readonly<Record<string, ReadNumber>> = {
  i1: (view, at) => view.getInt8(at),
  u1: (view, at) => view.getUint8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  u2: (view, at, little) => view.getUint16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};

/** Which numbers are a channel's: `first`, `first` + `stride`, … elements after the header. */
interface Place {
  readonly first: number;
  readonly stride: number;
  readonly samples: number;
}

/** Checks the header against the file's size. Fails with DATA_FORMAT, or USAGE without a needed channel. */
export async function openNpySamples(
  path: string,
  sizeBytes: number,
  channel: string | null,
): Promise<SampleFile> {
  const shape = await readShape(path, sizeBytes);
  const { rows, columns, isFlat, isFortran } = shape;
  const channels = Math.min(rows, columns);
  const samples = Math.max(rows, columns);
  if (rows * columns === 0)
    refuse(path, "samples", `none: the shape (${isFlat ? columns : `${rows}, ${columns}`})`);
  if (channels < 1 || channels > maxChannels) {
    refuse(path, `1 to ${maxChannels} channels on the shorter side`, `the shape (${rows}, ${columns})`);
  }
  const chosen = chooseUnnamedChannel(path, channels, channel);
  // A channel is a run of numbers where its samples lie along the axis that varies fastest.
  const isRun = rows < columns || isFlat ? !isFortran : isFortran;
  const place =
    isRun || channels === 1 ? { first: chosen * samples, stride: 1 } : { first: chosen, stride: channels };
  return describeChannel(path, shape, { ...place, samples });
}

/** A two-dimensional array whose rows are recordings of their own. */
export interface NpyRows {
  readonly rows: number;
  /** Row `index`, from 0. */
  row(index: number): SampleFile;
}

/** Checks the header against the file's size. Fails with DATA_FORMAT. */
export async function openNpyRows(path: string, sizeBytes: number): Promise<NpyRows> {
  const shape = await readShape(path, sizeBytes);
  const { rows, columns, isFlat, isFortran } = shape;
  if (isFlat || rows < 1 || columns < 1) refuse(path, "rows of samples, in two dimensions", "none");
  return {
    rows,
    row: (index) => {
      const place = isFortran ? { first: index, stride: rows } : { first: index * columns, stride: 1 };
      return describeChannel(path, shape, { ...place, samples: columns });
    },
  };
}

function describeChannel(path: string, shape: Shape, { first, stride, samples }: Place): SampleFile {
  const { dataAt, elementBytes: numberBytes, read, little, isCounts, isWhole } = shape;
  const from = dataAt + first * numberBytes;
  const numbers = { from, numberBytes, stepBytes: stride * numberBytes, count: samples, read, little };
  return { path, isCounts, isWhole, pieces: () => readStrided(path, op, numbers) };
}

interface Shape {
  readonly dataAt: number;
  readonly elementBytes: number;
  readonly read: ReadNumber;
  readonly little: boolean;
  readonly rows: number;
  readonly columns: number;
  /** One-dimensional: one row. */
  readonly isFlat: boolean;
  readonly isFortran: boolean;
  readonly isCounts: boolean;
  readonly isWhole: boolean;
}

async function readShape(path: string, sizeBytes: number): Promise<Shape> {
  const head = await readFirstBytes(path, npyHeadBytes, op);
  const complain = (expected: string, actual: string): never => refuse(path, expected, actual);
  const { descr, isFortran, shape, dataAt } = parseNpyHeader(head, complain);
  const read =
    (/^[<>|=]/.test(descr) ? elementReads[descr.slice(1)] : undefined) ??
    complain(`elements of ${Object.keys(elementReads).join(", ")}`, descr);
  if (shape.length < 1 || shape.length > 2) {
    complain("one dimension, or channels × samples", `the shape (${shape.join(", ")})`);
  }
  const isFlat = shape.length === 1;
  const [rows, columns] = isFlat ? [1, shape[0]!] : [shape[0]!, shape[1]!];
  const elementBytes = Number(descr.slice(2));
  const dataBytes = rows * columns * elementBytes;
  if (sizeBytes - dataAt !== dataBytes) {
    complain(`${dataBytes} bytes of data for the shape (${shape.join(", ")})`, `${sizeBytes - dataAt}`);
  }
  return {
    dataAt,
    elementBytes,
    read,
    little: !descr.startsWith(">"),
    rows,
    columns,
    isFlat,
    isFortran,
    isCounts: descr.slice(1) === "i2",
    isWhole: /^.[iu]/.test(descr),
  };
}

function refuse(path: string, expected: string, actual: string): never {
  throw new AuroraError("DATA_FORMAT", `${path}: expected ${expected}, got ${actual}`, {
    op: "open npy",
    subject: path,
    hint: "copy it again if it is cut off; else save it with numpy.save(name, array): whole numbers or floats, channels × samples or samples × channels",
  });
}
