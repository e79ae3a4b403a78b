/** A device watched over in a time that passes as fast as the machine computes; a test says what comes when. */
import { createRandom } from "../../../src/core/maths/random.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createDeviceWatch, type DeviceWatch } from "../../../src/gateway/devices/device-watch.ts";
import { unknownModel } from "../../../src/gateway/diagnosis/device-facts.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { accelerometer, createHello, stillLink } from "../devices/device-hello.ts";

const channel = { ...accelerometer, sampleRateHz: 1_000 };
const hello = createHello({ channels: [channel] });
const still = stillLink as ReturnType<() => Parameters<DeviceWatch["tick"]>[0]>;

/** How a stream goes on for a while. */
export interface Stretch {
  /** Samples that come a millisecond, of 1,000 a second that are said; default 1. */
  readonly pace?: number;
  /** Seconds of samples a block; default 0.5. */
  readonly blockS?: number;
  /** How late each block is, ms; blocks keep their order. */
  readonly delayMs?: (block: number) => number;
  /** Milliseconds of samples that are left out before a block. */
  readonly skipMs?: (block: number) => number;
}

/** The device. `clockMs`: when its next sample is measured, by its own clock, epoch ms; NaN: it has none. */
export interface ToldDevice {
  readonly clock: ManualClock;
  clockMs: number;
  /** Index of its next sample. */
  position: number;
  /** It introduces itself again. */
  hello(sessionId?: number): void;
  /** So many seconds of arrivals. */
  stream(seconds: number, stretch?: Stretch): void;
  /** A block comes now. */
  block(samples: number): void;
  /** Time passes for the gateway. */
  wait(seconds: number): void;
  /** Codes and sentences that hold now. */
  readonly said: readonly string[];
  /** All that began to hold so far. */
  readonly told: readonly string[];
  readonly clockAheadMs: number;
}

/** Creates a device that has introduced itself and taken its configuration. */
export function createToldDevice(): ToldDevice {
  const clock = createManualClock();
  const random = createRandom(3);
  const noise = Int16Array.from({ length: 1 << 15 }, () => random.normal() * 300);
  const told: string[] = [];
  const watch = createDeviceWatch({
    device: { id: "mcu-1", connect: "mqtt", mode: "raw" },
    expected: ["accel-de"],
    operation: { standbyBelowRpm: 300, dataTimeoutSeconds: 60 },
    clock,
    logger: silentLogger,
    onNews: (_id, { kind, diagnosis }) => {
      if (kind === "onset") told.push(`${diagnosis.code}: ${diagnosis.text}`);
    },
  });
  watch.state("established", "");
  watch.hello(hello);
  watch.configured();
  let sinceTickMs = 0;
  let rest = 0;
  /** By how much the last block came after its stretch was over. */
  let lateMs = 0;
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; ) {
      const step = Math.min(left, 1_000 - sinceTickMs);
      clock.advance(step);
      left -= step;
      sinceTickMs += step;
      if (sinceTickMs >= 1_000) {
        sinceTickMs = 0;
        watch.tick(still, null, unknownModel);
      }
    }
  };
  const receive = (firstSample: number, timestampMs: number, samples: number): void => {
    const from = (firstSample * 7) % (noise.length - samples);
    const arrival = { arrivedMs: clock.nowMs(), arrivedMonotonicMs: clock.monotonicMs() };
    const timestampUs = Number.isNaN(timestampMs) ? 0 : Math.round(timestampMs * 1000);
    const counts = noise.subarray(from, from + samples);
    watch.message(
      { type: "raw-window", channel: 0, firstSample, timestampUs, shaftRpm: 1_500, counts },
      hello,
      arrival,
    );
  };
  const device: ToldDevice = {
    clock,
    clockMs: clock.nowMs(),
    position: 0,
    hello: (sessionId = 7) => watch.hello({ ...hello, sessionId }),
    block: (samples) => {
      receive(device.position, device.clockMs, samples);
      device.position += samples;
      device.clockMs += samples;
    },
    stream: (seconds, stretch = {}) => {
      const { pace = 1, blockS = 0.5, delayMs, skipMs } = stretch;
      const samples = blockS * 1_000;
      const beginMs = clock.monotonicMs() - lateMs;
      const endMs = beginMs + seconds * 1_000;
      // What was measured before and was not a whole block yet.
      let dueMs = beginMs - rest / pace;
      for (let block = 0; ; block++) {
        dueMs += samples / pace;
        const atMs = Math.max(dueMs + (delayMs?.(block) ?? 0), clock.monotonicMs());
        if (dueMs > endMs) {
          rest = samples - (dueMs - endMs) * pace;
          break;
        }
        pass(atMs - clock.monotonicMs());
        const skipped = skipMs?.(block) ?? 0;
        device.position += skipped;
        device.clockMs += skipped;
        device.block(samples);
      }
      pass(Math.max(0, endMs - clock.monotonicMs()));
      lateMs = clock.monotonicMs() - endMs;
    },
    wait: (seconds) => pass(seconds * 1_000),
    get said() {
      return watch.diagnoses.map(({ code, text }) => `${code}: ${text}`);
    },
    told,
    get clockAheadMs() {
      return watch.clockAheadMs;
    },
  };
  return device;
}
