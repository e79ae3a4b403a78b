/** The figures of the gateway, from bytes on a wire to decisions, measured on real processes with the shipped bundle. */
import { randomBytes } from "node:crypto";
import { cpus } from "node:os";
import { startBenchDevices } from "./bench-devices.ts";
import { type GatewayStatus, startBenchGateway, waitUntilIdle } from "./bench-gateway.ts";
import { type BenchStreamOptions, benchRateHz, encodeBenchStream, failingSeconds } from "./bench-stream.ts";
import { measureUplink } from "./bench-uplink.ts";
import { computeLatencyMs, type LoopDelay } from "./latency-histogram.ts";

const devices = 16;
const warmUpMs = 2000;
/** Of each device's stream: in fewer, what threads compile at their beginning is most of what is measured. */
const streamSeconds = 600;
/** Sensors whose upper band is heard, too. */
const fastRateHz = 51_200;
/** Half of the 8 million that one core must take: 333 channels of 12 kHz. */
const latencyLoad = 4e6;
/** 50 windows a second; the quick run plays its two minutes eight times as fast. */
const fullLoad = { minutes: 10, pace: 1 };
const quickLoad = { minutes: 2, pace: 8 };

/** One run: everything sent at `samplesPerSecond`, everything decided. */
interface Run {
  readonly status: GatewayStatus;
  readonly samples: number;
  /** Without the first two seconds, in which the code warms up. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** Of the same time: for so long, bytes that have come may lie unread. */
  readonly loopDelayMs: LoopDelay;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
  /** That stand at the end. */
  readonly alarms: number;
  readonly pinned: boolean;
}

async function run(
  seconds: number,
  samplesPerSecond: number,
  options: BenchStreamOptions = {},
): Promise<Run> {
  const stream = encodeBenchStream(seconds, options);
  const fleet = await startBenchDevices(devices, stream);
  const gateway = await startBenchGateway({ addresses: fleet.addresses, mqtt: null });
  try {
    const cpuBefore = await gateway.cpuSeconds();
    const before = performance.now();
    const sent = fleet.send(samplesPerSecond);
    await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, warmUpMs))]);
    const warm = await gateway.scrape();
    await sent;
    const status = await waitUntilIdle(gateway);
    if (status.windows.processed === 0)
      throw new Error(`no window was processed: ${JSON.stringify(status.windows)}`);
    const wallSeconds = (performance.now() - before - 200) / 1000;
    const cpuSeconds = (await gateway.cpuSeconds()) - cpuBefore;
    const rssMb = await gateway.rssMb();
    const after = await gateway.scrape();
    const quantile = (q: number): number => computeLatencyMs(warm.latency, after.latency, q);
    return {
      latencyMs: { p50: quantile(0.5), p99: quantile(0.99) },
      loopDelayMs: after.loopDelay,
      status,
      samples: stream.samples * devices,
      wallSeconds,
      cpuSeconds,
      rssMb,
      alarms: after.alarms,
      pinned: gateway.pinned,
    };
  } finally {
    await gateway.stop();
    fleet.close();
  }
}

/** Waiting in the socket before it is read is not in the latency: how late the event loop is says how long that may be. */
function describeLatency({ latencyMs, loopDelayMs }: Run): object {
  const measuredFrom = "when a window's last byte was read";
  return { latencyMs: { ...latencyMs, atSamplesPerSecond: latencyLoad, measuredFrom }, loopDelayMs };
}

/** Latency alone, at half the speed that one core must take. */
export async function measureLatency(): Promise<object> {
  return describeLatency(await run(streamSeconds, latencyLoad));
}

function describeFastSensors({ samples, wallSeconds }: Run): object {
  const perSecond = samples / wallSeconds;
  return {
    sampleRateHz: fastRateHz,
    samplesPerSecond: Math.round(perSecond),
    channels: Math.floor(perSecond / fastRateHz),
  };
}

/** Runs of the same stream at different paces. */
interface Runs {
  readonly fast: Run;
  readonly bothBands: Run;
  readonly half: Run;
  readonly slow: Run;
  /** A fault grows in each turbine, at full speed and unhurried. */
  readonly failing: readonly [fast: Run, slow: Run];
  readonly load: Run;
}

/** How much is measured, and who is told of each step. */
interface GatewayOptions {
  readonly quick: boolean;
  readonly say: (text: string) => void;
}

/** Figures by name. */
export type GatewayReport = Readonly<Record<string, unknown>> & {
  readonly decisionsEqual: boolean;
  /** That stood at the end of the stream in which a fault grows, at full speed and unhurried. */
  readonly alarms: readonly number[];
};

/** Measures all. */
export async function measureGateway({ quick, say }: GatewayOptions): Promise<GatewayReport> {
  const { fast, bothBands, half, slow, failing, load } = await runAll({ quick, say });
  const samplesPerSecond = fast.samples / fast.wallSeconds;
  const { minutes, pace } = quick ? quickLoad : fullLoad;
  say("uplink of one turbine ...");
  const uplink = await measureUplink(quick ? 3600 : 21_600, randomBytes(12).toString("hex"));
  return {
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version },
    oneCore: fast.pinned,
    samplesPerSecond: Math.round(samplesPerSecond),
    channelsAt12kHz: Math.floor(samplesPerSecond / benchRateHz),
    fastSensors: describeFastSensors(bothBands),
    windowsPerSecond: Math.round(fast.status.windows.processed / fast.wallSeconds),
    windows: fast.status.windows,
    cpuShare: fast.cpuSeconds / fast.wallSeconds,
    decisionsEqual: [[fast, slow], failing].every(
      ([one, other]) => one!.status.decisionsDigest === other!.status.decisionsDigest,
    ),
    alarms: failing.map(({ alarms }) => alarms),
    ...describeLatency(half),
    rssMb: load.rssMb,
    rssLoad: { minutes, windowsPerSecond: 50, playedAt: pace },
    // At full speed a first window would wait behind all that is read before it.
    startToFirstPredictionMs: half.status.startToFirstPredictionMs,
    uplinkBytesPerTurbineDay: uplink.bytesPerTurbineDay,
    uplinkBytesByLane: uplink.bytesByLane,
    uplinkMeasuredSeconds: uplink.seconds,
    quick,
  };
}

async function runAll({ quick, say }: GatewayOptions): Promise<Runs> {
  say("full speed ...");
  const fast = await run(streamSeconds, Number.POSITIVE_INFINITY);
  const samplesPerSecond = fast.samples / fast.wallSeconds;
  say(`full speed, sensors at ${fastRateHz} Hz ...`);
  const bothBands = await run(streamSeconds / 4, Number.POSITIVE_INFINITY, { sampleRateHz: fastRateHz });
  say("latency at half the required speed ...");
  const half = await run(streamSeconds, latencyLoad);
  say("unhurried, to compare decisions ...");
  const slow = await run(streamSeconds, samplesPerSecond / (quick ? 2 : 4));
  say("a fault that grows, at full speed and unhurried ...");
  const failing = [
    await run(failingSeconds, Number.POSITIVE_INFINITY, { isFailing: true }),
    await run(failingSeconds, latencyLoad, { isFailing: true }),
  ] as const;
  const { minutes: loadMinutes, pace } = quick ? quickLoad : fullLoad;
  say(`${loadMinutes} minutes at 50 windows a second${quick ? ", eight times as fast" : ""} ...`);
  const windowRate = fast.status.windows.processed / (fast.samples / benchRateHz);
  const loadSamplesPerSecond = (50 / windowRate) * benchRateHz * pace;
  const load = await run(
    (loadMinutes * 60 * loadSamplesPerSecond) / pace / devices / benchRateHz,
    loadSamplesPerSecond,
  );
  return { fast, bothBands, half, slow, failing, load };
}
