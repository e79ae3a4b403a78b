/**
 * `npm run bench [-- --json] [--quick]`: the figures of the gateway, from bytes on a wire to decisions, measured on real
 * processes with the shipped bundle. Prints a table, or one JSON object on stdout.
 */
import { randomBytes } from "node:crypto";
import { cpus } from "node:os";
import { startBenchDevices } from "./bench/bench-devices.ts";
import { type GatewayStatus, startBenchGateway, waitUntilIdle } from "./bench/bench-gateway.ts";
import { benchRateHz, encodeBenchStream } from "./bench/bench-stream.ts";
import { measureUplink } from "./bench/bench-uplink.ts";

const quick = process.argv.includes("--quick");
const json = process.argv.includes("--json");
const startMs = Date.UTC(2026, 0, 1);
const devices = 16;

/** One run: everything sent at `samplesPerSecond`, everything decided. */
interface Run {
  readonly status: GatewayStatus;
  readonly samples: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
  readonly pinned: boolean;
}

async function run(seconds: number, samplesPerSecond: number): Promise<Run> {
  const stream = encodeBenchStream(seconds, startMs);
  const fleet = await startBenchDevices(devices, stream);
  const gateway = await startBenchGateway({ addresses: fleet.addresses, mqtt: null });
  try {
    const cpuBefore = await gateway.cpuSeconds();
    const before = performance.now();
    await fleet.send(samplesPerSecond);
    const status = await waitUntilIdle(gateway);
    const wallSeconds = (performance.now() - before - 200) / 1000;
    const cpuSeconds = (await gateway.cpuSeconds()) - cpuBefore;
    const rssMb = await gateway.rssMb();
    return {
      status,
      samples: stream.samples * devices,
      wallSeconds,
      cpuSeconds,
      rssMb,
      pinned: gateway.pinned,
    };
  } finally {
    await gateway.stop();
    fleet.close();
  }
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const seconds = quick ? 200 : 600;
say("full speed ...");
const fast = await run(seconds, Number.POSITIVE_INFINITY);
const samplesPerSecond = fast.samples / fast.wallSeconds;
say("half speed ...");
const half = await run(quick ? 80 : 300, samplesPerSecond / 2);
say("unhurried, to compare decisions ...");
const slow = await run(seconds, samplesPerSecond / 4);
// 50 windows a second; the quick run plays its two minutes eight times as fast.
const loadMinutes = quick ? 2 : 10;
const pace = quick ? 8 : 1;
say(`${loadMinutes} minutes at 50 windows a second${quick ? ", eight times as fast" : ""} ...`);
const windowRate = fast.status.windows.processed / (fast.samples / benchRateHz);
const loadSamplesPerSecond = (50 / windowRate) * benchRateHz * pace;
const load = await run(
  (loadMinutes * 60 * loadSamplesPerSecond) / pace / devices / benchRateHz,
  loadSamplesPerSecond,
);
say("uplink of one turbine ...");
const uplink = await measureUplink(quick ? 7200 : 86_400, startMs, randomBytes(12).toString("hex"));

const report = {
  machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version },
  oneCore: fast.pinned,
  samplesPerSecond: Math.round(samplesPerSecond),
  channelsAt12kHz: Math.floor(samplesPerSecond / benchRateHz),
  windowsPerSecond: Math.round(fast.status.windows.processed / fast.wallSeconds),
  windows: fast.status.windows,
  cpuShare: fast.cpuSeconds / fast.wallSeconds,
  decisionsEqual: fast.status.decisionsDigest === slow.status.decisionsDigest,
  latencyMs: { ...half.status.latencyMs, atSamplesPerSecond: Math.round(samplesPerSecond / 2) },
  rssMb: load.rssMb,
  rssLoad: { minutes: loadMinutes, windowsPerSecond: 50, playedAt: pace },
  startToFirstPredictionMs: fast.status.startToFirstPredictionMs,
  uplinkBytesPerTurbineDay: uplink.bytesPerTurbineDay,
  uplinkMeasuredSeconds: uplink.seconds,
  quick,
};
if (json) {
  process.stdout.write(`${JSON.stringify(report)}\n`);
} else {
  for (const [name, value] of Object.entries(report)) {
    process.stdout.write(`${name.padEnd(28)} ${typeof value === "object" ? JSON.stringify(value) : value}\n`);
  }
}
