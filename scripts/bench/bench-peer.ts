/**
 * The gateway beside one written in Python, on the same frames and the same core, in turns. The peer computes the bundle's
 * features and scores as the gateway does, which is held against the gateway's own; it has no data contract, levels, drift
 * sketches, alarms or record. A second peer takes a short cut and whitens once a window: faster, and other features. The gateway
 * is then given as much again: it compiles its code while it runs, most of it at first, and a peer has nothing to compile.
 */
import { startBenchDevices } from "./bench-devices.ts";
import {
  type Course,
  compareTurns,
  createCourse,
  describeTurns,
  type GatewayTurn,
  runGateway,
  type Turn,
  turnBundle,
  turnDevices,
  turnOrders,
  unhurriedSamplesPerSecond,
} from "./gateway-turns.ts";
import { openPeerEnvironment, type PeerEnvironment } from "./peer-environment.ts";
import { type PeerResult, type PeerWhitening, startPeer } from "./peer-process.ts";

const alternations = 3;
/** How many times as fast as the peer from the start, by the clock on the wall: what must be true, and what is wanted. */
const limits = { must: 2, aim: 3 };

interface PeerTurn extends Turn {
  readonly result: PeerResult;
}

/** What a ratio misses, and whether that is more than may be. */
export interface PeerVerdict {
  readonly missed: readonly string[];
  readonly isBelowMust: boolean;
}

/** Holds how many times as fast the gateway is against its limits. */
export function judgePeerRatio(times: number): PeerVerdict {
  const { must, aim } = limits;
  if (times >= aim) return { missed: [], isBelowMust: false };
  const isBelowMust = times < must;
  const wanted = isBelowMust ? `${must.toFixed(1)}, which it must be` : `${aim.toFixed(1)}, which is wanted`;
  return { missed: [`${times} times as fast as the peer instead of ${wanted}`], isBelowMust };
}

/** Figures by name; without a Python to compare with only `skipped`. */
export interface PeerReport extends Partial<PeerVerdict> {
  readonly skipped?: string;
  readonly decisionsEqual?: boolean;
  readonly [figure: string]: unknown;
}

/** Measures; without a Python to compare with it says what is missing. */
export async function measurePeer(quick: boolean, say: (text: string) => void): Promise<PeerReport> {
  say("a Python for the peer ...");
  const environment = await openPeerEnvironment();
  if ("missing" in environment) return { skipped: environment.missing };
  const seconds = quick ? 120 : 600;
  const course = await createCourse(seconds, seconds);
  say("unhurried, to compare decisions ...");
  const unhurried = await runGateway(course, { samplesPerSecond: unhurriedSamplesPerSecond });
  const ours: GatewayTurn[] = [];
  const same: PeerTurn[] = [];
  const short: PeerTurn[] = [];
  for (let turn = 1; turn <= alternations; turn++) {
    say(`turn ${turn} of ${alternations}: gateway, peer, peer with a short cut ...`);
    ours.push(await runGateway(course, { samplesPerSecond: Number.POSITIVE_INFINITY }));
    same.push(await runPeer(environment, course, "block"));
    short.push(await runPeer(environment, course, "window"));
  }
  const first = ours.map((turn) => turn.first);
  const next = ours.map((turn) => turn.next);
  const decisionsEqual = ours.every(({ decisions }) => decisions === unhurried.decisions);
  const ratio = compareTurns(first, same);
  return {
    devices: turnDevices,
    secondsEach: seconds,
    python: environment.versions,
    gateway: describeTurns(first),
    gatewayAfterwards: describeTurns(next),
    peer: describeTurns(same),
    shortCutPeer: describeTurns(short),
    ratio,
    limits,
    ...judgePeerRatio(ratio.wall.median),
    ratioAfterwards: compareTurns(next, same),
    ratioToShortCut: compareTurns(first, short),
    ratioToShortCutAfterwards: compareTurns(next, short),
    decisionsEqual,
    windowsDecided: course.wholeWindows,
    peerWindows: same.map(({ result }) => result.windows),
    peerScoresEqualShare: computeEqualShare(same[0]!.result.scores, course.expected.scores, turnDevices),
    peerLargestFeatureError: largestDifference(same[0]!.result.firstFeatures, course.expected.firstFeatures),
    quick,
  };
}

async function runPeer(
  environment: PeerEnvironment,
  { first: stream, firstWindows }: Course,
  whitening: PeerWhitening,
): Promise<PeerTurn> {
  const fleet = await startBenchDevices(turnDevices, stream);
  try {
    const peer = await startPeer({
      environment,
      bundle: turnBundle,
      orders: { ...turnOrders },
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
    if (result.samples !== stream.samples * turnDevices || result.windows !== firstWindows)
      throw new Error(
        `the stream holds ${firstWindows} windows: ${result.windows} of ${result.samples} samples`,
      );
    const { samples, cpuSeconds, rssMb } = result;
    return { samples, wallSeconds, cpuSeconds, rssMb, result };
  } finally {
    fleet.close();
  }
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
