/**
 * Raw windows that a device sent beside its scores, around an alarm: kept as recordings for people, a `.npy` with a
 * `.json` that says what it is, so that `aurora score` and `aurora explain` read them. Decides nothing by them, and keeps
 * only the newest of each device.
 */

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { maxCaptureSamples } from "../../core/contract/device/device-capture.ts";
import { renderIsoTime } from "../../core/contract/iso-time.ts";
import type { SampleBlock } from "../../core/contract/stream.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import { makeFolder, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { encodeNpy } from "../../core/platform/files/encode-npy.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { createWorkQueue } from "../../core/platform/work-queue.ts";
import {
  createRecordingRun,
  describeRecording,
  type Recording,
  type RecordingPlace,
  type RecordingRun,
} from "./recording.ts";

interface RawCapturesOptions {
  /** Folder with one folder a device. */
  readonly dir: string;
  placeOf(deviceId: string): RecordingPlace;
  readonly logger: Logger;
}

export interface RawCaptures {
  /** `block.counts` are valid only during the call. */
  accept(block: SampleBlock): void;
  /** Keeps a recording that was made for the alert of this id; resolves with whether it is on disk. */
  keep(recording: Recording, alert: string, arrivedMonotonicMs: number): Promise<boolean>;
  /** Writes down what has ended; call it about once a second. */
  tick(monotonicMs: number): void;
  /** Recordings that were written since the start. */
  readonly written: number;
  /** Recordings that were not, because their device begins too many. */
  readonly dropped: number;
  /** Writes down what is open, and resolves when everything is on disk. */
  close(): Promise<void>;
}

interface Capture {
  readonly run: RecordingRun;
  readonly shaftRpm: number;
  nextSample: number;
  samples: number;
  arrivedMonotonicMs: number;
}

/** A burst has ended when nothing of it came for so long. */
const quietMs = 2_000;
/**
 * Recordings that are kept of a device, and written in a minute: a torn line, or a device that jumps about, must not
 * wear out the disk.
 */
const keptRecordings = 32;

export function createRawCaptures(options: RawCapturesOptions): RawCaptures {
  const writer = createRecordingWriter(options);
  const open = new Map<string, Capture>();

  function finish(key: string): void {
    const capture = open.get(key);
    open.delete(key);
    const recording = capture?.run.longest;
    if (capture != null && recording != null) void writer.save(recording, capture.arrivedMonotonicMs);
  }

  return {
    accept: (block) => {
      const key = `${block.deviceId}/${block.channel}`;
      const before = open.get(key);
      const continues =
        before !== undefined &&
        block.firstSample === before.nextSample &&
        before.samples + block.counts.length <= maxCaptureSamples &&
        isSameSpeed(block.shaftRpm, before.shaftRpm);
      if (!continues) finish(key);
      const capture: Capture = continues
        ? before
        : {
            run: createRecordingRun(maxCaptureSamples),
            shaftRpm: block.shaftRpm,
            samples: 0,
            nextSample: block.firstSample,
            arrivedMonotonicMs: block.arrivedMonotonicMs,
          };
      capture.run.accept(block);
      capture.samples += block.counts.length;
      capture.nextSample += block.counts.length;
      capture.arrivedMonotonicMs = block.arrivedMonotonicMs;
      open.set(key, capture);
    },
    keep: (recording, alert, arrivedMonotonicMs) => writer.save(recording, arrivedMonotonicMs, alert),
    tick: (monotonicMs) => {
      for (const [key, { arrivedMonotonicMs }] of open) {
        if (monotonicMs - arrivedMonotonicMs > quietMs) finish(key);
      }
    },
    get written() {
      return writer.written;
    },
    get dropped() {
      return writer.dropped;
    },
    close: () => {
      for (const key of [...open.keys()]) finish(key);
      return writer.idle();
    },
  };
}

interface RecordingWriter {
  /** Resolves with whether it is on disk; never rejects. */
  save(recording: Recording, arrivedMonotonicMs: number, alert?: string): Promise<boolean>;
  readonly written: number;
  readonly dropped: number;
  /** Resolves when all is on disk, or was given up. */
  idle(): Promise<void>;
}

/** Writes recordings one after the other, deletes the oldest of a device, and bounds how many it may begin. */
function createRecordingWriter({ dir, placeOf, logger }: RawCapturesOptions): RecordingWriter {
  const queue = createWorkQueue();
  let written = 0;
  let dropped = 0;
  /** When recordings of a device ended that were written in the last minute. */
  const recent = new Map<string, number[]>();
  /** Recordings of a device that were written in this run, in their order: a clock that was set back dates the newest before all others. */
  const newest = new Map<string, string[]>();

  function mayWrite(deviceId: string, arrivedMonotonicMs: number): boolean {
    const ends = (recent.get(deviceId) ?? []).filter((end) => arrivedMonotonicMs - end < minuteMs);
    if (ends.length >= keptRecordings) return false;
    recent.set(deviceId, [...ends, arrivedMonotonicMs]);
    return true;
  }

  async function write(recording: Recording, place: RecordingPlace): Promise<void> {
    const { deviceId, channel, timestampMs } = recording.first;
    const folder = join(dir, deviceId);
    await makeFolder(folder);
    const name = `${renderIsoTime(timestampMs).replaceAll(":", "-")}-${toFileName(channel)}`;
    // Whoever finds samples finds what they are; of either file alone, as the power may leave it, a recording is counted and removed.
    await writeFileAtomic(join(folder, `${name}.json`), JSON.stringify(describeRecording(recording, place)));
    await writeFileAtomic(join(folder, `${name}.npy`), encodeNpy(recording.parts));
    written++;
    const own = [...(newest.get(deviceId) ?? []).filter((each) => each !== name), name];
    newest.set(deviceId, own.slice(-keptRecordings));
    const kept = (await readdir(folder)).flatMap((file) => /^(.*)\.(?:npy|json)$/.exec(file)?.[1] ?? []);
    const earlier = [...new Set(kept)].filter((each) => !own.includes(each));
    for (const old of [...earlier.sort(), ...own].slice(0, -keptRecordings)) {
      await rm(join(folder, `${old}.npy`), { force: true });
      await rm(join(folder, `${old}.json`), { force: true });
    }
  }

  return {
    save: (recording, arrivedMonotonicMs, alert) => {
      const { deviceId } = recording.first;
      if (!mayWrite(deviceId, arrivedMonotonicMs)) {
        if (dropped++ % 1_000 === 0)
          logger.warn("a device sends its raw samples in too many pieces; some are not kept", {
            device: deviceId,
            dropped,
          });
        return Promise.resolve(false);
      }
      // A disk that is full or gone costs this recording, and nothing else.
      return queue
        .run(() => write(recording, { ...placeOf(deviceId), alert }))
        .then(
          () => true,
          (error: unknown) => {
            logger.warn("raw samples of a device could not be kept", { device: deviceId, error });
            return false;
          },
        );
    },
    get written() {
      return written;
    },
    get dropped() {
      return dropped;
    },
    idle: queue.idle,
  };
}

/** Devices name their channels as they like: what is no letter or number here could lead out of the folder. */
function toFileName(channel: string): string {
  return channel.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}

/** A file has one speed, to one in a hundred; an unknown one is like another. */
function isSameSpeed(one: number, other: number): boolean {
  return Object.is(one, other) || Math.abs(one - other) <= 0.01 * Math.abs(other);
}
