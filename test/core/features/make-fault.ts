/** The signals of scripts/vectors/signal_features.py, count for count. */
export function makeFaultCounts(
  length: number,
  rateHz: number,
  rpm: number,
  order: number,
  seed: number,
): Int16Array {
  let state = seed;
  const period = rateHz / ((rpm / 60) * order);
  return Int16Array.from({ length }, (_, n) => {
    state = Number((BigInt(state) * 1103515245n + 12345n) % 2147483648n);
    const noise = ((state >>> 16) % 2001) - 1000;
    const since = (n % period) / rateHz;
    const burst = 4000 * Math.exp(-since * 1500) * Math.sin(2 * Math.PI * 3000 * since);
    const tone = 300 * Math.sin((2 * Math.PI * n * rpm) / 60 / rateHz);
    return Math.floor(noise + burst + tone + 0.5);
  });
}
