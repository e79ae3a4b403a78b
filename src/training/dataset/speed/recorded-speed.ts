/** How the shaft's speed goes over a recording: means over short runs. */

export interface RecordedSpeed {
  /** Samples of the recording that a run lasts; above 0, not always a whole number. */
  readonly everySamples: number;
  /** rpm of each run, from the first sample on; 0: the shaft stands, or nobody knows. Behind the last one nobody knows either. */
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

/**
 * Mean over `samples` samples from sample `first` on, as a device states it, once a block; 0 where the shaft stands in any part of
 * them: nobody knows how far it turned. The last run stays for one more, since what is stated once a second may begin late.
 */
export function meanSpeedOf(
  { everySamples, rpm }: RecordedSpeed,
  { first, samples }: { readonly first: number; readonly samples: number },
): number {
  const from = Math.floor(first / everySamples);
  if (from > rpm.length) return 0;
  const begin = Math.min(from, rpm.length - 1);
  const end = Math.min(Math.max(begin + 1, Math.ceil((first + samples) / everySamples)), rpm.length);
  let sum = 0;
  for (let at = begin; at < end; at++) {
    if (!(rpm[at]! > 0)) return 0;
    sum += rpm[at]!;
  }
  return sum / (end - begin);
}

/** The speed from sample `from` on. */
export function sliceSpeed({ everySamples, rpm }: RecordedSpeed, from: number): RecordedSpeed {
  const first = Math.min(Math.round(from / everySamples), rpm.length - 1);
  return { everySamples, rpm: rpm.subarray(first) };
}
