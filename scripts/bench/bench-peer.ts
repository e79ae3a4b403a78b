/**
 * The gateway beside one written in Python, on the same frames and the same core, in turns. The peer computes the bundle's
 * features and scores as the gateway does, which is held against the gateway's own; it has no data contract, levels, drift
 * sketches, alarms or record. A second peer takes a short cut and whitens once a window: faster, and other features. The gateway
 * is then given as much again: it compiles its code while it runs, most of it at first, and a peer has nothing to compile.
 */
import { join } from "node:path";
import { computeBearingOrders, generatorBearings } from "../../src/core/contract/bundle/bearing-geometry.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { type StreamPart, startBenchDevices } from "./bench-devices.ts";
import { type BenchGateway, startBenchGateway, waitUntilIdle } from "./bench-gateway.ts";
import { type BenchStream, encodeBenchStream } from "./bench-stream.ts";
import { openPeerEnvironment, type PeerEnvironment } from "./peer-environment.ts";
import { type PeerResult, type PeerWhitening, startPeer } from "./peer-process.ts";
import { type StreamScores, scoreStream } from "./score-stream.ts";

const devices = 16;
const alternations = 3;
const startMs = Date.UTC(2026, 0, 1);
/** What the gateway is given to compare its decisions with those at full speed. */
const unhurriedSamplesPerSecond = 4e6;
/** Without a decided window for so long, none will be. */
const patienceMs = 10_000;
const bundleFolder = join("models", "bearing-vibration", "1.0.0");

const orders = computeBearingOrders(generatorBearings[0]!);

interface Turn {
  readonly samples: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

/** From the gateway's start, and as much signal again. */
interface GatewayTurn {
  readonly first: Turn;
  readonly next: Turn;
  readonly decisions: string;
}

interface PeerTurn extends Turn {
  readonly result: PeerResult;
}

/** What both are told, and as much again for the gateway alone. */
interface Course {
  readonly stream: BenchStream;
  /** Begins with `stream`, to the byte. */
  readonly twice: BenchStream;
  /** Windows that all devices together hold. */
  readonly windows: number;
  readonly twiceWindows: number;
}

async function createCourse(seconds: number): Promise<Course & { readonly expected: StreamScores }> {
  const stream = encodeBenchStream(seconds, startMs);
  const twice = encodeBenchStream(2 * seconds, startMs);
  if (!twice.bytes.subarray(0, stream.bytes.length).equals(stream.bytes))
    throw new Error("twice as long a stream begins otherwise");
  const folder = join(packageRoot(), bundleFolder);
  const expected = await scoreStream(folder, stream, orders);
  const twiceWindows = devices * (await scoreStream(folder, twice, orders)).windows;
  return { stream, twice, windows: devices * expected.windows, twiceWindows, expected };
}

/** Measures; without a Python to compare with it says what is missing. */
export async function measurePeer(
  quick: boolean,
  say: (text: string) => void,
): Promise<Readonly<Record<string, unknown>>> {
  say("a Python for the peer ...");
  const environment = await openPeerEnvironment();
  if ("missing" in environment) return { skipped: environment.missing };
  const seconds = quick ? 120 : 600;
  const { expected, ...course } = await createCourse(seconds);
  say("unhurried, to compare decisions ...");
  const unhurried = await runGateway(course, unhurriedSamplesPerSecond);
  const ours: GatewayTurn[] = [];
  const same: PeerTurn[] = [];
  const short: PeerTurn[] = [];
  for (let turn = 1; turn <= alternations; turn++) {
    say(`turn ${turn} of ${alternations}: gateway, peer, peer with a short cut ...`);
    ours.push(await runGateway(course, Number.POSITIVE_INFINITY));
    same.push(await runPeer(environment, course, "block"));
    short.push(await runPeer(environment, course, "window"));
  }
  const first = ours.map((turn) => turn.first);
  const next = ours.map((turn) => turn.next);
  const decisionsEqual = ours.every(({ decisions }) => decisions === unhurried.decisions);
  return {
    devices,
    secondsEach: seconds,
    python: environment.versions,
    gateway: describe(first),
    gatewayAfterwards: describe(next),
    peer: describe(same),
    shortCutPeer: describe(short),
    ratio: compare(first, same),
    ratioAfterwards: compare(next, same),
    ratioToShortCut: compare(first, short),
    ratioToShortCutAfterwards: compare(next, short),
    decisionsEqual,
    // A run ends when as many windows are decided as the stream holds; with fewer it fails.
    windowsDecided: course.twiceWindows,
    peerWindows: same.map(({ result }) => result.windows),
    peerScoresEqualShare: computeEqualShare(same[0]!.result.scores, expected.scores, devices),
    peerLargestFeatureError: largestDifference(same[0]!.result.firstFeatures, expected.firstFeatures),
    quick,
  };
}

async function runGateway(course: Course, samplesPerSecond: number): Promise<GatewayTurn> {
  const { stream, twice, windows, twiceWindows } = course;
  const fleet = await startBenchDevices(devices, twice);
  const gateway = await startBenchGateway({ addresses: fleet.addresses, mqtt: null });
  const half = stream.bytes.length / twice.bytes.length;
  const play = async (part: StreamPart, until: number): Promise<Turn> => {
    const cpuBefore = await gateway.cpuSeconds();
    const before = performance.now();
    await fleet.send(samplesPerSecond, part);
    await untilDecided(gateway, until);
    const wallSeconds = (performance.now() - before) / 1000;
    const cpuSeconds = (await gateway.cpuSeconds()) - cpuBefore;
    return { samples: stream.samples * devices, wallSeconds, cpuSeconds, rssMb: await gateway.rssMb() };
  };
  try {
    const first = await play({ to: half }, windows);
    const next = await play({ from: half }, twiceWindows);
    const status = await waitUntilIdle(gateway);
    const { processed, quarantined, dropped } = status.windows;
    if (processed !== twiceWindows || quarantined + dropped > 0)
      throw new Error(`the stream holds ${twiceWindows} windows: ${JSON.stringify(status.windows)}`);
    return { first, next, decisions: status.decisionsDigest };
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

async function runPeer(
  environment: PeerEnvironment,
  { stream, windows }: Course,
  whitening: PeerWhitening,
): Promise<PeerTurn> {
  const fleet = await startBenchDevices(devices, stream);
  try {
    const peer = await startPeer({
      environment,
      bundle: join(packageRoot(), bundleFolder),
      orders: { ...orders },
      samplesPerDevice: stream.samples,
      whitening,
      addresses: fleet.addresses,
    });
    const before = performance.now();
    // It hangs up when it has what it wants.
    const sent = fleet.send(Number.POSITIVE_INFINITY).catch(() => {});
    const result = await peer.result;
    const wallSeconds = (performance.now() - before) / 1000;
    await sent;
    if (result.samples !== stream.samples * devices || result.windows !== windows)
      throw new Error(`the stream holds ${windows} windows: ${result.windows} of ${result.samples} samples`);
    const { samples, cpuSeconds, rssMb } = result;
    return { samples, wallSeconds, cpuSeconds, rssMb, result };
  } finally {
    fleet.close();
  }
}

/** Smallest, middle and largest. */
interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

function spread(values: readonly number[], digits: number): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const round = (value: number): number => Number(value.toFixed(digits));
  return {
    min: round(sorted[0]!),
    median: round(sorted[sorted.length >> 1]!),
    max: round(sorted.at(-1)!),
  };
}

const perWallSecond = ({ samples, wallSeconds }: Turn): number => samples / wallSeconds;
const perCpuSecond = ({ samples, cpuSeconds }: Turn): number => samples / cpuSeconds;

function describe(turns: readonly Turn[]): object {
  return {
    samplesPerSecond: spread(turns.map(perWallSecond), 0),
    samplesPerCpuSecond: spread(turns.map(perCpuSecond), 0),
    rssMb: spread(
      turns.map(({ rssMb }) => rssMb),
      0,
    ),
  };
}

/** How much faster than the peer's turn after it. CPU time is steadier where others use the machine. */
function compare(ours: readonly Turn[], peers: readonly Turn[]): object {
  const ratios = (rate: (turn: Turn) => number): number[] =>
    ours.map((turn, index) => rate(turn) / rate(peers[index]!));
  return { wall: spread(ratios(perWallSecond), 2), cpu: spread(ratios(perCpuSecond), 2) };
}

/** Share of windows to which the peer gave the gateway's integers; all devices send the same. */
function computeEqualShare(
  peer: Readonly<Record<string, number>>,
  own: ReadonlyMap<string, number>,
  copies: number,
): number {
  let equal = 0;
  let all = 0;
  for (const [key, count] of own) {
    equal += Math.min(count * copies, peer[key] ?? 0);
    all += count * copies;
  }
  return equal / all;
}

function largestDifference(one: readonly number[], other: readonly number[]): number {
  if (one.length !== other.length)
    throw new Error(`${one.length} features of the peer, ${other.length} of ours`);
  return Math.max(...one.map((value, index) => Math.abs(value - other[index]!)));
}
