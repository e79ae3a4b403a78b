/**
 * A Hann window's weights, 0.5 − 0.5·cos(2π·n / period): `period` is `length` where windows overlap (Welch 1967), and `length` − 1 where a
 * window is symmetric and alone.
 */
export function tabulateHann(length: number, period: number): Float64Array {
  return Float64Array.from({ length }, (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / period));
}
