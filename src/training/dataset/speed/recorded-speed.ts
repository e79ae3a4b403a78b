/** How the shaft's speed goes over a recording: means over short runs, or values that lie apart. */

export interface RecordedSpeed {
  /** Samples of the recording that a run lasts; above 0, not always a whole number. */
  readonly everySamples: number;
  /** rpm of each run, from the first sample on; 0: the shaft stands, or nobody knows. Behind the last one nobody knows either. */
  readonly rpm: Float32Array;
  /** Each is that of the run's first sample, and the speed goes evenly from one to the next. Absent: each is the mean of its run. */
  readonly isAtBegin?: boolean | undefined;
  /** It was told in Hz, or by pulses, and no hertz can have been taken for rpm. Absent: nobody says so. */
  readonly isFromHz?: boolean | undefined;
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
  { everySamples, rpm, isAtBegin }: RecordedSpeed,
  { first, samples }: { readonly first: number; readonly samples: number },
): number {
  const from = Math.floor(first / everySamples);
  if (from > rpm.length) return 0;
  if (isAtBegin === true && samples <= everySamples)
    return readBetween(rpm, (first + samples / 2) / everySamples);
  const begin = Math.min(from, rpm.length - 1);
  const end = Math.min(Math.max(begin + 1, Math.ceil((first + samples) / everySamples)), rpm.length);
  let sum = 0;
  for (let at = begin; at < end; at++) {
    if (!(rpm[at]! > 0)) return 0;
    sum += rpm[at]!;
  }
  return sum / (end - begin);
}

/** Value `place`, a whole number or not: 0 where the one before or behind it is, the last for one run more. */
function readBetween(rpm: Float32Array, place: number): number {
  const at = Math.min(Math.floor(place), rpm.length - 1);
  const [here, next] = [rpm[at]!, rpm[Math.min(at + 1, rpm.length - 1)]!];
  return here > 0 && next > 0 ? here + (next - here) * Math.min(1, place - at) : 0;
}

/** The speed from sample `from` on. */
export function sliceSpeed(speed: RecordedSpeed, from: number): RecordedSpeed {
  const { rpm, everySamples, isAtBegin } = speed;
  const place = Math.min(from / everySamples, rpm.length - 1);
  if (isAtBegin !== true) return { ...speed, rpm: rpm.subarray(Math.round(place)) };
  const left = rpm.subarray(Math.floor(place));
  return { ...speed, rpm: left.map((_, at) => readBetween(rpm, place + at)) };
}
