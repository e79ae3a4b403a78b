/**
 * The packaged gateway at full speed, from its start and then with what follows: it compiles its code while it runs, most of it at
 * first. One of its devices has a fault that grows. A turn ends when as many windows are decided as the stream holds; with fewer it
 * fails.
 */
import { join } from "node:path";
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { computeBearingOrders, generatorBearings } from "../../src/core/contract/bundle/bearing-geometry.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { type StreamPart, startBenchDevices } from "./bench-devices.ts";
import { type BenchGateway, startBenchGateway, waitUntilIdle } from "./bench-gateway.ts";
import { type BenchStream, type BenchStreamOptions, encodeBenchStream } from "./bench-stream.ts";
import { ownCpuSeconds } from "./process-cpu.ts";
import { type StreamScores, scoreStream } from "./score-stream.ts";

/** Channels of a device each. */
export const turnDevices = 16;
/** What the gateway is given to compare its decisions with those at full speed. */
export const unhurriedSamplesPerSecond = 4e6;
/** Without a decided window for so long, none will be. */
const patienceMs = 10_000;

/** The bundle that serves, and the bearing of every point. */
export const turnBundle: string = join(packageRoot(), "models", "bearing-vibration", "1.0.0");
export const turnOrders: BearingOrders = computeBearingOrders(generatorBearings[0]!);

/** What a process took for some samples. */
export interface Turn {
  readonly samples: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

/** From the gateway's start, and what follows. */
export interface GatewayTurn {
  readonly first: Turn;
  readonly next: Turn;
  /** Of the CPU time in what follows, the main thread's share. */
  readonly mainThreadShare: number;
  /** CPU seconds a second that sending takes in what follows, on the same machine. */
  readonly senderCores: number;
  readonly decisions: string;
  /** That stand at the end. */
  readonly alarms: number;
}

/** A stream in two parts, and what it holds. */
interface CourseStream {
  readonly first: BenchStream;
  /** Begins with `first`, to the byte. */
  readonly whole: BenchStream;
  /** What `first` comes to, by the gateway's own code. */
  readonly expected: StreamScores;
  readonly wholeWindows: number;
}

/** What the devices send: the last one's turbine has a fault that grows in the second minute, so that an alarm is decided, too. */
export interface Course {
  readonly healthy: CourseStream;
  readonly failing: CourseStream;
  /** Windows that all devices together hold. */
  readonly firstWindows: number;
  readonly wholeWindows: number;
}

/** So many seconds from the start, and so many after them. */
export async function createCourse(firstSeconds: number, nextSeconds: number): Promise<Course> {
  const healthy = await createStream(firstSeconds, nextSeconds, {});
  const failing = await createStream(firstSeconds, nextSeconds, { isFailing: true });
  const firstWindows = (turnDevices - 1) * healthy.expected.windows + failing.expected.windows;
  const wholeWindows = (turnDevices - 1) * healthy.wholeWindows + failing.wholeWindows;
  return { healthy, failing, firstWindows, wholeWindows };
}

async function createStream(
  firstSeconds: number,
  nextSeconds: number,
  options: BenchStreamOptions,
): Promise<CourseStream> {
  const first = encodeBenchStream(firstSeconds, options);
  const whole = encodeBenchStream(firstSeconds + nextSeconds, options);
  if (!whole.bytes.subarray(0, first.bytes.length).equals(first.bytes))
    throw new Error("a longer stream begins otherwise");
  const expected = await scoreStream(turnBundle, first, turnOrders);
  const { windows: wholeWindows } = await scoreStream(turnBundle, whole, turnOrders);
  return { first, whole, expected, wholeWindows };
}

/** Plays all of it, with so many workers. @throws when a window is missing. */
export async function runGateway(
  course: Course,
  { samplesPerSecond, workers = 0 }: { readonly samplesPerSecond: number; readonly workers?: number },
): Promise<GatewayTurn> {
  const { healthy, failing, firstWindows, wholeWindows } = course;
  const { first, whole } = healthy;
  const fleet = await startBenchDevices(turnDevices, whole, failing.whole);
  const gateway = await startBenchGateway({ addresses: fleet.addresses, mqtt: null, workers });
  const border = first.samples / whole.samples;
  const play = async (part: StreamPart, samples: number, until: number) => {
    const cpuBefore = await gateway.cpuSeconds();
    const mainBefore = await gateway.mainCpuSeconds();
    const senderBefore = ownCpuSeconds();
    const before = performance.now();
    await fleet.send(samplesPerSecond, part);
    await untilDecided(gateway, until);
    const wallSeconds = (performance.now() - before) / 1000;
    const cpuSeconds = (await gateway.cpuSeconds()) - cpuBefore;
    const senderSeconds = ownCpuSeconds() - senderBefore;
    return {
      turn: { samples: samples * turnDevices, wallSeconds, cpuSeconds, rssMb: await gateway.rssMb() },
      mainThreadShare: ((await gateway.mainCpuSeconds()) - mainBefore) / cpuSeconds,
      senderCores: senderSeconds / wallSeconds,
    };
  };
  try {
    const begun = await play({ to: border }, first.samples, firstWindows);
    const { turn, ...shares } = await play({ from: border }, whole.samples - first.samples, wholeWindows);
    const status = await waitUntilIdle(gateway);
    const { processed, quarantined, dropped } = status.windows;
    if (processed !== wholeWindows || quarantined + dropped > 0)
      throw new Error(`the stream holds ${wholeWindows} windows: ${JSON.stringify(status.windows)}`);
    const { alarms } = await gateway.scrape();
    return { first: begun.turn, next: turn, ...shares, decisions: status.decisionsDigest, alarms };
  } finally {
    await gateway.stop();
    fleet.close();
  }
}

/** Asks in steps that cost the gateway next to nothing, as long as it goes on. */
async function untilDecided(gateway: BenchGateway, windows: number): Promise<void> {
  let progressMs = performance.now();
  for (let processed = 0; processed < windows && performance.now() - progressMs < patienceMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    const next = (await gateway.status()).windows.processed;
    if (next > processed) progressMs = performance.now();
    processed = next;
  }
}

/** Smallest, middle and largest. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Of some turns' values, with so many digits after the point. */
export function spread(values: readonly number[], digits: number): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const round = (value: number): number => Number(value.toFixed(digits));
  return {
    min: round(sorted[0]!),
    median: round(sorted[sorted.length >> 1]!),
    max: round(sorted.at(-1)!),
  };
}

export const perWallSecond = ({ samples, wallSeconds }: Turn): number => samples / wallSeconds;
export const perCpuSecond = ({ samples, cpuSeconds }: Turn): number => samples / cpuSeconds;

/** Rates and memory of some turns. */
export function describeTurns(turns: readonly Turn[]): object {
  return {
    samplesPerSecond: spread(turns.map(perWallSecond), 0),
    samplesPerCpuSecond: spread(turns.map(perCpuSecond), 0),
    rssMb: spread(
      turns.map(({ rssMb }) => rssMb),
      0,
    ),
  };
}

/** How much faster than the other's turn after it. CPU time is steadier where others use the machine. */
export function compareTurns(
  ours: readonly Turn[],
  others: readonly Turn[],
): { readonly wall: Spread; readonly cpu: Spread } {
  const ratios = (rate: (turn: Turn) => number): number[] =>
    ours.map((turn, index) => rate(turn) / rate(others[index]!));
  return { wall: spread(ratios(perWallSecond), 2), cpu: spread(ratios(perCpuSecond), 2) };
}
