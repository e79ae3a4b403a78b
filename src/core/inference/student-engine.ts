/** What every engine that runs a student offers, and how its integers become logits. */

/** Runs one student. All engines give the same integers for the same rows. */
export interface StudentEngine {
  readonly kind: "onnx" | "integer";
  /** Features a row. */
  readonly inputs: number;
  /** Logits a row. */
  readonly outputs: number;
  /** logit = (quantised − outputZeroPoint) · outputScale. */
  readonly outputScale: number;
  readonly outputZeroPoint: number;
  /**
   * Runs `rows` rows of standardised features (row-major, at least rows × inputs values, without NaN) and
   * resolves to their quantised logits (row-major, rows × outputs). The input may be reused after the promise has
   * settled; the output is the caller's. Rejects with INFERENCE when the native library fails.
   */
  run(standardised: Float32Array, rows: number): Promise<Uint8Array>;
  /** Frees what the engine holds; it must not be run afterwards. */
  close(): Promise<void>;
}

/** Quantised outputs of one row as logits: (q − zeroPoint) · scale. */
export function dequantise(quantised: Uint8Array, scale: number, zeroPoint: number): Float64Array {
  const logits = new Float64Array(quantised.length);
  for (let index = 0; index < quantised.length; index++) {
    logits[index] = (quantised[index]! - zeroPoint) * scale;
  }
  return logits;
}
