/** How the shaft's speed goes over a recording: means over short runs. */

export interface RecordedSpeed {
  /** Samples of the recording that a run lasts; above 0, not always a whole number. */
  readonly everySamples: number;
  /** rpm of each run, from the first sample on; 0: the shaft stands, or nobody knows. The last one stays. */
  readonly rpm: Float32Array;
}

/** Mean over the runs in which the shaft turns; 0: it never does. */
export function meanSpeed({ rpm }: RecordedSpeed): number {
  let [sum, count] = [0, 0];
  for (const each of rpm) {
    if (each <= 0) continue;
    sum += each;
    count++;
  }
  return sum / Math.max(1, count);
}

/** Mean over `samples` samples from sample `first` on: as a device states it, once a block. */
export function meanSpeedOf(
  { everySamples, rpm }: RecordedSpeed,
  { first, samples }: { readonly first: number; readonly samples: number },
): number {
  const from = Math.min(Math.floor(first / everySamples), rpm.length - 1);
  const to = Math.min(Math.max(from + 1, Math.ceil((first + samples) / everySamples)), rpm.length);
  let sum = 0;
  for (let at = from; at < to; at++) sum += rpm[at]!;
  return sum / (to - from);
}

/** The speed from sample `from` on. */
export function sliceSpeed({ everySamples, rpm }: RecordedSpeed, from: number): RecordedSpeed {
  const first = Math.min(Math.round(from / everySamples), rpm.length - 1);
  return { everySamples, rpm: rpm.subarray(first) };
}
