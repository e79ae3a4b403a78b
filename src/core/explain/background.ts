/**
 * `background.bin` of a bundle: the explanation background as cluster means with weights, never rows of anyone's data.
 *
 *     0  magic "AURB"      4  version u16 = 1      6  reserved u16 = 0
 *     8  rows u32         12  features u32        16  float32 [rows × features], standardised
 *     16 + 4 · rows · features   float32 [rows] weights, each > 0, sum 1          (all little-endian)
 */
import { AuroraError } from "../contract/aurora-error.ts";

/** What an explanation compares a window with: weighted typical feature vectors, standardised as the student sees them. */
export interface ExplanationBackground {
  readonly rows: number;
  readonly features: number;
  /** Row-major float32 [rows × features]. */
  readonly values: Float32Array;
  /** One a row, positive, sum 1. */
  readonly weights: Float64Array;
}

const magic = 0x42525541;
const version = 1;
const headerBytes = 16;
const maxRows = 4096;
const maxFeatures = 512;
/** Float32 weights of up to 4,096 rows sum to 1 within this. */
const weightTolerance = 1e-4;

/** Encodes a background. Throws BUNDLE_FORMAT when it is invalid (see {@link decodeBackground}). */
export function encodeBackground(background: ExplanationBackground): Uint8Array {
  const { rows, features, values, weights } = background;
  if (values.length !== rows * features || weights.length !== rows) {
    refuse(`${values.length} values and ${weights.length} weights do not make ${rows} × ${features}`);
  }
  const bytes = new Uint8Array(headerBytes + 4 * (rows * features + rows));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, version, true);
  view.setUint32(8, rows, true);
  view.setUint32(12, features, true);
  let offset = headerBytes;
  for (const list of [values, weights]) {
    for (const value of list) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  decodeBackground(bytes);
  return bytes;
}

/**
 * Decodes a background; the weights are scaled to sum to exactly 1 in float64 as nearly as that goes. Throws
 * BUNDLE_FORMAT when magic, version, sizes, length, values or weights are not as above.
 */
export function decodeBackground(bytes: Uint8Array): ExplanationBackground {
  if (bytes.length < headerBytes) refuse(`it has ${bytes.length} bytes, expected at least ${headerBytes}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = view.getUint32(0, true);
  if (found !== magic) refuse(`its magic is 0x${found.toString(16)}, expected 0x${magic.toString(16)}`);
  const foundVersion = view.getUint16(4, true);
  if (foundVersion !== version) refuse(`its version is ${foundVersion}, expected ${version}`);
  if (view.getUint16(6, true) !== 0) refuse("its reserved bytes are not 0");
  const rows = view.getUint32(8, true);
  const features = view.getUint32(12, true);
  if (rows < 1 || rows > maxRows || features < 1 || features > maxFeatures) {
    refuse(`it has ${rows} rows of ${features}, expected 1 to ${maxRows} of 1 to ${maxFeatures}`);
  }
  const expected = headerBytes + 4 * (rows * features + rows);
  if (bytes.length !== expected) refuse(`it has ${bytes.length} bytes, expected ${expected}`);
  const read = (from: number, length: number): number[] =>
    Array.from({ length }, (_, index) => view.getFloat32(from + 4 * index, true));
  const values = Float32Array.from(read(headerBytes, rows * features));
  const weights = Float64Array.from(read(headerBytes + 4 * rows * features, rows));
  if (!values.every(Number.isFinite)) refuse("it holds a value that is not finite");
  if (!weights.every((weight) => weight > 0 && weight <= 1)) refuse("it holds a weight outside 0 … 1");
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (Math.abs(sum - 1) > weightTolerance) refuse(`its weights sum to ${sum}, expected 1`);
  return { rows, features, values, weights: weights.map((weight) => weight / sum) };
}

function refuse(reason: string): never {
  throw new AuroraError("BUNDLE_FORMAT", `the explanation background is refused: ${reason}`, {
    op: "read explanation background",
    subject: "background.bin",
  });
}
