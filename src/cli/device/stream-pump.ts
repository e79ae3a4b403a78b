/**
 * Moves samples from a source to a device's link at the pace of a converter: true, accelerated, or as fast as the
 * link takes them. At true pace a converter does not wait: what a stalled link cannot take within two seconds is
 * dropped, counted, and shows as a jump of the sample index. An accelerated pace slips instead. A stream that begins in the
 * past is accelerated until it has caught up with the present.
 */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { RawWindowMessage } from "../../core/contract/device/device-message.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import { type Convoy, createConvoy } from "./convoy.ts";
import type { SampleSource } from "./sample-source.ts";

/** Where the samples go; a `DeviceEndpoint` is one. */
export interface SampleLink {
  /** False: not sent. */
  send(window: RawWindowMessage): boolean;
  ready(): Promise<void>;
  drained(): Promise<void>;
}

/** How a stream came to its end. */
export type StreamEnd = "source-ended" | "stopped" | "refused";

interface StreamPumpOptions {
  readonly source: SampleSource;
  readonly link: SampleLink;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Simulated seconds per second; `Infinity`: as fast as the link takes them. */
  readonly speed: number;
  /** The device's clock begins at this epoch time, in the past; once it has caught up, the pace is true. Default: it begins now, and its pace never changes. */
  readonly beginsAtMs?: number;
  /** Streams that it keeps together with; default: none. */
  readonly convoy?: Convoy;
  /** Samples per packet and channel. */
  readonly samplesPerPacket: number;
}

export interface StreamPump {
  /** Samples (of each channel) sent so far. */
  readonly sentSamples: number;
  /** Samples that were due and could not be sent. */
  readonly droppedSamples: number;
  /** Settles once; after it nothing is sent. Rejects only for a bug. */
  readonly ended: Promise<StreamEnd>;
  /** Ends the stream; nothing more is read from the source. */
  stop(): void;
}

/** Seconds of samples that a device can keep when its link stalls. */
const bufferedS = 2;
const shortestWaitMs = 2;

/** Starts pumping as soon as the link is ready. */
export function startStreamPump(options: StreamPumpOptions): StreamPump {
  const { source, link, clock, speed } = options;
  const { sampleRateHz } = source.channels[0]!;
  const buffers = source.channels.map(() => new Int16Array(options.samplesPerPacket));
  let position = 0;
  let sentSamples = 0;
  let droppedSamples = 0;
  let stopped = false;
  const nap = createNap(options.timers);
  const place = (options.convoy ?? createConvoy(Number.POSITIVE_INFINITY)).join();

  const run = async (): Promise<StreamEnd> => {
    await link.ready();
    const nowMs = clock.nowMs();
    const epochMs = options.beginsAtMs ?? nowMs;
    const pace = startPace(clock, { sampleRateHz, speed, beginsAgoMs: nowMs - epochMs });
    while (!stopped) {
      const taken = pace.dueSamples();
      const due = Math.min(taken, place.limit);
      if (due - position < options.samplesPerPacket) {
        const missing = position + options.samplesPerPacket - due;
        await nap.take(Math.max(shortestWaitMs, pace.durationMs(missing)));
        continue;
      }
      // As fast as the link takes them nothing is ever late.
      const late = Number.isFinite(speed) ? taken - position - bufferedS * sampleRateHz * speed : 0;
      const { samples, shaftRpm } = source.read(buffers);
      if (samples === 0) {
        await link.drained();
        return stopped ? "stopped" : "source-ended";
      }
      if (late > 0 && speed === 1) {
        droppedSamples += samples;
      } else {
        if (late > 0) pace.slip(late);
        await send(samples, shaftRpm, epochMs);
        sentSamples += samples;
      }
      position += samples;
      place.moveTo(position);
    }
    return "stopped";
  };

  const send = async (samples: number, shaftRpm: number, epochMs: number): Promise<void> => {
    const timestampUs = Math.round(epochMs * 1000 + (position / sampleRateHz) * 1e6);
    for (const [channel, counts] of buffers.entries()) {
      while (
        !stopped &&
        !link.send({
          type: "raw-window",
          channel,
          firstSample: position,
          timestampUs,
          shaftRpm,
          counts: counts.subarray(0, samples),
        })
      ) {
        await link.ready();
      }
    }
  };

  const ended = run().catch(endOf).finally(place.leave);
  return {
    get sentSamples() {
      return sentSamples;
    },
    get droppedSamples() {
      return droppedSamples;
    },
    ended,
    stop: () => {
      stopped = true;
      nap.end();
    },
  };
}

/** What an error of the link means for the stream; a bug is thrown on. */
function endOf(error: unknown): StreamEnd {
  if (hasErrorCode(error, "DEVICE_UNREACHABLE")) return "stopped";
  if (hasErrorCode(error, "DEVICE_PROTOCOL")) return "refused";
  throw error;
}

interface Nap {
  take(durationMs: number): Promise<void>;
  /** Ends the one that is being taken. */
  end(): void;
}

function createNap(timers: Timers): Nap {
  let end = (): void => {};
  return {
    take: (durationMs) =>
      new Promise((resolve) => {
        const cancel = timers.after(durationMs, resolve);
        end = () => {
          cancel();
          resolve();
        };
      }),
    end: () => end(),
  };
}

/** The pace of a converter, from now on. */
interface Pace {
  /** Samples that it has taken by now. */
  dueSamples(): number;
  durationMs(samples: number): number;
  /** Takes so many samples later. */
  slip(samples: number): void;
}

interface PaceOptions extends Pick<StreamPumpOptions, "speed"> {
  readonly sampleRateHz: number;
  /** 0: it never catches up. */
  readonly beginsAgoMs: number;
}

/** An infinite speed: all samples are due at once. */
function startPace(
  clock: Pick<Clock, "monotonicMs">,
  { sampleRateHz, speed, beginsAgoMs }: PaceOptions,
): Pace {
  const trueSamplesPerMs = sampleRateHz / 1000;
  const samplesPerMs = trueSamplesPerMs * speed;
  const beganMs = clock.monotonicMs();
  let originMs = beganMs;
  /** Samples up to the present. */
  const present = (): number =>
    beginsAgoMs === 0
      ? Number.POSITIVE_INFINITY
      : (clock.monotonicMs() - beganMs + beginsAgoMs) * trueSamplesPerMs;
  const accelerated = (): number =>
    Number.isFinite(samplesPerMs)
      ? (clock.monotonicMs() - originMs) * samplesPerMs
      : Number.POSITIVE_INFINITY;
  return {
    dueSamples: () => Math.min(accelerated(), present()),
    durationMs: (samples) => samples / (present() < accelerated() ? trueSamplesPerMs : samplesPerMs),
    slip: (samples) => {
      originMs += samples / samplesPerMs;
    },
  };
}
