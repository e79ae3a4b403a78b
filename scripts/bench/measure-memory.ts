/**
 * Resident memory of the packaged gateway under 50 windows a second, for both profiles, and the time from its start to its first
 * prediction. `hours` above 0 instead plays that load for so many hours of signal and gives the curve with its slope.
 */
import { readFile } from "node:fs/promises";
import { computeMedian } from "../../src/core/maths/robust.ts";
import { startBenchDevices } from "./bench-devices.ts";
import { type GatewayStatus, startBenchGateway, waitUntilIdle } from "./bench-gateway.ts";
import { type BenchStream, benchRateHz, encodeBenchStream, failingSeconds } from "./bench-stream.ts";
import { describeStarts, judgeStart, type Profile, profiles, timeStarts } from "./measure-starts.ts";

const devices = 16;

/** What must be true: MB after the load. */
const limitsMb = { standard: 110, small: 75 };
/** Memory of the long run grows where its slope, two standard errors taken off, is more than so many MB in an hour of signal. */
const mostMbPerHour = 0.5;

/** 50 windows a second of the shipped bundle; the quick run plays its two minutes eight times as fast. */
const samplesPerSecond = 600_000;
const fullLoad = { minutes: 10, pace: 1 };
const quickLoad = { minutes: 2, pace: 8 };

interface CurvePoint {
  /** Of signal. */
  readonly seconds: number;
  readonly rssMb: number;
}

interface LoadRun {
  readonly rssMb: number;
  readonly peakMb: number;
  readonly windows: number;
  readonly cpuSeconds: number;
  readonly decisionsDigest: string;
  /** That stand at the end. */
  readonly alarms: number;
  readonly loadsNativeEngine: boolean;
  readonly curve: readonly CurvePoint[];
}

export interface MemoryOptions {
  readonly quick: boolean;
  /** Signal of the long run; 0: none, but the load of ten minutes and the starts. */
  readonly hours: number;
  /** How much faster than it was recorded the long run's signal is played. */
  readonly pace: number;
  readonly say: (text: string) => void;
}

/** Limits that do not hold, of memory and of the start, and what may never be: too much memory too, but not a slow start. */
export interface MemoryVerdict {
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
}

/** Figures by name. */
export type MemoryReport = Readonly<Record<string, unknown>> & MemoryVerdict;

/** Holds a profile's megabytes and its milliseconds to the first prediction against their limits. */
export function judgeMemory(
  profile: Profile,
  { rssMb, startMs }: { readonly rssMb: number; readonly startMs: number },
): MemoryVerdict {
  const wrong: string[] = [];
  const limitMb = limitsMb[profile];
  if (!(rssMb <= limitMb)) wrong.push(`${profile}: ${rssMb.toFixed(1)} MB, the limit is ${limitMb}`);
  return { missed: [...wrong, ...judgeStart(profile, startMs)], wrong };
}

/** Holds the slope of a long run, MB in an hour of signal, against what may be; says what is wrong. */
export function judgeSlope({
  slope,
  standardError,
}: {
  readonly slope: number;
  readonly standardError: number;
}): readonly string[] {
  const least = slope - 2 * standardError;
  return least > mostMbPerHour
    ? [
        `memory grows by ${slope.toFixed(2)} MB an hour of signal (standard error ${standardError.toFixed(2)})`,
      ]
    : [];
}

/**
 * Measures all.
 * @throws when the bundle cannot be made, or a gateway ends.
 */
export async function measureMemory({ quick, hours, pace, say }: MemoryOptions): Promise<MemoryReport> {
  if (hours > 0) return measureLong({ hours, pace, say });
  const load = quick ? quickLoad : fullLoad;
  const stream = encodeLoad(load.minutes * 60);
  const failing = encodeBenchStream(failingSeconds, { isFailing: true });
  const runs: Partial<Record<Profile, LoadRun>> = {};
  const failingRuns: LoadRun[] = [];
  const startTimes: Partial<Record<Profile, readonly number[]>> = {};
  for (const profile of profiles) {
    say(`${load.minutes} minutes at 50 windows a second, profile ${profile} ...`);
    runs[profile] = await play(stream, { profile, pace: load.pace, everySeconds: quick ? 2 : 10 });
    startTimes[profile] = await timeStarts(profile, say);
    say(`a fault that grows, profile ${profile} ...`);
    failingRuns.push(await play(failing, { profile, pace: quickLoad.pace, everySeconds: 10 }));
  }
  const alarms = failingRuns.map((run) => run.alarms);
  const wrong = [...compareDecisions(Object.values(runs)), ...compareDecisions(failingRuns)];
  if (!alarms.every((count) => count > 0))
    wrong.push("a fault that grew raised no alarm in one of the profiles");
  const report = summarise(
    runs as Record<Profile, LoadRun>,
    startTimes as Record<Profile, readonly number[]>,
    load,
  );
  return {
    ...report,
    alarms,
    wrong: [...wrong, ...report.wrong],
  };
}

function compareDecisions(runs: readonly LoadRun[]): readonly string[] {
  const areEqual = runs.every(({ decisionsDigest }) => decisionsDigest === runs[0]!.decisionsDigest);
  return areEqual ? [] : ["the profiles decide differently"];
}

function summarise(
  runs: Readonly<Record<Profile, LoadRun>>,
  startTimes: Readonly<Record<Profile, readonly number[]>>,
  load: typeof quickLoad,
): MemoryReport {
  const { standard, small } = runs;
  const wrong = [
    ...(standard.loadsNativeEngine || small.loadsNativeEngine
      ? ["the native engine was loaded for a student that is served as integers"]
      : []),
  ];
  const startMsOf = (profile: Profile): number => computeMedian(startTimes[profile]);
  const verdicts = profiles.map((profile) =>
    judgeMemory(profile, { rssMb: runs[profile].rssMb, startMs: startMsOf(profile) }),
  );
  const describe = (profile: Profile): object => {
    const { rssMb, peakMb, windows, cpuSeconds } = runs[profile];
    return {
      rssMb: round(rssMb),
      peakMb: round(peakMb),
      windows,
      cpuSeconds: round(cpuSeconds),
      ...describeStarts(startTimes[profile]),
    };
  };
  return {
    load: { ...load, windowsPerSecond: 50 },
    standard: describe("standard"),
    small: describe("small"),
    missed: verdicts.flatMap((verdict) => verdict.missed),
    wrong: [...wrong, ...verdicts.flatMap((verdict) => verdict.wrong)],
  };
}

async function measureLong({ hours, pace, say }: Omit<MemoryOptions, "quick">): Promise<MemoryReport> {
  say(`${hours} hours at 50 windows a second${pace === 1 ? "" : `, ${pace} times as fast`} ...`);
  const stream = encodeLoad(hours * 3600);
  const everySeconds = Math.max(1, Math.min(60, hours * 30) / pace);
  const run = await play(stream, { profile: "standard", pace, everySeconds });
  // What a process gathers while it warms up is no trend: the second half is.
  const settled = run.curve.slice(Math.floor(run.curve.length / 2));
  const line = fitLine(settled);
  const perHour = { slope: line.slope * 3600, standardError: line.standardError * 3600 };
  const grown = [
    ...judgeSlope(perHour),
    ...(run.rssMb > limitsMb.standard
      ? [`${run.rssMb.toFixed(1)} MB at its end, the limit is ${limitsMb.standard}`]
      : []),
  ];
  return {
    hours,
    playedAt: pace,
    windows: run.windows,
    slopeMbPerHour: {
      value: round(perHour.slope),
      standardError: round(perHour.standardError),
      interval: [-2, 2].map((errors) => round(perHour.slope + errors * perHour.standardError)),
      limit: mostMbPerHour,
    },
    rssMb: { first: round(settled[0]!.rssMb), last: round(run.rssMb), peak: round(run.peakMb) },
    curve: run.curve.map(({ seconds, rssMb }) => [Math.round(seconds), round(rssMb)]),
    missed: grown,
    wrong: grown,
  };
}

function encodeLoad(seconds: number): BenchStream {
  return encodeBenchStream((seconds * samplesPerSecond) / devices / benchRateHz);
}

interface PlayOptions {
  readonly profile: Profile;
  readonly pace: number;
  readonly everySeconds: number;
}

async function play(stream: BenchStream, options: PlayOptions): Promise<LoadRun> {
  const fleet = await startBenchDevices(devices, stream);
  const gateway = await startBenchGateway({
    addresses: fleet.addresses,
    mqtt: null,
    profile: options.profile,
  });
  const curve: CurvePoint[] = [];
  const startedMs = performance.now();
  const look = async (): Promise<number> => {
    const rssMb = await gateway.rssMb();
    curve.push({ seconds: ((performance.now() - startedMs) / 1000) * options.pace, rssMb });
    return rssMb;
  };
  const timer = setInterval(() => void look().catch(() => {}), options.everySeconds * 1000);
  try {
    const cpuBefore = await gateway.cpuSeconds();
    await fleet.send(samplesPerSecond * options.pace);
    const status: GatewayStatus = await waitUntilIdle(gateway);
    if (status.windows.processed === 0)
      throw new Error(`no window was processed: ${JSON.stringify(status.windows)}`);
    const rssMb = await look();
    return {
      rssMb,
      peakMb: Math.max(...curve.map((point) => point.rssMb)),
      windows: status.windows.processed,
      cpuSeconds: (await gateway.cpuSeconds()) - cpuBefore,
      decisionsDigest: status.decisionsDigest,
      alarms: (await gateway.scrape()).alarms,
      loadsNativeEngine: (await readFile(`/proc/${gateway.pid}/maps`, "utf8")).includes("libonnxruntime"),
      curve,
    };
  } finally {
    clearInterval(timer);
    await gateway.stop();
    fleet.close();
  }
}

/** Least squares of memory over time: MB a second, and the standard error of that. */
function fitLine(points: readonly CurvePoint[]): { readonly slope: number; readonly standardError: number } {
  const count = points.length;
  if (count < 3) throw new Error(`${count} looks are too few for a slope`);
  const meanX = points.reduce((sum, { seconds }) => sum + seconds, 0) / count;
  const meanY = points.reduce((sum, { rssMb }) => sum + rssMb, 0) / count;
  const spread = points.reduce((sum, { seconds }) => sum + (seconds - meanX) ** 2, 0);
  const slope =
    points.reduce((sum, { seconds, rssMb }) => sum + (seconds - meanX) * (rssMb - meanY), 0) / spread;
  const residual = points.reduce(
    (sum, { seconds, rssMb }) => sum + (rssMb - meanY - slope * (seconds - meanX)) ** 2,
    0,
  );
  return { slope, standardError: Math.sqrt(residual / (count - 2) / spread) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
