/**
 * Raw windows that a device sent beside its scores, around an alarm: kept as recordings for people, a `.npy` with a
 * `.json` that says what it is, so that `aurora score` and `aurora explain` read them. Decides nothing by them, and keeps
 * only the newest of each device.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BearingOrders } from "../contract/bearing.ts";
import type { SampleBlock } from "../contract/stream.ts";
import { writeFileAtomic } from "../platform/atomic-file.ts";
import type { Logger } from "../platform/logger.ts";

/** What captures need. */
export interface RawCapturesOptions {
  /** Folder with one folder a device. */
  readonly dir: string;
  bearingOf(deviceId: string): BearingOrders | undefined;
  readonly logger: Logger;
}

/** Gathers captures. */
export interface RawCaptures {
  /** `block.counts` are valid only during the call. */
  accept(block: SampleBlock, arrivedMonotonicMs: number): void;
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
  readonly first: SampleBlock;
  readonly parts: Int16Array[];
  samples: number;
  nextSample: number;
  arrivedMonotonicMs: number;
}

/** Longest recording: ten seconds at 48 kHz. */
const maxSamples = 480_000;
/** A burst has ended when nothing of it came for so long. */
const quietMs = 2_000;
/** Recordings that are kept of a device. */
const keptRecordings = 32;
/** … and written in a minute: a torn line, or a device that jumps about, must not wear out the disk. */
const minuteMs = 60_000;

/** Creates captures of nothing. */
export function createRawCaptures(options: RawCapturesOptions): RawCaptures {
  const open = new Map<string, Capture>();
  let tail: Promise<void> = Promise.resolve();
  let written = 0;
  let dropped = 0;
  /** When recordings of a device ended that were written in the last minute. */
  const recent = new Map<string, number[]>();

  function mayWrite({ first: { deviceId }, arrivedMonotonicMs }: Capture): boolean {
    const ends = (recent.get(deviceId) ?? []).filter((end) => arrivedMonotonicMs - end < minuteMs);
    if (ends.length >= keptRecordings) return false;
    recent.set(deviceId, [...ends, arrivedMonotonicMs]);
    return true;
  }

  function finish(key: string): void {
    const capture = open.get(key);
    if (capture === undefined) return;
    open.delete(key);
    if (!mayWrite(capture)) {
      if (dropped++ % 1_000 === 0)
        options.logger.warn("a device sends its raw samples in too many pieces; some are not kept", {
          device: capture.first.deviceId,
          dropped,
        });
      return;
    }
    tail = tail
      .then(() => write(capture))
      .catch((error: unknown) =>
        options.logger.warn("raw samples of a device could not be kept", {
          device: capture.first.deviceId,
          error,
        }),
      );
  }

  async function write({ first, parts }: Capture): Promise<void> {
    const { deviceId, channel, unit, sampleRateHz, scale, shaftRpm, timestampMs } = first;
    const dir = join(options.dir, deviceId);
    await mkdir(dir, { recursive: true });
    const name = `${new Date(timestampMs).toISOString().replaceAll(":", "-")}-${toFileName(channel)}`;
    const about = {
      rateHz: sampleRateHz,
      ...(Number.isFinite(shaftRpm) ? { shaftRpm } : {}),
      scale,
      bearing: options.bearingOf(deviceId),
      device: deviceId,
      channel,
      unit,
      from: new Date(timestampMs).toISOString(),
    };
    await writeFileAtomic(join(dir, `${name}.json`), new TextEncoder().encode(JSON.stringify(about)));
    await writeFileAtomic(join(dir, `${name}.npy`), encodeNpy(parts));
    written++;
    const names = (await readdir(dir)).filter((each) => each.endsWith(".npy")).sort();
    for (const old of names.slice(0, -keptRecordings)) {
      await rm(join(dir, old), { force: true });
      await rm(join(dir, old.replace(/npy$/, "json")), { force: true });
    }
  }

  return {
    accept: (block, arrivedMonotonicMs) => {
      const key = `${block.deviceId}/${block.channel}`;
      const before = open.get(key);
      const continues =
        before !== undefined &&
        block.firstSample === before.nextSample &&
        before.samples + block.counts.length <= maxSamples &&
        isSameSpeed(block.shaftRpm, before.first.shaftRpm);
      if (!continues) finish(key);
      const capture: Capture = continues
        ? before
        : { first: { ...block }, parts: [], samples: 0, nextSample: block.firstSample, arrivedMonotonicMs };
      capture.parts.push(block.counts.slice());
      capture.samples += block.counts.length;
      capture.nextSample += block.counts.length;
      capture.arrivedMonotonicMs = arrivedMonotonicMs;
      open.set(key, capture);
    },
    tick: (monotonicMs) => {
      for (const [key, { arrivedMonotonicMs }] of open) {
        if (monotonicMs - arrivedMonotonicMs > quietMs) finish(key);
      }
    },
    get written() {
      return written;
    },
    get dropped() {
      return dropped;
    },
    close: () => {
      for (const key of [...open.keys()]) finish(key);
      return tail;
    },
  };
}

/** Devices name their channels as they like: what is no letter or number here could lead out of the folder. */
function toFileName(channel: string): string {
  return channel.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}

/** A file has one speed, to one in a hundred; an unknown one is like another. */
function isSameSpeed(one: number, other: number): boolean {
  return Object.is(one, other) || Math.abs(one - other) <= 0.01 * other;
}

/** A `.npy` of int16, version 1.0: magic, header padded to a multiple of 64, the numbers. */
function encodeNpy(parts: readonly Int16Array[]): Uint8Array {
  const samples = parts.reduce((sum, part) => sum + part.length, 0);
  const text = `{'descr': '<i2', 'fortran_order': False, 'shape': (${samples},), }`;
  const headerBytes = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = Buffer.alloc(headerBytes + 2 * samples);
  bytes.write("\x93NUMPY\x01\x00", 0, "latin1");
  bytes.writeUInt16LE(headerBytes - 10, 8);
  bytes.write(`${text.padEnd(headerBytes - 11)}\n`, 10, "latin1");
  let at = headerBytes;
  for (const part of parts) for (const count of part) at = bytes.writeInt16LE(count, at);
  return bytes;
}
