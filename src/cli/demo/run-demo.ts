/**
 * The demonstration: devices, a collector and a gateway as in production, each daemon a process of its own, watched by
 * an ordinary subscriber. Everything it writes lies in one folder that is gone afterwards.
 */
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBundle } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { createTopics, defaultBase } from "../../core/contract/topics.ts";
import { createMqttClient } from "../../core/platform/mqtt/mqtt-client.ts";
import { findNewestVersion } from "../../core/serving/served-models.ts";
import { createConvoy } from "../device/convoy.ts";
import { type DeviceSimulator, startDeviceSimulator } from "../device/device-simulator.ts";
import { releaseKeyFile } from "../installation.ts";
import { type ChildDaemon, startChildDaemon } from "./child-daemon.ts";
import {
  type DemoDriftConfig,
  deviceId,
  writeCollectorConfig,
  writeGatewayConfig,
  writePassword,
} from "./demo-files.ts";
import { type DemoPlanOptions, parseMissedRecordings, planDemo } from "./demo-plan.ts";
import type { DemoPlan } from "./demo-turbine.ts";
import { type DemoReport, type DemoWatch, readGatewayStatus, watchAlerts } from "./demo-watch.ts";
import { describePlaces, describePlan, describeUnmet, describeWait, renderAlert } from "./demo-words.ts";
import { type DriftWatch, watchDrift } from "./drift-watch.ts";
import { createDriftTeller, describeDriftEnd } from "./drift-words.ts";
import { driftPeriods } from "./plan-drift.ts";

export interface RunDemoOptions extends Omit<DemoPlanOptions, "lineage" | "missed"> {
  /** Ends with the first verdict on the expected alert or drift; otherwise runs until stopped. */
  readonly until: "alert" | "drift" | null;
  /** Longest wait for that verdict. */
  readonly timeoutMs: number;
  /** Simulated (or recorded) seconds per second. */
  readonly speed: number;
  readonly httpPort: number;
  readonly mqttPort: number;
  /** Folder of the bundles, with the key `release.pub` that they are signed with. */
  readonly modelsDir: string;
  /** Makes the keys of an installation in a folder; resolves with the path of the root that gateways trust. */
  readonly makeKeys: (dir: string) => Promise<string>;
  readonly say: (text: string) => void;
  readonly color: boolean;
  /** Resolves when the user wants it to stop. */
  readonly stopped: Promise<void>;
}

export interface DemoOutcome {
  /** Null when it was stopped before the gateway had anything to tell. */
  readonly report: DemoReport | null;
  /** `met`, or null when nothing was to be decided. */
  readonly verdict: DemoWatch["verdict"] | null;
}

/** Takes what has to be closed at the end. */
type OnClose = (close: () => Promise<unknown>) => void;

const bundleName = "bearing-vibration";
const readyTimeoutMs = 120_000;
const stopGraceMs = 2500;
/** Simulated seconds that one device may be ahead of the slowest where their days are compared. */
const leadS = 1;

/** Runs the demonstration and cleans up after it. */
export async function runDemo(options: RunDemoOptions): Promise<DemoOutcome> {
  const dir = await makeFolder();
  const closers: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    return await play(options, dir, (close) => closers.push(close));
  } finally {
    // The folder last; all else at once, so that the whole stop stays short.
    const [removeFolder, ...others] = closers;
    await Promise.allSettled(others.map((close) => close()));
    await removeFolder?.();
  }
}

async function makeFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "aurora-demo-"));
  } catch (cause) {
    throw new AuroraError("STORE", `cannot make a folder in ${tmpdir()}: ${(cause as Error).message}`, {
      op: "run demonstration",
      subject: tmpdir(),
      hint: "Set TMPDIR to a folder that exists and that this user may write to.",
      cause,
    });
  }
}

async function play(options: RunDemoOptions, dir: string, onClose: OnClose): Promise<DemoOutcome> {
  const { modelsDir, until } = options;
  const trustedKey = releaseKeyFile(modelsDir);
  const bundleDir = await findNewestVersion(modelsDir, bundleName);
  const plan = await planFor(options, bundleDir);
  const devices = await startDevices(plan, options.speed);
  onClose(() => Promise.all(devices.map((device) => device.close())));
  const passwordFile = await writePassword(dir);
  const keysDir = join(dir, "keys");
  await mkdir(keysDir);
  const rootFile = await options.makeKeys(keysDir);
  const start = openDaemons(dir, onClose);
  let isStopped = false;
  const stopped = options.stopped.then(() => {
    isStopped = true;
    return null;
  });

  const { httpPort, mqttPort } = options;
  const drift = plan.drift === undefined ? null : driftConfig();
  const installed = { dir, passwordFile, trustedKey, drift };
  const collectorConfig = { ...installed, httpPort, mqttPort, keysDir, bundles: [bundleDir] };
  const collector = start("collector", await writeCollectorConfig(collectorConfig));
  const reached = await Promise.race([collector.ready, stopped]);
  if (reached === null) return stoppedEarly(options);
  const { httpUrl, mqttUrl } = reached;
  const mqtt = createMqttClient({ url: mqttUrl, clientId: `aurora-demo-${process.pid}`, version: 4 });
  onClose(() => mqtt.close());
  const topics = createTopics(defaultBase);
  const hasDrift = drift !== null;
  const alertsTopic = topics.allAlerts;
  options.say(describePlaces({ httpUrl, mqttUrl, alertsTopic, speed: options.speed, hasDrift }));
  const watch = await watchAlerts(mqtt, {
    topic: topics.allAlerts,
    expected: plan.expected,
    onAlert: (event) => options.say(`\n${renderAlert(event, options.color)}`),
  });
  const gateway = start(
    "gateway",
    await writeGatewayConfig({
      ...installed,
      mqttUrl,
      collectorUrl: httpUrl,
      rootFile,
      modelsDir,
      bundleName,
      turbines: plan.turbines,
      addresses: devices.map((device) => device.address),
    }),
  );
  const served = await Promise.race([gateway.ready, stopped]);
  if (served === null) return stoppedEarly(options);

  const driftWatch = plan.drift === undefined ? null : followDrift(options, plan, httpUrl);
  if (driftWatch !== null) onClose(() => driftWatch.close());
  const asked = until === "drift" ? driftWatch : watch;
  const decided = until === null ? [] : [asked?.decided.then(() => null), waitMs(options.timeoutMs)];
  const ends = [...decided, driftWatch?.ended.then(() => null)].filter((each) => each !== undefined);
  await lastUntil([stopped, ...ends], { collector, gateway });
  const verdict = until === null ? null : (asked?.verdict ?? "open");
  const waited = describeWait(isStopped, options.timeoutMs);
  if (until === "alert" && watch.verdict !== "met")
    options.say(describeUnmet(watch.verdict, plan.expected, waited));
  if (until === "drift") options.say(describeDriftEnd(verdict ?? "open", plan.drift ?? null, waited));
  const status = await readGatewayStatus(served.httpUrl);
  return {
    report: { expected: plan.expected, alerts: watch.alerts, ...driftOf(plan, driftWatch), ...status },
    verdict,
  };
}

/** Says of each period what is new in it. */
function followDrift({ say, color }: RunDemoOptions, plan: DemoPlan, collectorUrl: string): DriftWatch {
  const tell = createDriftTeller(color);
  return watchDrift({
    collectorUrl,
    expected: plan.drift ?? null,
    points: plan.turbines.reduce((sum, { points }) => sum + points.length, 0),
    onPeriod: (period) => say(tell(period)),
  });
}

function driftOf({ drift }: DemoPlan, watch: DriftWatch | null): Pick<DemoReport, "drift"> {
  if (watch === null) return {};
  return { drift: { expected: drift ?? null, found: watch.found, periods: watch.periods } };
}

function driftConfig(): DemoDriftConfig {
  const { lengthS, learn, falsePerPointDay, warningsPerPointDay } = driftPeriods;
  return {
    periodSeconds: lengthS,
    learnDays: learn,
    falsePerPointDay,
    warningsPerPointDay,
    intervalSeconds: lengthS / 24,
  };
}

/** Plans by what the bundle in `bundleDir` has learnt and gets wrong, and says so. */
async function planFor(options: RunDemoOptions, bundleDir: string): Promise<DemoPlan> {
  const { manifest, files } = await readBundle(bundleDir);
  const missed = parseMissedRecordings(files.get(bundleFileNames.evaluation)!);
  const plan = await planDemo({ ...options, lineage: manifest.lineage, missed });
  options.say(describePlan(options, plan, `${manifest.name} ${manifest.version}`));
  return plan;
}

/** Starts daemons by name and configuration; their logs go to one file in `dir`. */
function openDaemons(dir: string, onClose: OnClose): (name: string, config: string) => ChildDaemon {
  const log = createWriteStream(join(dir, "daemons.log"));
  const daemons: ChildDaemon[] = [];
  onClose(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop(stopGraceMs)));
    await new Promise((resolve) => log.end(resolve));
  });
  return (name, config) => {
    const args = [name, "--config", config];
    const daemon = startChildDaemon({ args, readyTimeoutMs, onLog: (chunk) => log.write(chunk) });
    daemons.push(daemon);
    return daemon;
  };
}

/** Waits for the first of `ends`. @throws AuroraError PROCESS when a daemon ends before. */
async function lastUntil(
  ends: readonly Promise<null>[],
  daemons: Readonly<Record<string, ChildDaemon>>,
): Promise<void> {
  const failed = await Promise.race([
    ...ends,
    ...Object.entries(daemons).map(([name, { ended }]) => ended.then((how) => `the ${name} ended: ${how}`)),
  ]);
  if (failed === null) return;
  throw new AuroraError("PROCESS", failed, {
    op: "run demonstration",
    hint: "The lines above are the daemon's own last words.",
  });
}

function stoppedEarly({ until }: RunDemoOptions): DemoOutcome {
  return { report: null, verdict: until === null ? null : "open" };
}

function startDevices(plan: DemoPlan, speed: number): Promise<DeviceSimulator[]> {
  const { beginsAgoMs, lengthS } = driftPeriods;
  const agoMs = Date.now() - beginsAgoMs;
  const beginsAtMs = agoMs - (agoMs % (lengthS * 1000));
  const rates = plan.turbines.map(({ source }) => source.channels[0]!.sampleRateHz);
  const convoy = createConvoy(leadS * Math.min(...rates));
  return Promise.all(
    plan.turbines.map((turbine) =>
      startDeviceSimulator({
        deviceId: deviceId(turbine),
        outlet: { kind: "tcp", host: "127.0.0.1", port: 0 },
        source: turbine.source,
        speed,
        ...(plan.drift === undefined ? {} : { beginsAtMs, convoy }),
      }),
    ),
  );
}

async function waitMs(milliseconds: number): Promise<null> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
  return null;
}
