/**
 * The gateway beside one written in Python, on the same frames and the same core, in turns. The peer computes the bundle's
 * features and scores as the gateway does, which is held against the gateway's own; it has no data contract, levels, drift
 * sketches, alarms or record. A second peer takes a short cut and whitens once a window: faster, and other features.
 */
import { join } from "node:path";
import { computeBearingOrders, generatorBearings } from "../../src/core/contract/bundle/bearing-geometry.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { startBenchDevices } from "./bench-devices.ts";
import { startBenchGateway, waitUntilIdle } from "./bench-gateway.ts";
import { type BenchStream, encodeBenchStream } from "./bench-stream.ts";
import { openPeerEnvironment, type PeerEnvironment } from "./peer-environment.ts";
import { type PeerResult, type PeerWhitening, startPeer } from "./peer-process.ts";
import { scoreStream } from "./score-stream.ts";

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

interface GatewayTurn extends Turn {
  readonly decisions: string;
}

interface PeerTurn extends Turn {
  readonly result: PeerResult;
}

/** What both are told. */
interface Course {
  readonly stream: BenchStream;
  /** Windows that all devices together hold. */
  readonly windows: number;
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
  const stream = encodeBenchStream(seconds, startMs);
  const expected = await scoreStream(join(packageRoot(), bundleFolder), stream, orders);
  const course = { stream, windows: expected.windows * devices };
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
  const decisionsEqual = ours.every(({ decisions }) => decisions === unhurried.decisions);
  return {
    devices,
    secondsEach: seconds,
    python: environment.versions,
    gateway: describe(ours),
    peer: describe(same),
    shortCutPeer: describe(short),
    ratio: compare(ours, same),
    ratioToShortCut: compare(ours, short),
    decisionsEqual,
    // A run ends when as many windows are decided as the stream holds; with fewer it fails.
    windowsDecided: course.windows,
    peerWindows: same.map(({ result }) => result.windows),
    peerScoresEqualShare: computeEqualShare(same[0]!.result.scores, expected.scores, devices),
    peerLargestFeatureError: largestDifference(same[0]!.result.firstFeatures, expected.firstFeatures),
    quick,
  };
}

async function runGateway(course: Course, samplesPerSecond: number): Promise<GatewayTurn> {
  const { stream, windows } = course;
  const fleet = await startBenchDevices(devices, stream);
  const gateway = await startBenchGateway({ addresses: fleet.addresses, mqtt: null });
  try {
    const cpuBefore = await gateway.cpuSeconds();
    const before = performance.now();
    await fleet.send(samplesPerSecond);
    // Asked in steps that cost the gateway next to nothing.
    let progressMs = performance.now();
    for (let processed = 0; processed < windows && performance.now() - progressMs < patienceMs; ) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      const next = (await gateway.status()).windows.processed;
      if (next > processed) progressMs = performance.now();
      processed = next;
    }
    const wallSeconds = (performance.now() - before) / 1000;
    const cpuSeconds = (await gateway.cpuSeconds()) - cpuBefore;
    const status = await waitUntilIdle(gateway);
    const { processed, quarantined, dropped } = status.windows;
    if (processed !== windows || quarantined + dropped > 0)
      throw new Error(`the stream holds ${windows} windows: ${JSON.stringify(status.windows)}`);
    const rssMb = await gateway.rssMb();
    return {
      samples: stream.samples * devices,
      wallSeconds,
      cpuSeconds,
      rssMb,
      decisions: status.decisionsDigest,
    };
  } finally {
    await gateway.stop();
    fleet.close();
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
