/**
 * Streams one channel of a `.npy` file that may be larger than memory: int16, float32 or float64, little-endian, C
 * order, one-dimensional or channels × samples. Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { type FileHandle, open } from "node:fs/promises";
import { AuroraError } from "../../contract/aurora-error.ts";
import type { SampleFile } from "./samples.ts";

const magic = "\x93NUMPY";
const maxHeaderBytes = 4096;
/** More rows than this are samples × channels, not channels × samples. */
const maxChannels = 64;
const pieceBytes = 64 * 1024;

type ElementArray = Int16Array | Float32Array | Float64Array;
const elementTypes: Readonly<Record<string, new (buffer: ArrayBuffer) => ElementArray>> = {
  "<i2": Int16Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
};

/** Checks the header against the file's size. Fails with DATA_FORMAT, or USAGE without a needed channel. */
export async function openNpySamples(
  path: string,
  sizeBytes: number,
  channel: string | null,
): Promise<SampleFile> {
  const refuse = (expected: string, actual: string): never => {
    throw new AuroraError("DATA_FORMAT", `${path}: expected ${expected}, got ${actual}`, {
      op: "open npy",
      subject: path,
      hint: "save it with numpy.save(name, array): int16, float32 or float64, channels × samples, in C order",
    });
  };
  const head = await readHead(path, Math.min(sizeBytes, maxHeaderBytes + 12));
  if (head.length < 12 || head.toString("latin1", 0, 6) !== magic) refuse("a .npy file", "other bytes");
  const major = head[6]!;
  if (major < 1 || major > 3) refuse("format version 1 to 3", `${major}`);
  const headerAt = major === 1 ? 10 : 12;
  const headerBytes = major === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8);
  if (headerBytes > maxHeaderBytes) refuse(`a header of at most ${maxHeaderBytes} bytes`, `${headerBytes}`);
  const dataAt = headerAt + headerBytes;
  if (head.length < dataAt) refuse(`a header of ${headerBytes} bytes`, `${head.length - headerAt}`);
  const header = head.toString("latin1", headerAt, dataAt);

  const descr = /'descr':\s*'([^']{1,8})'/.exec(header)?.[1] ?? refuse("an element type", header.trim());
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1] ?? refuse("an order", header.trim());
  const dimensions = /'shape':\s*\(([0-9, ]*)\)/.exec(header)?.[1] ?? refuse("a shape", header.trim());
  const Elements =
    elementTypes[descr] ?? refuse(`elements of ${Object.keys(elementTypes).join(", ")}`, descr);
  if (order === "True") refuse("C order", "Fortran order");
  const shape = dimensions
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  if (shape.length < 1 || shape.length > 2) {
    refuse("one dimension, or channels × samples", `the shape (${shape.join(", ")})`);
  }
  const channels = shape.length === 1 ? 1 : shape[0]!;
  const samples = shape.at(-1)!;
  if (channels < 1 || channels > maxChannels) {
    refuse(`channels × samples with 1 to ${maxChannels} channels`, `the shape (${shape.join(", ")})`);
  }
  const dataBytes = channels * samples * Number(descr.slice(2));
  if (sizeBytes - dataAt !== dataBytes) {
    refuse(`${dataBytes} bytes of data for the shape (${shape.join(", ")})`, `${sizeBytes - dataAt}`);
  }
  const rowBytes = samples * Number(descr.slice(2));
  const from = dataAt + chooseRow(path, channels, channel) * rowBytes;
  return {
    path,
    isCounts: Elements === Int16Array,
    pieces: () => readRow(path, from, rowBytes, Elements),
  };
}

function chooseRow(path: string, channels: number, channel: string | null): number {
  if (channel === null && channels === 1) return 0;
  if (channel !== null && /^\d+$/.test(channel) && Number(channel) < channels) return Number(channel);
  const said = channel === null ? "no --channel says which" : `there is no channel "${channel}"`;
  throw new AuroraError("USAGE", `${path} has ${channels} channels and ${said}`, {
    op: "choose channel",
    subject: path,
    hint: `give --channel with an index from 0 to ${channels - 1}`,
  });
}

async function* readRow(
  path: string,
  from: number,
  rowBytes: number,
  Elements: new (buffer: ArrayBuffer) => ElementArray,
): AsyncGenerator<Float64Array> {
  const file = await openFile(path);
  try {
    for (let done = 0; done < rowBytes; ) {
      const buffer = new ArrayBuffer(Math.min(pieceBytes, rowBytes - done));
      await readWhole(file, path, new Uint8Array(buffer), from + done);
      yield Float64Array.from(new Elements(buffer));
      done += buffer.byteLength;
    }
  } finally {
    await file.close();
  }
}

async function readHead(path: string, bytes: number): Promise<Buffer> {
  const file = await openFile(path);
  try {
    const head = Buffer.alloc(bytes);
    await readWhole(file, path, head, 0);
    return head;
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  return open(path, "r").catch((cause: unknown) => {
    throw new AuroraError("DATA_MISSING", `cannot read ${path}`, { op: "read npy", subject: path, cause });
  });
}

async function readWhole(file: FileHandle, path: string, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) {
      throw new AuroraError("DATA_FORMAT", `${path} became shorter while it was read`, {
        op: "read npy",
        subject: path,
      });
    }
    done += bytesRead;
  }
}
