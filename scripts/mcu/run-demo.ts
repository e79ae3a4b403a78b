/** The whole way through a microcontroller, once: collector, gateway and a virtual board, and what came of it. */
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createMcuImage } from "../../firmware-bridge/mcu-image.ts";
import { createKeyPair, parsePrivateKey, writeKeyPair } from "../../src/bundle/keys.ts";
import { packageRoot } from "../../src/cli/package-root.ts";
import { startCollector } from "../../src/collector/compose.ts";
import { type AlertEvent, alertEventSchema } from "../../src/contract/alert.ts";
import { collectorConfigSchema } from "../../src/contract/collector-config.ts";
import { gatewayConfigSchema } from "../../src/contract/gateway-config-schema.ts";
import { createTopics } from "../../src/contract/topics.ts";
import { turbineStateSchema } from "../../src/contract/turbine-state.ts";
import { startGateway } from "../../src/gateway/compose.ts";
import { silentLogger } from "../../src/platform/logger.ts";
import { createMqttClient } from "../../src/platform/mqtt-client.ts";
import { createInstallationKeys } from "../../src/registry/installation-keys.ts";
import { openNewestBundle } from "./demo-bundles.ts";
import { recordSteadyMachine } from "./steady-recording.ts";
import { type BoardKind, startVirtualBoard } from "./virtual-board.ts";

/** What the demonstration runs with. */
export interface McuDemoOptions {
  readonly folder: string;
  readonly kind: BoardKind;
  readonly line: "serial" | "tcp";
  readonly program: string;
  readonly key: Uint8Array;
  readonly keyFile: string;
  readonly say: (text: string) => void;
}

/** What came of it. */
export interface McuDemoReport {
  /** The alert came from the device, and the next scores carry the next version. */
  readonly passed: boolean;
  readonly fault: string;
  readonly alert: {
    readonly failureMode: string;
    readonly inferredOn: string;
    readonly modelVersion: string;
    readonly probability: number;
  } | null;
  readonly firstVersion: string;
  readonly nextVersion: string;
  /** Version that the last decision rests on. */
  readonly decidedBy: string | null;
  readonly scores: { readonly received: number; readonly agreed: number; readonly mismatched: number };
  readonly pushes: Readonly<Record<string, number>>;
  /** Bursts of raw samples after alarming scores that the gateway kept. */
  readonly recordings: number;
}

const turbine = "WT01";
const device = "mcu-wt01";
const fault = "outer-race";
const sampleRateHz = 12_000;
const shaftRpm = 1_797;
const patienceMs = 120_000;

/** Runs it; the caller removes the folder. */
export async function runMcuDemo(options: McuDemoOptions): Promise<McuDemoReport> {
  const { folder, say } = options;
  const close: (() => Promise<void>)[] = [];
  try {
    const source = await openNewestBundle(join(packageRoot(), "models", "bearing-vibration"));
    const pair = createKeyPair();
    const signer = parsePrivateKey(pair.privateKeyPem);
    await writeKeyPair(join(folder, "release"), "release", pair);
    const trustedKeys = [join(folder, "release", "release.pub")];
    const models = join(folder, "models");
    const offers = join(folder, "offers");
    await mkdir(offers);
    await source.write(join(models, source.name), source.version, signer);
    const { rootFile } = await createInstallationKeys(join(folder, "keys"), Date.now());
    const passwordFile = join(folder, "gateway.password");
    const password = randomBytes(16).toString("hex");
    await writeFile(passwordFile, password, { mode: 0o600 });

    const recording = recordSteadyMachine({
      seed: 5,
      ...{ sampleRateHz, shaftRpm, fault },
      healthySeconds: 15,
      faultySeconds: 240,
      severity: 7,
    });
    const imagePath = join(folder, "board.img");
    await writeFile(
      imagePath,
      createMcuImage({ deviceId: device, key: options.key, sampleRateHz, shaftRpm, ...recording }),
    );
    const board = await startVirtualBoard({ ...options, imagePath });
    close.push(() => board.stop());
    say(`the board runs at ${board.address}, without a model`);

    const brokerPort = await findFreePort();
    const collector = await startCollector(
      collectorConfigSchema.parse({
        collector: { stateDir: join(folder, "collector"), httpPort: 0 },
        mqtt: {
          embedded: {
            port: brokerPort,
            anonymousRead: true,
            gateways: [{ id: "gw-demo", site: "demo", passwordFile }],
          },
        },
        registry: {
          keysDir: join(folder, "keys"),
          publish: [join(models, source.name), offers],
          trustedKeys,
        },
      }),
      { logger: silentLogger, bundleScanMs: 500 },
    );
    close.push(() => collector.close());
    const mqttUrl = `mqtt://127.0.0.1:${brokerPort}`;
    const guest = createMqttClient({ url: mqttUrl, clientId: "guest", version: 4 });
    close.push(() => guest.close());
    const topics = createTopics("aurora/v1");
    const alerts: AlertEvent[] = [];
    let decidedBy: string | null = null;
    await guest.subscribe(topics.allAlerts, 1, (_topic, payload) => {
      alerts.push(alertEventSchema.parse(JSON.parse(Buffer.from(payload).toString())));
    });
    await guest.subscribe(topics.allStates, 1, (_topic, payload) => {
      decidedBy =
        turbineStateSchema.parse(JSON.parse(Buffer.from(payload).toString())).model?.version ?? null;
    });
    const gateway = await startGateway({
      config: gatewayConfigSchema.parse({
        gateway: { id: "gw-demo", site: "demo", stateDir: join(folder, "gateway"), httpPort: 0 },
        mqtt: { url: mqttUrl, username: "gw-demo", passwordFile },
        devices: [
          {
            id: device,
            connect: board.address,
            baud: 115_200,
            mode: "edge",
            alarmRawSamples: 12_000,
            keyFile: options.keyFile,
          },
        ],
        turbines: [
          {
            id: turbine,
            points: [
              {
                component: "generator-bearing",
                bundle: source.name,
                device,
                channel: "vibration",
                bearing: recording.bearing,
              },
            ],
          },
        ],
        bundles: { dir: models, trustedKeys },
        updates: { enabled: true, url: `${collector.url}/tuf`, rootFile, pollSeconds: 1 },
        uplink: { predictionIntervalSeconds: 1, healthIntervalSeconds: 5 },
      }),
      logger: silentLogger,
      environment: {},
      runtimeVersion: "0.1.0",
    });
    close.push(() => gateway.close());
    const status = async (): Promise<GatewayStatus> =>
      (await (await fetch(`${gateway.httpUrl}/status`)).json()) as GatewayStatus;

    await waitFor(async () => (await status()).devicePushes.confirmed === 1);
    say(`the gateway pushed ${source.name} ${source.version} to the board, which gave every golden integer`);
    await waitFor(async () => alerts.length > 0);
    const first = alerts[0];
    if (first !== undefined) {
      const { failureMode, probability, inferredOn, model } = first.data;
      say(
        `alert: ${failureMode} at ${probability.toFixed(3)}, inferred on the ${inferredOn ?? "gateway"} by ${model.version}`,
      );
    }
    await source.write(offers, source.nextVersion, signer);
    say(`the collector offers ${source.name} ${source.nextVersion}`);
    await waitFor(async () => (await status()).devicePushes.confirmed === 2);
    say(`the gateway serves it and pushed it to the board`);
    await waitFor(async () => decidedBy === source.nextVersion);
    await waitFor(async () => (await status()).recordings > 0);
    const { edgeScores, devicePushes, recordings } = await status();
    say(`${recordings} recordings of raw samples around alarms were kept`);
    say(
      `decisions rest on scores of ${decidedBy ?? "nothing"}: ${edgeScores.agreed} of ${edgeScores.received} scores computed again, the same integers`,
    );
    return {
      passed:
        first?.data.inferredOn === "device" &&
        first.data.failureMode === fault &&
        decidedBy === source.nextVersion &&
        edgeScores.mismatched === 0,
      fault,
      alert:
        first === undefined
          ? null
          : {
              failureMode: first.data.failureMode,
              inferredOn: first.data.inferredOn ?? "gateway",
              modelVersion: first.data.model.version,
              probability: first.data.probability,
            },
      firstVersion: source.version,
      nextVersion: source.nextVersion,
      decidedBy,
      scores: edgeScores,
      pushes: devicePushes,
      recordings,
    };
  } finally {
    for (const each of close.reverse()) await each();
  }
}

interface GatewayStatus {
  readonly edgeScores: McuDemoReport["scores"];
  readonly devicePushes: Readonly<Record<string, number>>;
  readonly recordings: number;
}

/** Looks ten times a second; what does not come in time shows in the report. */
async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await condition()) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function findFreePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
