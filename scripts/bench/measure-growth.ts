/**
 * What a sample costs and what a point holds, against the number of channels and against the sampling rate: processor time of
 * a real gateway process at full speed, after start and warming up, and the slope of its resident memory. Every load counts as many
 * samples, after as many.
 */
import { startBenchDevices } from "./bench-devices.ts";
import { startBenchGateway, waitUntilIdle } from "./bench-gateway.ts";
import { benchRateHz, encodeBenchStream } from "./bench-stream.ts";

/** What must be true: how far a cost may lie from the least of its kind, and kilobytes a point. */
const limits = { spread: 0.15, kilobytesPerPoint: 20 };

/** One load: devices with some channels each. */
interface Load {
  readonly devices: number;
  readonly channels: number;
  readonly sampleRateHz: number;
}

const byChannels: readonly Load[] = [
  { devices: 1, channels: 1, sampleRateHz: benchRateHz },
  { devices: 4, channels: 4, sampleRateHz: benchRateHz },
  { devices: 64, channels: 4, sampleRateHz: benchRateHz },
  { devices: 256, channels: 4, sampleRateHz: benchRateHz },
];
const byRate: readonly Load[] = [10_000, 25_600, 51_200].map((sampleRateHz) => {
  return { devices: 4, channels: 4, sampleRateHz };
});

const mostPoints = 1_024;
/** Of a point: sixty revolutions at the speed of the stream. */
const windowSeconds = 2.048;
/**
 * Windows of each of the most points that are counted, and in how many rounds of all loads. The least cost of a load's rounds is its cost:
 * what else a machine does only adds to it, for seconds to minutes.
 */
const fullSize = { windows: 3, rounds: 3 };
const quickSize = { windows: 1, rounds: 1 };
/**
 * Twice as much warms up before: until then code is still compiled. With the eighth that follows, counting begins and ends within a window
 * of the loads that count few of each point, so that as many end in between.
 */
const warmingWindows = (windows: number): number => 2 * windows + 1 / 8;
const samplesOf = (windows: number): number => windows * windowSeconds * benchRateHz * mostPoints;

interface Growth {
  readonly points: number;
  readonly sampleRateHz: number;
  /** That were counted. */
  readonly windows: number;
  readonly nanosecondsPerSample: number;
  readonly rssMb: number;
}

/** Figures by name; `missed` says which limits do not hold. */
export type GrowthReport = Readonly<Record<string, unknown>> & { readonly missed: readonly string[] };

/** Measures all. @throws when a gateway ends, or processes no window. */
export async function measureGrowth(quick: boolean, say: (text: string) => void): Promise<GrowthReport> {
  const size = quick ? quickSize : fullSize;
  const loads = [...byChannels, ...byRate];
  const rounds: Growth[][] = [];
  for (let round = 1; round <= size.rounds; round++) {
    const rows: Growth[] = [];
    for (const load of loads) {
      const { devices, channels, sampleRateHz } = load;
      say(`round ${round} of ${size.rounds}: ${devices * channels} points at ${sampleRateHz} Hz ...`);
      rows.push(await measure(load, size.windows));
    }
    rounds.push(rows);
  }
  const figures = loads.map((_, index) => joinRounds(rounds.map((rows) => rows[index]!)));
  const channels = figures.slice(0, byChannels.length);
  const rates = figures.slice(byChannels.length);
  const kilobytesPerPoint = slopeOf(channels) * 1024;
  const missed = [
    ...describeSpread("channels", channels),
    ...describeSpread("rates", rates),
    ...(kilobytesPerPoint <= limits.kilobytesPerPoint
      ? []
      : [`${kilobytesPerPoint.toFixed(1)} kB a point, the limit is ${limits.kilobytesPerPoint}`]),
  ];
  return { channels: channels.map(round), rates: rates.map(round), kilobytesPerPoint, missed };
}

async function measure({ devices, channels, sampleRateHz }: Load, countedWindows: number): Promise<Growth> {
  const points = devices * channels;
  const [warming, counted] = [samplesOf(warmingWindows(countedWindows)), samplesOf(countedWindows)];
  const stream = encodeBenchStream((warming + counted) / points / sampleRateHz, {
    sampleRateHz,
    channels,
  });
  const warmingShare = warming / (warming + counted);
  const fleet = await startBenchDevices(devices, stream);
  const gateway = await startBenchGateway({ addresses: fleet.addresses, channels, mqtt: null });
  try {
    await fleet.send(Number.POSITIVE_INFINITY, { to: warmingShare });
    const warm = await waitUntilIdle(gateway);
    const before = await gateway.cpuSeconds();
    await fleet.send(Number.POSITIVE_INFINITY, { from: warmingShare });
    const idle = await waitUntilIdle(gateway);
    const cpuSeconds = (await gateway.cpuSeconds()) - before;
    const windows = idle.windows.processed - warm.windows.processed;
    if (windows === 0) throw new Error("no window was processed");
    const nanosecondsPerSample = (1e9 * cpuSeconds) / counted;
    return { points, sampleRateHz, windows, nanosecondsPerSample, rssMb: await gateway.rssMb() };
  } finally {
    await gateway.stop();
    fleet.close();
  }
}

/** The least cost, and the middle of memory. */
function joinRounds(rows: readonly Growth[]): Growth {
  const held = rows.map(({ rssMb }) => rssMb).sort((one, other) => one - other);
  const costs = rows.map(({ nanosecondsPerSample }) => nanosecondsPerSample);
  return { ...rows[0]!, nanosecondsPerSample: Math.min(...costs), rssMb: held[rows.length >> 1]! };
}

/** Megabytes a point, by least squares. */
function slopeOf(rows: readonly Growth[]): number {
  const meanPoints = rows.reduce((sum, { points }) => sum + points, 0) / rows.length;
  const spread = rows.reduce((sum, { points }) => sum + (points - meanPoints) ** 2, 0);
  return rows.reduce((sum, { points, rssMb }) => sum + (points - meanPoints) * rssMb, 0) / spread;
}

function describeSpread(name: string, rows: readonly Growth[]): readonly string[] {
  const costs = rows.map(({ nanosecondsPerSample }) => nanosecondsPerSample);
  const share = Math.max(...costs) / Math.min(...costs) - 1;
  if (share <= limits.spread) return [];
  const percent = (100 * share).toFixed(0);
  return [`cost a sample over ${name} differs by ${percent} %, the limit is ${100 * limits.spread}`];
}

function round({ nanosecondsPerSample, rssMb, ...load }: Growth): Growth {
  const oneDecimal = (value: number): number => Math.round(10 * value) / 10;
  return { ...load, nanosecondsPerSample: oneDecimal(nanosecondsPerSample), rssMb: oneDecimal(rssMb) };
}
