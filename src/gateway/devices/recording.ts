/** Recordings: runs of raw samples without a gap, how they are gathered, and what is known of them. */
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import type { RecordingAbout } from "../../core/contract/device/device-capture.ts";
import { renderIsoTime } from "../../core/contract/iso-time.ts";
import type { StatedShafts } from "../../core/contract/stated-shafts.ts";
import type { RecordedBlock } from "../../core/contract/stream.ts";

/** Another alert of the same device, or of the same channel of one that streams, gets no recording of its own within this time. */
export const alertCaptureEveryMs = 300_000;

/** A run of samples without a gap. */
export interface Recording {
  /** Its first block; of that only what is true of all. */
  readonly first: Omit<RecordedBlock, "counts" | "shaftRpm">;
  readonly parts: readonly Int16Array[];
  readonly samples: number;
  /** Mean, slowest and fastest shaft speed; NaN when any block did not know it. */
  readonly shaftRpm: number;
  readonly slowestRpm: number;
  readonly fastestRpm: number;
  /** How the speed goes. */
  readonly speed: RecordingSpeed;
}

interface RecordingSpeed {
  /** Above 0, not always a whole number. */
  readonly everySamples: number;
  /** Of the first sample, and of each so many further on; the last is of the end, and stands there. */
  readonly rpm: readonly number[];
}

/** What is known of the place where it was recorded. */
export interface RecordingPlace extends StatedShafts {
  readonly bearing?: BearingOrders | undefined;
  /** Turns of the bearing's shaft in one of the shaft whose speed the device told; absent: 1. */
  readonly speedRatio?: number | undefined;
  /** Speed of the bearing's shaft to assume where the device did not know it. */
  readonly shaftRpm?: number | null | undefined;
  readonly alert?: string | undefined;
}

/** What stands in the file beside it; all speeds are the bearing's shaft's. */
export function describeRecording(recording: Recording, place: RecordingPlace): RecordingAbout {
  const { speedRatio = 1 } = place;
  const { first, shaftRpm } = recording;
  const speed = Number.isFinite(shaftRpm) ? Math.abs(shaftRpm) * speedRatio : (place.shaftRpm ?? undefined);
  const [slowestRpm, fastestRpm] = [recording.slowestRpm * speedRatio, recording.fastestRpm * speedRatio];
  return {
    rateHz: first.sampleRateHz,
    // A standing shaft is no speed that windows could be cut by.
    ...(speed === undefined || speed === 0 ? {} : { shaftRpm: speed }),
    ...(fastestRpm > slowestRpm ? { shaftRpmRange: [slowestRpm, fastestRpm] as const } : {}),
    scale: first.scale,
    ...(place.bearing === undefined ? {} : { bearing: place.bearing }),
    ...(place.polePairs === undefined ? {} : { polePairs: place.polePairs }),
    ...(place.gearedShafts === undefined ? {} : { gearedShafts: place.gearedShafts }),
    device: first.deviceId,
    channel: first.channel,
    unit: first.unit,
    from: renderIsoTime(first.timestampMs),
    firstSample: first.firstSample,
    ...(place.alert === undefined ? {} : { alert: place.alert }),
  };
}

/** A run that is being gathered. */
export interface RecordingRun {
  /** `block.counts` are valid only during the call. */
  accept(block: RecordedBlock): void;
  /** The longest so far; null before the first sample. */
  readonly longest: Recording | null;
  /** It is as long as it was to be; nothing more is taken. */
  readonly isComplete: boolean;
  readonly receivedSamples: number;
  readonly gaps: number;
}

/** Blocks of a few samples would take more memory than their samples. */
const partSamples = 4096;
/** Speeds of a recording: two a second, and at most so many. */
const speedsPerSecond = 2;
const maxSpeeds = 100;

interface OpenRun {
  readonly first: Recording["first"];
  /** Of {@link partSamples} each; the last one may have room left. */
  readonly parts: Int16Array[];
  readonly everySamples: number;
  readonly rpm: number[];
  lastRpm: number;
  samples: number;
  /** Σ speed · samples. */
  turns: number;
  slowestRpm: number;
  fastestRpm: number;
}

/**
 * Gathers the samples of one channel until `samples` (≥ 1) came without a gap, and keeps the longest such run meanwhile.
 * Holds at most twice as many.
 */
export function createRecordingRun(samples: number): RecordingRun {
  let open: OpenRun | null = null;
  let best: OpenRun | null = null;
  let receivedSamples = 0;
  let gaps = 0;

  function begin({ counts: _counts, shaftRpm: _shaftRpm, ...first }: RecordedBlock): OpenRun {
    return {
      first,
      parts: [],
      everySamples: Math.max(first.sampleRateHz / speedsPerSecond, samples / maxSpeeds),
      rpm: [],
      lastRpm: Number.NaN,
      samples: 0,
      turns: 0,
      slowestRpm: Number.POSITIVE_INFINITY,
      fastestRpm: Number.NEGATIVE_INFINITY,
    };
  }

  return {
    accept: (block) => {
      if (best !== null && best.samples >= samples) return;
      const { counts, shaftRpm } = block;
      receivedSamples += counts.length;
      if (open !== null && block.firstSample !== open.first.firstSample + open.samples) {
        gaps++;
        open = null;
      }
      open ??= begin(block);
      const taken = Math.min(counts.length, samples - open.samples);
      gather(open, counts.subarray(0, taken));
      open.turns += shaftRpm * taken;
      while (open.rpm.length * open.everySamples < open.samples) open.rpm.push(shaftRpm);
      open.lastRpm = shaftRpm;
      open.slowestRpm = Math.min(open.slowestRpm, shaftRpm);
      open.fastestRpm = Math.max(open.fastestRpm, shaftRpm);
      if (best === null || open.samples > best.samples) best = open;
    },
    get longest() {
      return best === null ? null : close(best);
    },
    get isComplete() {
      return best !== null && best.samples >= samples;
    },
    get receivedSamples() {
      return receivedSamples;
    },
    get gaps() {
      return gaps;
    },
  };
}

function gather(run: OpenRun, counts: Int16Array): void {
  for (let from = 0; from < counts.length; ) {
    const filled = run.samples % partSamples;
    if (filled === 0) run.parts.push(new Int16Array(partSamples));
    const some = counts.subarray(from, from + partSamples - filled);
    run.parts.at(-1)!.set(some, filled);
    run.samples += some.length;
    from += some.length;
  }
}

function close({ parts, turns, everySamples, rpm, lastRpm, ...run }: OpenRun): Recording {
  const left = run.samples % partSamples;
  const whole = parts.map((part, index) =>
    left > 0 && index === parts.length - 1 ? part.subarray(0, left) : part,
  );
  const speed = spreadSpeeds([...rpm, lastRpm], { everySamples, samples: run.samples });
  return { ...run, parts: whole, shaftRpm: turns / run.samples, speed };
}

/** Evenly spread over all samples, from speeds that stand `everySamples` apart but for the last, which stands at the end. */
function spreadSpeeds(
  rpm: readonly number[],
  { everySamples, samples }: { readonly everySamples: number; readonly samples: number },
): RecordingSpeed {
  const last = rpm.length - 1;
  const apart = samples / last;
  const readAt = (place: number): number => {
    const at = Math.min(Math.floor(place / everySamples), last - 1);
    const [here, next] = [rpm[at]!, rpm[at + 1]!];
    const begin = at * everySamples;
    const part = (place - begin) / (Math.min(samples, begin + everySamples) - begin);
    // A shaft that stands is not on its way to the next speed.
    return part > 0 && part < 1 && here * next === 0 ? 0 : here + part * (next - here);
  };
  return { everySamples: apart, rpm: rpm.map((speed, at) => (at === last ? speed : readAt(at * apart))) };
}
