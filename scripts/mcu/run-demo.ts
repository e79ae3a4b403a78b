/** The whole way through a microcontroller, once: collector, gateway and a virtual board, and what came of it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AlertEvent, alertEventSchema } from "../../src/core/contract/alert.ts";
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { turbineStateSchema } from "../../src/core/contract/turbine-state.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import {
  type DemoInstallation,
  prepareInstallation,
  startDemoCollector,
  startDemoGateway,
} from "./demo-installation.ts";
import { createMcuImage } from "./mcu-image.ts";
import { recordSteadyMachine, shownRecording } from "./steady-recording.ts";
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
const { fault } = shownRecording;
const patienceMs = 120_000;

/** Runs it; the caller removes the folder. */
export async function runMcuDemo(options: McuDemoOptions): Promise<McuDemoReport> {
  const { folder, kind, line, program, say } = options;
  const close: (() => Promise<void>)[] = [];
  try {
    const installation = await prepareInstallation(folder);
    const { image, bearing } = imagine(options.key);
    const imagePath = join(folder, "board.img");
    await writeFile(imagePath, image);
    const board = await startVirtualBoard({ kind, line, program, imagePath, folder });
    close.push(() => board.stop());
    say(`the board runs at ${board.address}, without a model`);
    const collector = await startDemoCollector(installation);
    close.push(() => collector.close());
    const guest = await watchAsGuest(collector.mqttUrl);
    close.push(guest.close);
    const gateway = await startDemoGateway(installation, {
      collector,
      turbine,
      bearing,
      deviceId: device,
      deviceAddress: board.address,
      deviceKeyFile: options.keyFile,
    });
    close.push(() => gateway.close());
    return await play(installation, guest, { gatewayUrl: gateway.httpUrl, say });
  } finally {
    for (const each of close.reverse()) await each();
  }
}

/** What the board holds: its key, and the vibration that its sensor will see. */
function imagine(key: Uint8Array): { readonly image: Uint8Array; readonly bearing: BearingOrders } {
  const recording = recordSteadyMachine(shownRecording);
  const { sampleRateHz, shaftRpm } = shownRecording;
  const image = createMcuImage({ deviceId: device, key, sampleRateHz, shaftRpm, ...recording });
  return { image, bearing: recording.bearing };
}

/** What anybody may read of the park. */
interface Guest {
  readonly alerts: readonly AlertEvent[];
  /** Version of the model that the turbine's last state names. */
  decidedBy(): string | null;
  close(): Promise<void>;
}

async function watchAsGuest(mqttUrl: string): Promise<Guest> {
  const mqtt = createMqttClient({ url: mqttUrl, clientId: "guest", version: 4 });
  const topics = createTopics("aurora/v1");
  const alerts: AlertEvent[] = [];
  let decidedBy: string | null = null;
  await mqtt.subscribe(topics.allAlerts, 1, (_topic, payload) => {
    alerts.push(alertEventSchema().parse(JSON.parse(Buffer.from(payload).toString())));
  });
  await mqtt.subscribe(topics.allStates, 1, (_topic, payload) => {
    decidedBy =
      turbineStateSchema().parse(JSON.parse(Buffer.from(payload).toString())).model?.version ?? null;
  });
  return { alerts, decidedBy: () => decidedBy, close: () => mqtt.close() };
}

/** First model, alert, next model, and the decisions that rest on it. */
async function play(
  { bundles, offers, signer }: DemoInstallation,
  guest: Guest,
  { gatewayUrl, say }: { readonly gatewayUrl: string; readonly say: McuDemoOptions["say"] },
): Promise<McuDemoReport> {
  const { name, version, nextVersion } = bundles;
  const status = async (): Promise<GatewayStatus> =>
    (await (await fetch(`${gatewayUrl}/status`)).json()) as GatewayStatus;

  await waitFor(async () => (await status()).devicePushes.confirmed === 1);
  say(`the gateway pushed ${name} ${version} to the board, which gave every golden integer`);
  await waitFor(async () => guest.alerts.length > 0);
  const alert = describeAlert(guest.alerts[0]);
  if (alert !== null) {
    const { failureMode, probability, inferredOn, modelVersion } = alert;
    say(
      `alert: ${failureMode} at ${probability.toFixed(3)}, inferred on the ${inferredOn} by ${modelVersion}`,
    );
  }
  await bundles.write(offers, nextVersion, signer);
  say(`the collector offers ${name} ${nextVersion}`);
  await waitFor(async () => (await status()).devicePushes.confirmed === 2);
  say("the gateway serves it and pushed it to the board");
  await waitFor(async () => guest.decidedBy() === nextVersion);
  await waitFor(async () => (await status()).recordings > 0);
  const { edgeScores: scores, devicePushes: pushes, recordings } = await status();
  const decidedBy = guest.decidedBy();
  say(`${recordings} recordings of raw samples around alarms were kept`);
  say(
    `decisions rest on scores of ${decidedBy ?? "nothing"}: ${scores.agreed} of ${scores.received} scores computed again, the same integers`,
  );
  const passed =
    alert?.inferredOn === "device" &&
    alert.failureMode === fault &&
    decidedBy === nextVersion &&
    scores.mismatched === 0;
  return {
    passed,
    fault,
    alert,
    firstVersion: version,
    nextVersion,
    decidedBy,
    scores,
    pushes,
    recordings,
  };
}

function describeAlert(event: AlertEvent | undefined): McuDemoReport["alert"] {
  if (event === undefined) return null;
  const { failureMode, inferredOn = "gateway", model, probability } = event.data;
  return { failureMode, inferredOn, modelVersion: model.version, probability };
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
