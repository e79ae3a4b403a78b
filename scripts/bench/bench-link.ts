/**
 * What the device link costs a gateway: frames a second of one core in bulk and read one by one from serial ports, forty
 * ports at 100 Hz, the share of a line that a model update uses, and the time from a device's score to the gateway's
 * hands. Rates are per second of this process' CPU time. Serial ports are pseudo terminals made by socat.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createFrameEncoder, maxFrameBytesOnWire } from "../../firmware-bridge/framing/frame-encoder.ts";
import { createFrameParser } from "../../firmware-bridge/framing/frame-parser.ts";
import { createFramedLink } from "../../firmware-bridge/framing/framed-link.ts";
import type { PacketLink } from "../../firmware-bridge/framing/packet-link.ts";
import { encodeMessage } from "../../firmware-bridge/messages/message-codec.ts";
import { createRawWindowDecoder, encodeRawWindow } from "../../firmware-bridge/messages/raw-window-codec.ts";
import { packetTypes } from "../../firmware-bridge/protocol.ts";
import { createSerialTransport } from "../../firmware-bridge/transports/serial-transport.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { ownCpuSeconds } from "./process-cpu.ts";
import { measureUpdateShare } from "./update-share.ts";

/** The figures; null where socat is missing. */
export interface LinkFigures {
  /** Frames of 96 samples, parsed and decoded. */
  readonly bulkFramesPerSecond: number;
  /** Of the reading process' CPU time; another one writes. */
  readonly singleFrameReadsPerSecond: number | null;
  /** CPU share of one core while forty ports bring 100 frames a second each. */
  readonly fortyPortsCpuShare: number | null;
  readonly fortyPortsFramesPerSecond: number | null;
  /** Image bytes over bytes that a line of 115,200 baud carries in the time; simulated line. */
  readonly updateShareOfLine: number;
  /** From a score's last byte in the terminal to the gateway's hands, milliseconds. */
  readonly scoreLatencyMs: { readonly p50: number; readonly p99: number } | null;
  readonly missing: readonly string[];
}

/** Measures everything, in some twelve seconds. */
export async function measureLink(): Promise<LinkFigures> {
  const hasSocat = (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, "socat")));
  const scratch = createScratchFolder("bench-link");
  const folder = scratch.path;
  try {
    const ports = hasSocat ? await measureForty(folder) : null;
    return {
      bulkFramesPerSecond: measureBulk(),
      singleFrameReadsPerSecond: hasSocat ? await measureSingle(folder) : null,
      fortyPortsCpuShare: ports?.cpuShare ?? null,
      fortyPortsFramesPerSecond: ports?.framesPerSecond ?? null,
      updateShareOfLine: round(measureUpdateShare(), 3),
      scoreLatencyMs: hasSocat ? await measureLatency(folder) : null,
      missing: hasSocat ? [] : ["socat"],
    };
  } finally {
    scratch.remove();
  }
}

const samples = 96;

/** One frame as a small device sends it: 96 samples. */
function createFrame(sequence: number): Uint8Array {
  const encoder = createFrameEncoder();
  const random = createRandom(sequence);
  const counts = Int16Array.from({ length: samples }, () => random.normal() * 2_000);
  const bytes = encodeRawWindow(encoder.payload, {
    type: "raw-window",
    channel: 0,
    firstSample: sequence * samples,
    timestampUs: 0,
    shaftRpm: 1_500,
    counts: counts.subarray(0, samples),
  });
  const out = new Uint8Array(maxFrameBytesOnWire);
  return out.slice(0, encoder.encode(packetTypes.rawWindow, 0, sequence & 0xffff, bytes, out, 0));
}

function measureBulk(): number {
  const frames = 1_000;
  const stream = Buffer.concat(Array.from({ length: frames }, (_, index) => createFrame(index)));
  const chunk = Buffer.alloc(stream.length);
  const decoder = createRawWindowDecoder(samples);
  let decoded = 0;
  const parser = createFrameParser(({ bytes, start, end }) => {
    if (decoder.decode(bytes, start, end) !== undefined) decoded++;
  });
  const run = (): void => {
    stream.copy(chunk);
    parser.push(chunk);
  };
  for (let round = 0; round < 50; round++) run();
  decoded = 0;
  const started = ownCpuSeconds();
  let seconds = 0;
  while (seconds < 1) {
    run();
    seconds = ownCpuSeconds() - started;
  }
  return Math.round(decoded / seconds);
}

/** Two terminals joined; the gateway's end is opened by `serialport`. */
async function openPair(
  folder: string,
  name: string,
): Promise<{ paths: [string, string]; socat: ChildProcess }> {
  const paths: [string, string] = [join(folder, `${name}-device`), join(folder, `${name}-gateway`)];
  const ends = paths.map((path) => `PTY,link=${path},raw,echo=0`);
  const socat = endWithProcess(spawn("socat", ends, { stdio: "ignore" }));
  while (!paths.every((path) => existsSync(path))) await sleep(5);
  return { paths, socat };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function openLink(
  path: string,
  onPacket: () => void,
  onBatchEnd: () => void = () => {},
): Promise<PacketLink> {
  const link = createFramedLink(createSerialTransport(path));
  await link.open({
    onOpen: () => {},
    onPacket,
    onBatchEnd,
    onWritable: () => {},
    onClose: () => {},
  });
  return link;
}

/**
 * One frame a read: another process writes one after the other, with a pause in which it can be read. Reads that found
 * two are counted once.
 */
async function measureSingle(folder: string): Promise<number> {
  const { paths, socat } = await openPair(folder, "single");
  let reads = 0;
  const link = await openLink(
    paths[1],
    () => {},
    () => {
      reads++;
    },
  );
  const writer = spawn(process.execPath, [
    "-e",
    `const fs = require("node:fs");
const frame = Buffer.from(process.argv[1], "hex");
const file = fs.openSync(process.argv[2], "r+");
const never = new Int32Array(new SharedArrayBuffer(4));
for (;;) { fs.writeSync(file, frame); Atomics.wait(never, 0, 0, 0.2); }`,
    Buffer.from(createFrame(1)).toString("hex"),
    paths[0],
  ]);
  while (reads < 500) await sleep(5);
  const before = { cpu: ownCpuSeconds(), reads };
  while (reads < before.reads + 4_000) await sleep(20);
  const rate = (reads - before.reads) / (ownCpuSeconds() - before.cpu);
  writer.kill();
  await link.close();
  socat.kill();
  return Math.round(rate);
}

/** Another process plays forty devices. */
async function measureForty(folder: string): Promise<{ cpuShare: number; framesPerSecond: number }> {
  const pairs = await Promise.all(Array.from({ length: 40 }, (_, index) => openPair(folder, `port${index}`)));
  let frames = 0;
  const links = await Promise.all(
    pairs.map(({ paths }) =>
      openLink(paths[1], () => {
        frames++;
      }),
    ),
  );
  const writer = endWithProcess(
    spawn(process.execPath, [
      "-e",
      `const fs = require("node:fs");
const [hex, ...paths] = process.argv.slice(1);
const frame = Buffer.from(hex, "hex");
const files = paths.map((path) => fs.openSync(path, "r+"));
setInterval(() => { for (const file of files) fs.writeSync(file, frame); }, 10);`,
      Buffer.from(createFrame(1)).toString("hex"),
      ...pairs.map(({ paths }) => paths[0]),
    ]),
  );
  while (frames < 400) await sleep(20);
  const before = { cpu: ownCpuSeconds(), wall: performance.now(), frames };
  await sleep(4_000);
  const wall = (performance.now() - before.wall) / 1000;
  const cpuShare = (ownCpuSeconds() - before.cpu) / wall;
  const framesPerSecond = Math.round((frames - before.frames) / wall);
  writer.kill();
  for (const link of links) await link.close();
  for (const { socat } of pairs) socat.kill();
  return { cpuShare: round(cpuShare, 3), framesPerSecond };
}

async function measureLatency(folder: string): Promise<{ p50: number; p99: number }> {
  const { paths, socat } = await openPair(folder, "latency");
  const device = openSync(paths[0], "r+");
  const encoder = createFrameEncoder();
  const bytes = encodeMessage(
    {
      type: "score",
      channel: 0,
      timestampUs: 0,
      modelVersion: "1.0.0",
      quantised: new Uint8Array(3),
      firstSample: 12_000,
      sampleCount: 12_000,
      shaftRpm: 1_500,
      inputs: new Uint8Array(21),
    },
    encoder.payload,
  );
  const out = new Uint8Array(maxFrameBytesOnWire);
  const frame = out.slice(0, encoder.encode(packetTypes.score, 0, 1, bytes, out, 0));
  let arrived = (): void => {};
  const link = await openLink(paths[1], () => arrived());
  const latencies: number[] = [];
  for (let index = 0; index < 600; index++) {
    const next = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const from = performance.now();
    writeSync(device, frame);
    await next;
    if (index >= 100) latencies.push(performance.now() - from);
    await sleep(2);
  }
  latencies.sort((one, other) => one - other);
  await link.close();
  closeSync(device);
  socat.kill();
  const at = (share: number): number => round(latencies[Math.floor(share * (latencies.length - 1))]!, 2);
  return { p50: at(0.5), p99: at(0.99) };
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
