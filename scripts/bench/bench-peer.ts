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

/** By how many steps of the student's integers a score of the peer's may differ: its sums are rounded in another order. */
const toleratedSteps = 1;

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
  /** That stood at the end of each of the gateway's runs. */
  readonly alarms?: readonly number[];
  /** Share of windows in which no integer of the peer's is further from the gateway's than is tolerated, 0 to 1. */
  readonly peerScoresWithinToleranceShare?: number;
  /** Share of windows in which the peer has the gateway's integers, 0 to 1. */
  readonly peerScoresEqualShare?: number;
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
  const expected = Array.from(
    { length: turnDevices },
    (_, index) => (index === turnDevices - 1 ? course.failing : course.healthy).expected.scores,
  );
  const scores = same.map(({ result }) => comparePeerScores(result.scores, expected));
  const decisionsEqual = ours.every(({ decisions }) => decisions === unhurried.decisions);
  const ratio = compareTurns(first, same);
  return {
    devices: turnDevices,
    secondsEach: seconds,
    node: process.version,
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
    alarms: [unhurried, ...ours].map(({ alarms }) => alarms),
    windowsDecided: course.wholeWindows,
    peerWindows: same.map(({ result }) => result.windows),
    peerScoresEqualShare: Math.min(...scores.map(({ equalShare }) => equalShare)),
    peerScoresWithinToleranceShare: Math.min(...scores.map(({ withinShare }) => withinShare)),
    peerScoreToleranceSteps: toleratedSteps,
    peerLargestFeatureError: largestDifference(
      same[0]!.result.firstFeatures,
      course.healthy.expected.firstFeatures,
    ),
    quick,
  };
}

async function runPeer(
  environment: PeerEnvironment,
  { healthy: { first: stream }, failing, firstWindows }: Course,
  whitening: PeerWhitening,
): Promise<PeerTurn> {
  const fleet = await startBenchDevices(turnDevices, stream, failing.first);
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

/** What two say of the same windows, as shares of all. */
export interface ScoreAgreement {
  readonly equalShare: number;
  /** No integer is further off than is tolerated. */
  readonly withinShare: number;
}

/** Holds hexadecimal outputs against others, window by window of each device. @throws Error where one has other windows */
export function comparePeerScores(
  peer: readonly (readonly string[])[],
  own: readonly (readonly string[])[],
): ScoreAgreement {
  let [all, equal, within] = [0, 0, 0];
  for (const [device, scores] of own.entries()) {
    const others = peer[device] ?? [];
    if (others.length !== scores.length)
      throw new Error(`device ${device + 1} holds ${scores.length} windows, the peer found ${others.length}`);
    for (const [index, score] of scores.entries()) {
      const other = others[index]!;
      all++;
      if (other === score) equal++;
      if (largestDifference(readBytes(other), readBytes(score)) <= toleratedSteps) within++;
    }
  }
  if (all === 0) throw new Error("there are no windows to compare");
  return { equalShare: equal / all, withinShare: within / all };
}

const readBytes = (text: string): readonly number[] => [...Buffer.from(text, "hex")];

function largestDifference(one: readonly number[], other: readonly number[]): number {
  if (one.length !== other.length)
    throw new Error(`${one.length} numbers of the peer, ${other.length} of ours`);
  return Math.max(...one.map((value, index) => Math.abs(value - other[index]!)));
}
