/**
 * Measures the framing of device messages on one core: frames/s and MB/s of encoding, parsing, and of a whole
 * conversation over loopback TCP (both ends in this process). Run: `npx tsx scripts/bench-framing.ts [--json]`.
 */
import { createDeviceEndpoint } from "../firmware-bridge/device-endpoint.ts";
import { createDeviceSession } from "../firmware-bridge/device-session.ts";
import { createFrameEncoder, maxFrameBytesOnWire } from "../firmware-bridge/frame-encoder.ts";
import { createFrameParser } from "../firmware-bridge/frame-parser.ts";
import { createFramedLink } from "../firmware-bridge/framed-link.ts";
import { maxSamplesPerFrame, packetTypes } from "../firmware-bridge/protocol.ts";
import { createRawWindowDecoder, encodeRawWindow } from "../firmware-bridge/raw-window-codec.ts";
import { createTcpListenerTransport, createTcpTransport } from "../firmware-bridge/tcp-transport.ts";
import { createRandom } from "../src/maths/random.ts";

/** One measured line. */
interface Measurement {
  readonly what: string;
  readonly framesPerSecond: number;
  /** Of bytes on the wire. */
  readonly megabytesPerSecond: number;
  readonly samplesPerSecond: number;
}

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
    const length = encodeRawWindow(
      encoder.payload,
      frame & 1,
      from,
      1.7e15 + frame,
      1500,
      signal,
      from,
      from + maxSamplesPerFrame,
    );
    at = encoder.encode(packetTypes.rawWindow, 0, frame, length, out, at);
  }
  return at;
}

/** Repeats `run`, which handles `bytes` each time, for at least a second. */
function measure(what: string, bytes: number, run: () => void): Measurement {
  for (let round = 0; round < 20; round++) run();
  const started = performance.now();
  let rounds = 0;
  let seconds = 0;
  while (seconds < minSeconds) {
    run();
    rounds++;
    seconds = (performance.now() - started) / 1000;
  }
  return toMeasurement(what, frameCount * rounds, bytes * rounds, seconds);
}

function toMeasurement(what: string, frames: number, bytes: number, seconds: number): Measurement {
  return {
    what,
    framesPerSecond: Math.round(frames / seconds),
    megabytesPerSecond: Math.round(bytes / seconds / 1e5) / 10,
    samplesPerSecond: Math.round((frames * maxSamplesPerFrame) / seconds),
  };
}

function measureCodec(label: string, signal: Int16Array): Measurement[] {
  const stream = Buffer.alloc(frameCount * maxFrameBytesOnWire);
  const length = encodeAll(signal, stream);
  const chunk = Buffer.alloc(chunkBytes);
  const decoder = createRawWindowDecoder(maxSamplesPerFrame);
  let checksum = 0;
  let refused = 0;
  const parser = createFrameParser((_version, _type, _flags, _sequence, bytes, start, end) => {
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
  const started = performance.now();
  let sent = 0;
  while (performance.now() - started < minSeconds * 3000) {
    const from = (sent % frameCount) * maxSamplesPerFrame;
    if (device.sendRawWindow(0, sent, 0, 1500, signal, from, from + maxSamplesPerFrame)) sent++;
    else await device.ready();
  }
  await device.drained();
  const seconds = (performance.now() - started) / 1000;
  const { bytes, lostFrames, badFrames } = session.statistics;
  await session.close();
  await device.close();
  if (samples !== sent * maxSamplesPerFrame || lostFrames + badFrames > 0)
    throw new Error("samples were lost");
  return toMeasurement("session over loopback tcp, both ends", sent, bytes, seconds);
}

const small = createSignal(60);
const large = createSignal(8_000);
const measurements = [
  ...measureCodec("small amplitude", small),
  ...measureCodec("large amplitude", large),
  await measureTcp(large),
];
if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ node: process.version, measurements }));
} else {
  for (const { what, framesPerSecond, megabytesPerSecond, samplesPerSecond } of measurements)
    console.log(
      `${what.padEnd(40)} ${framesPerSecond.toLocaleString("en").padStart(10)} frames/s ${String(megabytesPerSecond).padStart(8)} MB/s ${(samplesPerSecond / 1e6).toFixed(1).padStart(8)} M samples/s`,
    );
}
