/** Figures of diagnoses in words for people. */

/** `12,240`. Not by `toLocaleString`: the first number formatted so takes tables of megabytes into a process, for good. */
export function formatWhole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Three digits: `1.02`, `0.000512`. */
export function formatValue(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** `all`, `34 %`, `0.6 %`; of 1. */
export function sayShare(share: number): string {
  if (share >= 0.995) return "all";
  const percent = share * 100;
  return `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}
