/** Standardises features for the student. Does not check them: a NaN stays NaN and is the caller's to quarantine. */
import type { Scaler } from "../contract/bundle/manifest.ts";

/**
 * out = clamp(fround(fround(x − mean) · inverseStd), ± clamp) for `rows` rows, row-major; mean, inverse standard
 * deviation and clamp are rounded to float32 first, so that a microcontroller computes the same.
 * Writes into `out`, so that serving allocates nothing a row.
 * @throws RangeError when the scaler does not fit or a buffer is too short.
 */
// biome-ignore lint/complexity/useMaxParams: once a window, and allocates nothing
export function standardise(features: Float32Array, rows: number, scaler: Scaler, out: Float32Array): void {
  const width = scaler.mean.length;
  if (scaler.inverseStd.length !== width) {
    throw new RangeError(`scaler has ${width} means and ${scaler.inverseStd.length} deviations`);
  }
  if (features.length < rows * width || out.length < rows * width) {
    throw new RangeError(
      `${rows} rows of ${width} features do not fit into ${features.length}/${out.length}`,
    );
  }
  const clamp = Math.fround(scaler.clamp);
  for (let column = 0; column < width; column++) {
    const mean = Math.fround(scaler.mean[column]!);
    const inverseStd = Math.fround(scaler.inverseStd[column]!);
    for (let row = 0, index = column; row < rows; row++, index += width) {
      const value = Math.fround(Math.fround(features[index]! - mean) * inverseStd);
      out[index] = value > clamp ? clamp : value < -clamp ? -clamp : value;
    }
  }
}
