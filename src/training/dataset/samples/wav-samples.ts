/**
 * Streams one channel of a WAV file that may be larger than memory: PCM of 8, 16, 24 or 32 bits and float of 32 or 64, any
 * number of channels, as plain or extensible format; RF64 for more than 4 GB. Refuses compressed formats, and a file whose
 * length is not what its header says: whatever wrote it was interrupted. A PCM number is the converter's count, not a part of
 * full scale: of a converter whose 16 bits are ± 50 g a count is worth 50 / 32,768 g, which a sidecar or an entry says as `scale`.
 *
 *   "RIFF" size "WAVE" | chunks: id, size u32, bytes, padded to even | "fmt " before "data"
 *
 * Format: Microsoft and IBM, Multimedia Programming Interface 1.0; EBU Tech 3306 (RF64).
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { openDataFile, readWhole } from "../read-data-file.ts";
import { chooseUnnamedChannel } from "./choose-channel.ts";
import type { SampleFile } from "./samples.ts";
import { type ReadNumber, readStrided } from "./strided-numbers.ts";

const op = "read wav";
const maxChannels = 64;
/** Chunks of notes and marks before the data. */
const maxChunks = 256;
/** A size that RF64 states elsewhere. */
const elsewhere = 0xffff_ffff;

const pcmTag = 1;
const extensibleTag = 0xfffe;
const formatBytes = 16;
/** Of an extensible format, up to the tag that its GUID begins with. */
const extensibleBytes = 26;

interface WavFormat {
  readonly tag: number;
  readonly channels: number;
  readonly rateHz: number;
  readonly bits: number;
}

interface WavLayout extends WavFormat {
  readonly dataAt: number;
  readonly samples: number;
}

const readers: ReadonlyMap<string, ReadNumber> = new Map<string, ReadNumber>([
  ["1/8", (view, at) => view.getUint8(at) - 128],
  ["1/16", (view, at) => view.getInt16(at, true)],
  ["1/24", (view, at) => view.getUint16(at, true) + view.getInt8(at + 2) * 65_536],
  ["1/32", (view, at) => view.getInt32(at, true)],
  ["3/32", (view, at) => view.getFloat32(at, true)],
  ["3/64", (view, at) => view.getFloat64(at, true)],
]);

/** Opens the file; only its chunks' heads are read. Fails with DATA_MISSING, DATA_FORMAT, or USAGE without a needed channel. */
export async function openWavSamples(
  path: string,
  sizeBytes: number,
  channel: string | null,
): Promise<SampleFile> {
  const { channels, tag, bits, rateHz, dataAt, samples } = await readLayout(path, sizeBytes);
  const chosen = chooseUnnamedChannel(path, channels, channel);
  const numberBytes = bits / 8;
  const numbers = {
    from: dataAt + chosen * numberBytes,
    numberBytes,
    stepBytes: channels * numberBytes,
    count: samples,
    read: readers.get(`${tag}/${bits}`)!,
    little: true,
  };
  return {
    path,
    rateHz,
    isCounts: tag === pcmTag && bits === 16,
    isWhole: tag === pcmTag,
    pieces: () => readStrided(path, op, numbers),
  };
}

/** The rate that the header states, in Hz. Fails with DATA_MISSING, DATA_FORMAT. */
export async function readWavRate(path: string, sizeBytes: number): Promise<number> {
  return (await readLayout(path, sizeBytes)).rateHz;
}

async function readLayout(path: string, sizeBytes: number): Promise<WavLayout> {
  const file = await openDataFile(path, op);
  const take = async (at: number, count: number): Promise<DataView> => {
    if (at + count > sizeBytes) refuse(path, "a whole header", `${sizeBytes} bytes`);
    const bytes = new Uint8Array(count);
    await readWhole({ file, path, op }, bytes, at);
    return new DataView(bytes.buffer);
  };
  try {
    return await findData(path, sizeBytes, take);
  } finally {
    await file.close();
  }
}

async function findData(
  path: string,
  sizeBytes: number,
  take: (at: number, count: number) => Promise<DataView>,
): Promise<WavLayout> {
  const head = await take(0, 12);
  const [form, type] = [textAt(head, 0), textAt(head, 8)];
  if ((form !== "RIFF" && form !== "RF64" && form !== "BW64") || type !== "WAVE") {
    refuse(
      path,
      "a WAV file (RIFF … WAVE)",
      form === "RIFX" ? "RIFX, whose numbers are big-endian" : "other bytes",
    );
  }
  let format: WavFormat | null = null;
  let wideSize: number | null = null;
  let at = 12;
  for (let chunk = 0; chunk < maxChunks; chunk++) {
    const own = await take(at, 8);
    const id = textAt(own, 0);
    const stated = own.getUint32(4, true);
    if (id === "ds64") wideSize = Number((await take(at + 8, 16)).getBigUint64(8, true));
    if (id === "fmt ") format = parseFormat(path, await take(at + 8, Math.min(stated, extensibleBytes)));
    if (id === "data") {
      if (format === null) return refuse(path, "a format before the data", "none");
      return measure(path, format, {
        dataAt: at + 8,
        dataBytes: stated === elsewhere && wideSize !== null ? wideSize : stated,
        sizeBytes,
      });
    }
    at += 8 + stated + (stated % 2);
  }
  return refuse(path, "data", `none in the first ${maxChunks} chunks`);
}

function parseFormat(path: string, view: DataView): WavFormat {
  if (view.byteLength < formatBytes)
    return refuse(path, `a format of ${formatBytes} bytes`, `${view.byteLength}`);
  const stated = view.getUint16(0, true);
  const isLong = view.byteLength >= extensibleBytes;
  const tag = stated === extensibleTag && isLong ? view.getUint16(24, true) : stated;
  const [channels, rateHz] = [view.getUint16(2, true), view.getUint32(4, true)];
  const [frameBytes, bits] = [view.getUint16(12, true), view.getUint16(14, true)];
  if (!readers.has(`${tag}/${bits}`)) {
    refuse(path, "PCM of 8, 16, 24 or 32 bits or float of 32 or 64", `format ${tag} of ${bits} bits`);
  }
  if (channels < 1 || channels > maxChannels) refuse(path, `1 to ${maxChannels} channels`, `${channels}`);
  if (frameBytes !== (channels * bits) / 8) {
    refuse(
      path,
      `frames of ${(channels * bits) / 8} bytes for ${channels} channels of ${bits} bits`,
      `${frameBytes}`,
    );
  }
  if (rateHz < 1) refuse(path, "a rate above 0 Hz", "0");
  return { tag, channels, rateHz, bits };
}

function measure(
  path: string,
  format: WavFormat,
  {
    dataAt,
    dataBytes,
    sizeBytes,
  }: { readonly dataAt: number; readonly dataBytes: number; readonly sizeBytes: number },
): WavLayout {
  const there = sizeBytes - dataAt;
  const frameBytes = (format.channels * format.bits) / 8;
  const isOpenEnd = dataBytes === elsewhere || (dataBytes === 0 && there > 0);
  if (isOpenEnd)
    refuse(path, "a header that says how much data follows", "one of whatever writes without end");
  if (dataBytes > there) {
    const [said, left] = [dataBytes, there].map((bytes) => (bytes / frameBytes / format.rateHz).toFixed(2));
    throw new AuroraError(
      "DATA_FORMAT",
      `${path} is cut off: its header says ${dataBytes} bytes of samples (${said} s), ${there} are there (${left} s)`,
      {
        op: "open wav",
        subject: path,
        hint: "copy it again; where nothing else is left, write what is there anew (sox --ignore-length in.wav out.wav)",
      },
    );
  }
  if (dataBytes % frameBytes !== 0)
    refuse(path, `data in frames of ${frameBytes} bytes`, `${dataBytes} bytes`);
  if (dataBytes === 0) refuse(path, "samples", "none");
  return { ...format, dataAt, samples: dataBytes / frameBytes };
}

function textAt(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
}

function refuse(path: string, expected: string, actual: string): never {
  throw new AuroraError("DATA_FORMAT", `${path}: expected ${expected}, got ${actual}`, {
    op: "open wav",
    subject: path,
    hint: "copy it again if it is cut off; else save it as plain WAV (sox in.wav -e signed -b 16 out.wav)",
  });
}
