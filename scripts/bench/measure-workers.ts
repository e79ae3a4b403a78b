/** What workers bring: the gateway on one core and with a worker for each of two, in turns, from its start and afterwards. */
import {
  compareTurns,
  createCourse,
  describeTurns,
  type GatewayTurn,
  runGateway,
  spread,
} from "./gateway-turns.ts";

/** On two cores one more than they have beside the main thread: none idles while another waits. */
const workers = 2;
/** Of each device's stream from the start, in which most is compiled, and what follows. */
const firstSeconds = 600;
const nextSeconds = 2400;
/** By the clock on the wall, in which the sender has its share of the same cores. */
const wantedTimes = 1.8;

/** Figures by name. */
type FirstMinutes = Readonly<Record<string, unknown>> & {
  readonly decisionsEqual: boolean;
  /** That stood at the end of each turn. */
  readonly alarms: readonly number[];
};

/** The same; `missing` says by how much they are slower than is wanted. */
export type WorkersReport = FirstMinutes & { readonly missing: readonly string[] };

/** Measures both, in so many turns. */
export async function measureWorkers(turns: number, say: (text: string) => void): Promise<WorkersReport> {
  const played = await play(nextSeconds, turns, say);
  const { alone, shared } = played;
  const nextOf = (gateways: readonly GatewayTurn[]) => gateways.map(({ next }) => next);
  const times = compareTurns(nextOf(shared), nextOf(alone));
  return {
    ...describeFirst(played),
    secondsAfterwards: nextSeconds,
    afterwards: { oneCore: describeTurns(nextOf(alone)), workers: describeTurns(nextOf(shared)) },
    timesAsFastAfterwards: times,
    wantedTimes,
    missing:
      times.wall.median < wantedTimes ? [`${times.wall.median} times as fast instead of ${wantedTimes}`] : [],
    mainThreadShare: spread(
      shared.map(({ mainThreadShare }) => mainThreadShare),
      2,
    ),
    senderCores: spread(
      shared.map(({ senderCores }) => senderCores),
      2,
    ),
  };
}

/** Measures what comes from the start alone, in so many turns. */
export async function measureFirstMinutes(turns: number, say: (text: string) => void): Promise<FirstMinutes> {
  return describeFirst(await play(0, turns, say));
}

interface Played {
  readonly alone: readonly GatewayTurn[];
  readonly shared: readonly GatewayTurn[];
}

async function play(seconds: number, turns: number, say: (text: string) => void): Promise<Played> {
  const course = await createCourse(firstSeconds, seconds);
  const alone: GatewayTurn[] = [];
  const shared: GatewayTurn[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    say(`turn ${turn} of ${turns}: one core, ${workers} workers on all cores ...`);
    alone.push(await runGateway(course, { samplesPerSecond: Number.POSITIVE_INFINITY }));
    shared.push(await runGateway(course, { samplesPerSecond: Number.POSITIVE_INFINITY, workers }));
  }
  return { alone, shared };
}

function describeFirst({ alone, shared }: Played): FirstMinutes {
  const firstOf = (gateways: readonly GatewayTurn[]) => gateways.map(({ first }) => first);
  const all = [...alone, ...shared];
  return {
    workers,
    secondsFromTheStart: firstSeconds,
    fromTheStart: { oneCore: describeTurns(firstOf(alone)), workers: describeTurns(firstOf(shared)) },
    timesAsFastFromTheStart: compareTurns(firstOf(shared), firstOf(alone)),
    decisionsEqual: all.every(({ decisions }) => decisions === all[0]!.decisions),
    alarms: all.map(({ alarms }) => alarms),
  };
}
