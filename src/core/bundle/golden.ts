/**
 * `golden.bin`: inputs with the outputs that they must give on every device, from raw windows to explanations. Runs
 * no model: who proves one with them does. There is one form: what is read and written again has the same bytes.
 *
 * ```text
 *  0 'AGLD'   4 version u16 = 2   6 F u16 features   8 C u16 outputs   10 G u16 groups   12 N u32 cases
 * 16 N × case: kind u8 (0 window, 1 random), 3 zero bytes
 *              in a window case only:
 *                a raw window            (see golden-window.ts)
 *                F × f32 features        (what the window gives, not standardised)
 *              F × f32 standardised      (what the student is given)
 *              C × u8  logits, zero bytes up to a multiple of 4
 *              C·G × f32 shares          (row-major [output × group])
 *  … CRC-32 (IEEE 802.3) of all before, u32.   Everything little-endian, every float finite.
 * ```
 */
import { crc32 } from "node:zlib";
import { AuroraError } from "../contract/aurora-error.ts";
import { bundleFileNames } from "../contract/bundle/manifest.ts";
import type { Bundle } from "./bundle.ts";
import {
  countGoldenWindowBytes,
  type GoldenWindow,
  readGoldenWindow,
  refuseGolden,
  writeGoldenWindow,
} from "./golden-window.ts";

/** What the student and its explanation must give. */
export interface GoldenOutcome {
  /** Standardised features [F]: the student's input. */
  readonly standardised: Float32Array;
  /** Quantised logits [C]. */
  readonly logits: Uint8Array;
  /** Explanation: share of each group in each output, row-major [C × G]; empty if G is 0. */
  readonly shares: Float32Array;
}

/** A simulated window on its whole way: counts → features → standardised → logits and shares. */
export interface GoldenWindowCase extends GoldenOutcome {
  readonly kind: "window";
  readonly window: GoldenWindow;
  /** Features [F] of the window, not standardised. */
  readonly features: Float32Array;
}

/** Integers on the student's input grid, that only the student is tried with. */
interface GoldenRandomCase extends GoldenOutcome {
  readonly kind: "random";
}

/** One input and what must come out. */
export type GoldenCase = GoldenWindowCase | GoldenRandomCase;

/** All golden vectors of a bundle. */
export interface Golden {
  /** F, 1 to 512. */
  readonly features: number;
  /** C, 1 to 32. */
  readonly outputs: number;
  /** G, 0 to 12; 0 where no explanations are given. */
  readonly groups: number;
  /** 1 to 4,096. */
  readonly cases: readonly GoldenCase[];
}

/** Largest `golden.bin`: 8 MiB. A device reads it whole. */
export const maxGoldenBytes = 8_388_608;

type Sizes = Omit<Golden, "cases">;

const magic = 0x444c4741; // 'AGLD' read as little-endian u32
const version = 2;
const headerBytes = 16;
const checksumBytes = 4;
const bounds = { features: [1, 512], outputs: [1, 32], groups: [0, 12], cases: [1, 4096] } as const;
const kinds = ["window", "random"] as const;

/** Bytes of `golden.bin`. @throws AuroraError BUNDLE_FORMAT when a case is out of bounds or of another shape. */
export function encodeGolden(golden: Golden): Uint8Array {
  const { features, outputs, groups, cases } = golden;
  checkBounds({ features, outputs, groups, cases: cases.length });
  const length = cases.reduce((sum, one) => sum + countCaseBytes(golden, one), headerBytes + checksumBytes);
  checkLength(length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, version, true);
  view.setUint16(6, features, true);
  view.setUint16(8, outputs, true);
  view.setUint16(10, groups, true);
  view.setUint32(12, cases.length, true);
  let offset = headerBytes;
  const putFloats = (values: Float32Array, expected: number, what: string): void => {
    if (values.length !== expected) {
      throw refuseGolden(`has a case of ${values.length} ${what}, ${expected} were stated`);
    }
    for (const value of values) {
      view.setFloat32(offset, checkFinite(value), true);
      offset += 4;
    }
  };
  for (const one of cases) {
    view.setUint8(offset, kinds.indexOf(one.kind));
    offset += 4;
    if (one.kind === "window") {
      offset = writeGoldenWindow(view, offset, one.window);
      putFloats(one.features, features, "features");
    }
    putFloats(one.standardised, features, "standardised features");
    if (one.logits.length !== outputs) {
      throw refuseGolden(`has a case of ${one.logits.length} logits, ${outputs} were stated`);
    }
    bytes.set(one.logits, offset);
    offset += roundUpTo4(outputs);
    putFloats(one.shares, outputs * groups, "shares");
  }
  view.setUint32(offset, crc32(bytes.subarray(0, offset)), true);
  return bytes;
}

/** Reads `golden.bin`. @throws AuroraError BUNDLE_FORMAT, saying what was expected and what came. */
export function decodeGolden(bytes: Uint8Array): Golden {
  if (bytes.length < headerBytes + checksumBytes) {
    throw refuseGolden(`has ${bytes.length} bytes, too few for a header`);
  }
  checkLength(bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic) throw refuseGolden("does not begin with AGLD");
  if (view.getUint16(4, true) !== version) {
    throw refuseGolden(`has version ${view.getUint16(4, true)}, expected ${version}`);
  }
  const sizes: Sizes = {
    features: view.getUint16(6, true),
    outputs: view.getUint16(8, true),
    groups: view.getUint16(10, true),
  };
  const count = view.getUint32(12, true);
  checkBounds({ ...sizes, cases: count });
  const end = bytes.length - checksumBytes;
  const least = headerBytes + count * countOutcomeBytes(sizes);
  if (end < least) {
    throw refuseGolden(`has ${bytes.length} bytes, its header makes at least ${least + checksumBytes}`);
  }
  if (crc32(bytes.subarray(0, end)) !== view.getUint32(end, true)) throw refuseGolden("has a wrong checksum");

  const cases: GoldenCase[] = [];
  let offset = headerBytes;
  for (let index = 0; index < count; index++) {
    const read = readCase(view, { start: offset, end }, sizes);
    cases.push(read.one);
    offset = read.next;
  }
  if (offset !== end) throw refuseGolden(`has ${end - offset} bytes behind its last case`);
  return { ...sizes, cases };
}

/** The golden cases of a bundle. @throws AuroraError BUNDLE_FORMAT when they cannot be read, or were made for another model */
export function readGolden({ manifest, files }: Bundle): Golden {
  const golden = decodeGolden(files.get(bundleFileNames.golden)!);
  const { features, outputs, groups } = golden;
  const fits =
    features === manifest.features.list.length &&
    outputs === manifest.outputs.length &&
    (groups === 0 || groups === manifest.groups.length);
  if (fits) return golden;
  throw new AuroraError(
    "BUNDLE_FORMAT",
    `golden.bin is for ${features} features, ${outputs} outputs and ${groups} groups`,
    {
      op: "check golden cases",
      subject: `${manifest.name}@${manifest.version}`,
      hint: "Its vectors were made for another model.",
    },
  );
}

function readCase(
  view: DataView,
  { start, end }: { readonly start: number; readonly end: number },
  sizes: Sizes,
): { readonly one: GoldenCase; readonly next: number } {
  const { features, outputs, groups } = sizes;
  let offset = start;
  const claim = (length: number): number => {
    const at = offset;
    if (end - at < length) throw refuseGolden("ends inside a case");
    offset += length;
    return at;
  };
  const takeFloats = (length: number): Float32Array => {
    const at = claim(4 * length);
    const values = new Float32Array(length);
    for (let index = 0; index < length; index++) {
      values[index] = checkFinite(view.getFloat32(at + 4 * index, true));
    }
    return values;
  };
  const takeOutcome = (): GoldenOutcome => {
    const standardised = takeFloats(features);
    const at = claim(roundUpTo4(outputs));
    const logits = Uint8Array.from({ length: outputs }, (_, index) => view.getUint8(at + index));
    for (let pad = at + outputs; pad < offset; pad++) {
      if (view.getUint8(pad) !== 0) throw refuseGolden("has something between logits and shares");
    }
    return { standardised, logits, shares: takeFloats(outputs * groups) };
  };
  // Kind and its three zero bytes at once: any other value is not a kind.
  const kindNumber = view.getUint32(claim(4), true);
  const kind = kinds[kindNumber];
  if (kind === undefined) throw refuseGolden(`has a case of the unknown kind ${kindNumber}`);
  if (kind === "random") return { one: { kind, ...takeOutcome() }, next: offset };
  const { window, next } = readGoldenWindow(view, offset, end);
  offset = next;
  const raw = takeFloats(features);
  return { one: { kind, window, features: raw, ...takeOutcome() }, next: offset };
}

/** Bytes of a random case, which every other is longer than. */
function countOutcomeBytes({ features, outputs, groups }: Sizes): number {
  return 4 + 4 * features + roundUpTo4(outputs) + 4 * outputs * groups;
}

function countCaseBytes(sizes: Sizes, one: GoldenCase): number {
  const outcome = countOutcomeBytes(sizes);
  if (one.kind === "random") return outcome;
  return outcome + countGoldenWindowBytes(one.window.counts.length) + 4 * sizes.features;
}

function roundUpTo4(length: number): number {
  return (length + 3) & ~3;
}

/** NaN has many forms and equals nothing: no proof can be made of it. */
function checkFinite(value: number): number {
  if (!Number.isFinite(value)) throw refuseGolden(`holds ${value} where a finite number is due`);
  return value;
}

function checkLength(length: number): void {
  if (length > maxGoldenBytes) throw refuseGolden(`has ${length} bytes, at most ${maxGoldenBytes} are read`);
}

function checkBounds(sizes: Readonly<Record<keyof typeof bounds, number>>): void {
  for (const [name, [low, high]] of Object.entries(bounds)) {
    const size = sizes[name as keyof typeof bounds];
    if (!Number.isInteger(size) || size < low || size > high) {
      throw refuseGolden(`states ${size} ${name}, expected ${low} to ${high}`);
    }
  }
}
