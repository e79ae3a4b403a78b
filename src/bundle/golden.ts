/**
 * `golden.bin`: inputs with the outputs that they must give, bit for bit, on every device. Codec only; who proves a
 * model with them runs it itself.
 *
 * ```text
 *  0 'AGLD'   4 version u16 = 1   6 F u16 features   8 C u16 outputs   10 G u16 groups   12 N u32 cases
 * 16 N × case: kind u8, 3 zero bytes
 *              F × f32 features        (raw; all zero in a random case)
 *              F × f32 standardised    (what the student is given)
 *              C × u8  logits, zero bytes up to a multiple of 4
 *              C·G × f32 shares        (row-major [output × group])
 *  … CRC-32 (IEEE 802.3) of all before, u32.   Everything little-endian.
 * ```
 */
import { crc32 } from "node:zlib";
import { AuroraError } from "../contract/aurora-error.ts";

/** One input and what must come out. */
export interface GoldenCase {
  /** `window`: features of a simulated window. `random`: integers that only the student is tried with. */
  readonly kind: "window" | "random";
  /** Raw features [F]; zeros for a random case. */
  readonly features: Float32Array;
  /** Standardised features [F]: the student's input. */
  readonly standardised: Float32Array;
  /** Quantised logits [C]. */
  readonly logits: Uint8Array;
  /** Explanation: share of each group in each output, row-major [C × G]; empty if G is 0. */
  readonly shares: Float32Array;
}

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

const magic = 0x444c4741; // 'AGLD' read as little-endian u32
const version = 1;
const headerBytes = 16;
const checksumBytes = 4;
const bounds = { features: [1, 512], outputs: [1, 32], groups: [0, 12], cases: [1, 4096] } as const;
const kinds = ["window", "random"] as const;

/** Bytes of `golden.bin`. @throws AuroraError BUNDLE_FORMAT when a case has other lengths than stated. */
export function encodeGolden(golden: Golden): Uint8Array {
  const { features, outputs, groups, cases } = golden;
  checkBounds({ features, outputs, groups, cases: cases.length });
  const bytes = new Uint8Array(expectedBytes(features, outputs, groups, cases.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, version, true);
  view.setUint16(6, features, true);
  view.setUint16(8, outputs, true);
  view.setUint16(10, groups, true);
  view.setUint32(12, cases.length, true);
  let offset = headerBytes;
  const putFloats = (values: Float32Array, expected: number, what: string): void => {
    if (values.length !== expected) throw bad(`a case has ${values.length} ${what}, ${expected} were stated`);
    for (const value of values) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  };
  for (const one of cases) {
    view.setUint8(offset, kinds.indexOf(one.kind));
    offset += 4;
    putFloats(one.features, features, "features");
    putFloats(one.standardised, features, "standardised features");
    if (one.logits.length !== outputs)
      throw bad(`a case has ${one.logits.length} logits, ${outputs} were stated`);
    bytes.set(one.logits, offset);
    offset += roundUpTo4(outputs);
    putFloats(one.shares, outputs * groups, "shares");
  }
  view.setUint32(offset, crc32(bytes.subarray(0, offset)), true);
  return bytes;
}

/** Reads `golden.bin`. @throws AuroraError BUNDLE_FORMAT, saying what was expected and what came. */
export function decodeGolden(bytes: Uint8Array): Golden {
  if (bytes.length < headerBytes + checksumBytes)
    throw bad(`has ${bytes.length} bytes, too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic) throw bad("does not begin with AGLD");
  if (view.getUint16(4, true) !== version)
    throw bad(`has version ${view.getUint16(4, true)}, expected ${version}`);
  const features = view.getUint16(6, true);
  const outputs = view.getUint16(8, true);
  const groups = view.getUint16(10, true);
  const count = view.getUint32(12, true);
  checkBounds({ features, outputs, groups, cases: count });
  const expected = expectedBytes(features, outputs, groups, count);
  if (bytes.length !== expected) throw bad(`has ${bytes.length} bytes, its header makes ${expected}`);
  const checksum = view.getUint32(expected - checksumBytes, true);
  if (crc32(bytes.subarray(0, expected - checksumBytes)) !== checksum) throw bad("has a wrong checksum");

  let offset = headerBytes;
  const takeFloats = (length: number): Float32Array => {
    const values = new Float32Array(length);
    for (let index = 0; index < length; index++) values[index] = view.getFloat32(offset + 4 * index, true);
    offset += 4 * length;
    return values;
  };
  const cases: GoldenCase[] = [];
  for (let index = 0; index < count; index++) {
    const kind = kinds[view.getUint8(offset)];
    if (kind === undefined) throw bad(`case ${index} is of the unknown kind ${view.getUint8(offset)}`);
    offset += 4;
    const raw = takeFloats(features);
    const standardised = takeFloats(features);
    const logits = bytes.slice(offset, offset + outputs);
    offset += roundUpTo4(outputs);
    cases.push({ kind, features: raw, standardised, logits, shares: takeFloats(outputs * groups) });
  }
  return { features, outputs, groups, cases };
}

function expectedBytes(features: number, outputs: number, groups: number, cases: number): number {
  const caseBytes = 4 + 8 * features + roundUpTo4(outputs) + 4 * outputs * groups;
  return headerBytes + cases * caseBytes + checksumBytes;
}

function roundUpTo4(length: number): number {
  return (length + 3) & ~3;
}

function checkBounds(sizes: Readonly<Record<keyof typeof bounds, number>>): void {
  for (const [name, [low, high]] of Object.entries(bounds)) {
    const size = sizes[name as keyof typeof bounds];
    if (!Number.isInteger(size) || size < low || size > high) {
      throw bad(`states ${size} ${name}, expected ${low} to ${high}`);
    }
  }
}

function bad(message: string): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", `golden.bin ${message}`, { op: "read golden vectors" });
}
