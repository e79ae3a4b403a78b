/**
 * Measures the framing of device messages: frames/s and MB/s of checksums, encoding, parsing, and of a whole conversation
 * over loopback TCP (both ends in this process). Rates are per second of this process' CPU time, so that other work on the
 * machine counts little. Run: `npx tsx scripts/bench-framing.ts [--json]`.
 */
import { crc32 as zlibCrc32 } from "node:zlib";
import { computeCrc32 } from "../firmware-bridge/framing/crc32.ts";
import { createFrameEncoder, maxFrameBytesOnWire } from "../firmware-bridge/framing/frame-encoder.ts";
import { createFrameParser } from "../firmware-bridge/framing/frame-parser.ts";
import { createFramedLink } from "../firmware-bridge/framing/framed-link.ts";
import { createRawWindowDecoder, encodeRawWindow } from "../firmware-bridge/messages/raw-window-codec.ts";
import { maxSamplesPerFrame, packetTypes } from "../firmware-bridge/protocol.ts";
import { createDeviceEndpoint } from "../firmware-bridge/session/device-endpoint.ts";
import { createDeviceSession } from "../firmware-bridge/session/device-session.ts";
import {
  createTcpListenerTransport,
  createTcpTransport,
} from "../firmware-bridge/transports/tcp-transport.ts";
import { createRandom } from "../src/core/maths/random.ts";
import { ownCpuSeconds } from "./bench/process-cpu.ts";
import { readOptions } from "./suite-options.ts";

/** One measured line. */
interface Measurement {
  readonly what: string;
  readonly framesPerSecond: number;
  /** Of bytes on the wire. */
  readonly megabytesPerSecond: number;
  readonly samplesPerSecond: number;
}

const { values } = readOptions({
  command: "npx tsx scripts/bench-framing.ts",
  does: "Frames and bytes a second of the framing of device messages.",
  options: { json: { type: "boolean", default: false, means: "one line of JSON" } },
});
const random = createRandom(20);
const frameCount = 400;
const chunkBytes = 65_536;
const minSeconds = 1;

/** Samples of white noise: a small amplitude has many zero bytes, a large one has long runs without any. */
function createSignal(standardDeviation: number): Int16Array {
  return Int16Array.from({ length: maxSamplesPerFrame * frameCount }, () =>
    Math.max(-32_768, Math.min(32_767, Math.round(random.normal() * standardDeviation))),
  );
}

/** Writes all frames of a signal, returns the bytes used. */
function encodeAll(signal: Int16Array, out: Uint8Array): number {
  const encoder = createFrameEncoder();
  let at = 0;
  for (let frame = 0; frame < frameCount; frame++) {
    const from = frame * maxSamplesPerFrame;
    const length = encodeRawWindow(encoder.payload, {
      type: "raw-window",
      channel: frame & 1,
      firstSample: from,
      timestampUs: 1.7e15 + frame,
      shaftRpm: 1500,
      counts: signal.subarray(from, from + maxSamplesPerFrame),
    });
    at = encoder.encode(packetTypes.rawWindow, 0, frame, length, out, at);
  }
  return at;
}

/** Repeats `run`, which handles `bytes` in `frameCount` frames each time, for at least a second. */
function measure(what: string, bytes: number, run: () => void): Measurement {
  for (let round = 0; round < 20; round++) run();
  const started = ownCpuSeconds();
  let rounds = 0;
  let seconds = 0;
  while (seconds < minSeconds) {
    run();
    rounds++;
    seconds = ownCpuSeconds() - started;
  }
  return toMeasurement(what, { frames: frameCount * rounds, bytes: bytes * rounds, seconds });
}

function toMeasurement(
  what: string,
  { frames, bytes, seconds }: { readonly frames: number; readonly bytes: number; readonly seconds: number },
): Measurement {
  return {
    what,
    framesPerSecond: Math.round(frames / seconds),
    megabytesPerSecond: Math.round(bytes / seconds / 1e5) / 10,
    samplesPerSecond: Math.round((frames * maxSamplesPerFrame) / seconds),
  };
}

/** Slicing-by-8 (Kounavis & Berry, 2005): the alternative to zlib, for comparison. */
function createSlicingCrc(): (bytes: Uint8Array, start: number, end: number) => number {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  const first = tables[0]!;
  for (let index = 0; index < 256; index++) {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    first[index] = crc;
  }
  for (let slice = 1; slice < 8; slice++)
    for (let index = 0; index < 256; index++) {
      const previous = tables[slice - 1]![index]!;
      tables[slice]![index] = (previous >>> 8) ^ first[previous & 255]!;
    }
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  return (bytes, start, end) => {
    let crc = -1;
    let at = start;
    for (; at + 8 <= end; at += 8) {
      crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      crc =
        t7[crc & 255]! ^
        t6[(crc >>> 8) & 255]! ^
        t5[(crc >>> 16) & 255]! ^
        t4[crc >>> 24]! ^
        t3[bytes[at + 4]!]! ^
        t2[bytes[at + 5]!]! ^
        t1[bytes[at + 6]!]! ^
        t0[bytes[at + 7]!]!;
    }
    for (; at < end; at++) crc = t0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
    return ~crc >>> 0;
  };
}

function measureChecksums(): Measurement[] {
  const frameBytes = 2 * maxSamplesPerFrame;
  const bytes = Buffer.from(createSignal(8_000).buffer).subarray(0, frameCount * frameBytes);
  const slicing = createSlicingCrc();
  if (slicing(bytes, 0, bytes.length) !== zlibCrc32(bytes)) throw new Error("the checksums differ");
  const runAll = (compute: typeof slicing) => () => {
    for (let from = 0; from < bytes.length; from += frameBytes) compute(bytes, from, from + frameBytes);
  };
  return [
    measure("CRC-32, zlib (used)", bytes.length, runAll(computeCrc32)),
    measure("CRC-32, slicing-by-8", bytes.length, runAll(slicing)),
  ];
}

function measureCodec(label: string, signal: Int16Array): Measurement[] {
  const stream = Buffer.alloc(frameCount * maxFrameBytesOnWire);
  const length = encodeAll(signal, stream);
  const chunk = Buffer.alloc(chunkBytes);
  const decoder = createRawWindowDecoder(maxSamplesPerFrame);
  let checksum = 0;
  let refused = 0;
  const parser = createFrameParser(({ bytes, start, end }) => {
    const message = decoder.decode(bytes, start, end);
    if (message === undefined) refused++;
    else checksum += message.counts[message.counts.length - 1]!;
  });
  const scratch = Buffer.alloc(stream.length);
  const measurements = [
    measure(`encode, ${label}`, length, () => encodeAll(signal, scratch)),
    measure(`parse and decode, ${label}`, length, () => {
      // The parser overwrites its input, so each chunk is a fresh copy, as a read into one buffer would be.
      for (let from = 0; from < length; from += chunkBytes) {
        const to = Math.min(from + chunkBytes, length);
        stream.copy(chunk, 0, from, to);
        parser.push(chunk.subarray(0, to - from));
      }
    }),
  ];
  if (refused > 0 || parser.counters.badFrames > 0 || checksum === 0)
    throw new Error("frames were not understood");
  return measurements;
}

async function measureTcp(signal: Int16Array): Promise<Measurement> {
  const listener = createTcpListenerTransport("127.0.0.1", 0);
  const channels = [{ name: "x", unit: "g", sampleRateHz: 12_000, scale: 1 }];
  const device = createDeviceEndpoint({
    link: createFramedLink(listener),
    deviceId: "bench",
    firmware: "bench",
    sessionId: 1,
    channels,
    random,
    limits: { maxInFlightFrames: 512 },
  });
  await device.open();
  let samples = 0;
  const session = createDeviceSession({
    link: createFramedLink(createTcpTransport("127.0.0.1", listener.port)),
    gatewayId: "bench",
    runtimeVersion: "0",
    mode: "raw",
    random,
    onHello: () => {},
    onMessage: (message) => {
      if (message.type === "raw-window") samples += message.counts.length;
    },
  });
  await session.open();
  await device.ready();
  const started = ownCpuSeconds();
  let sent = 0;
  while (sent % 1000 !== 0 || ownCpuSeconds() - started < minSeconds * 3) {
    const from = (sent % frameCount) * maxSamplesPerFrame;
    if (
      device.send({
        type: "raw-window",
        channel: 0,
        firstSample: sent,
        timestampUs: 0,
        shaftRpm: 1500,
        counts: signal.subarray(from, from + maxSamplesPerFrame),
      })
    )
      sent++;
    else await device.ready();
  }
  await device.drained();
  const seconds = ownCpuSeconds() - started;
  const { bytes, lostFrames, badFrames } = session.statistics;
  await session.close();
  await device.close();
  if (samples !== sent * maxSamplesPerFrame || lostFrames + badFrames > 0)
    throw new Error("samples were lost");
  return toMeasurement("session over loopback tcp, both ends", { frames: sent, bytes, seconds });
}

const small = createSignal(60);
const large = createSignal(8_000);
const measurements = [
  ...measureChecksums(),
  ...measureCodec("small amplitude", small),
  ...measureCodec("large amplitude", large),
  await measureTcp(large),
];
if (values.json) {
  console.log(JSON.stringify({ node: process.version, measurements }));
} else {
  for (const { what, framesPerSecond, megabytesPerSecond, samplesPerSecond } of measurements)
    console.log(
      `${what.padEnd(40)} ${framesPerSecond.toLocaleString("en").padStart(10)} frames/s ${String(megabytesPerSecond).padStart(8)} MB/s ${(samplesPerSecond / 1e6).toFixed(1).padStart(8)} M samples/s`,
    );
}
