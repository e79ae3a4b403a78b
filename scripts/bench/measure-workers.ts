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

/** Figures by name; `missing` says by how much they are slower than is wanted. */
export type WorkersReport = Readonly<Record<string, unknown>> & {
  readonly missing: readonly string[];
  readonly decisionsEqual: boolean;
};

/** Measures both, in so many turns. */
export async function measureWorkers(turns: number, say: (text: string) => void): Promise<WorkersReport> {
  const course = await createCourse(firstSeconds, nextSeconds);
  const alone: GatewayTurn[] = [];
  const shared: GatewayTurn[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    say(`turn ${turn} of ${turns}: one core, ${workers} workers on all cores ...`);
    alone.push(await runGateway(course, { samplesPerSecond: Number.POSITIVE_INFINITY }));
    shared.push(await runGateway(course, { samplesPerSecond: Number.POSITIVE_INFINITY, workers }));
  }
  const nextOf = (played: readonly GatewayTurn[]) => played.map(({ next }) => next);
  const firstOf = (played: readonly GatewayTurn[]) => played.map(({ first }) => first);
  const times = compareTurns(nextOf(shared), nextOf(alone));
  return {
    workers,
    secondsFromTheStart: firstSeconds,
    secondsAfterwards: nextSeconds,
    fromTheStart: { oneCore: describeTurns(firstOf(alone)), workers: describeTurns(firstOf(shared)) },
    afterwards: { oneCore: describeTurns(nextOf(alone)), workers: describeTurns(nextOf(shared)) },
    timesAsFastFromTheStart: compareTurns(firstOf(shared), firstOf(alone)),
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
    decisionsEqual: [...alone, ...shared].every(({ decisions }) => decisions === alone[0]!.decisions),
  };
}
