/**
 * Joins the devices with the rest of a gateway: their data with the pipeline, their models with what serves, and raw
 * samples with whoever asks for them.
 */
import { randomInt } from "node:crypto";
import type { MqttPort } from "../../../firmware-bridge/framing/mqtt-link.ts";
import { compareVersions } from "../../core/bundle/version.ts";
import type { AlertEvent } from "../../core/contract/alert.ts";
import { semverPattern } from "../../core/contract/bundle/manifest.ts";
import type { DeviceConfig, GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { type IndexedPoint, indexPoints, type PointIndex } from "../../core/contract/config/index-points.ts";
import { gatewayState } from "../../core/contract/config/state-names.ts";
import type { DiagnosedDevice } from "../../core/contract/device/device-diagnosis.ts";
import type { DeviceChannel, HelloMessage } from "../../core/contract/device/device-message.ts";
import type { WholeGatewayPage } from "../../core/contract/gateway-page.ts";
import type { Decision } from "../../core/contract/prediction.ts";
import type { Quarantine } from "../../core/contract/stream.ts";
import type { Topics } from "../../core/contract/topics.ts";
import { createRandom } from "../../core/maths/random.ts";
import { type Clock, systemTimers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { readDeviceImage, readDeviceKey } from "../../core/serving/device-image.ts";
import type { ScoredWindow } from "../../core/serving/loaded-bundle.ts";
import type { ServedModels } from "../../core/serving/served-models.ts";
import type { ModelStanding } from "../diagnosis/device-facts.ts";
import { describeNews } from "../diagnosis/diagnosis-ledger.ts";
import type { WorkGauge } from "../points/work-gauge.ts";
import type { Telemetry } from "../record/telemetry.ts";
import { type AlertCaptures, type AlertSource, createAlertCaptures } from "./alert-captures.ts";
import { type BackPressure, startBackPressure } from "./back-pressure.ts";
import { createDeviceCaptures, type DeviceCaptures } from "./device-captures.ts";
import { type DeviceDataSink, type DeviceLink, type DeviceLinks, openDeviceLinks } from "./device-links.ts";
import { createDevicePushes, type DevicePushes, type PushedDevice } from "./device-pushes.ts";
import { createMappedSpeeds } from "./mapped-speeds.ts";
import { createRawCaptures, type RawCaptures } from "./raw-captures.ts";
import type { Recording, RecordingPlace } from "./recording.ts";
import { readTold, type ToldReadings } from "./told-speeds.ts";

export interface ConnectDevicesOptions {
  readonly config: GatewayConfig;
  readonly runtimeVersion: string;
  readonly models: ServedModels;
  readonly pipeline: DeviceDataSink & { readonly readings: ToldReadings };
  /** A device that infers itself was recorded for an alert. */
  readonly onAlertRecording: (recording: Recording, event: AlertEvent) => void;
  /** What waits in the pipeline. */
  readonly load: WorkGauge;
  readonly telemetry: Telemetry;
  readonly topics: Topics;
  readonly mqtt: MqttPort;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is done with devices beside taking their data. */
export interface DeviceTasks {
  /** Raw samples on request. */
  readonly captures: DeviceCaptures;
  /** Raw samples that are kept. */
  readonly recordings: RawCaptures;
  /** Raw samples for alerts that devices' own scores raised. */
  readonly alertCaptures: AlertCaptures;
  readonly pushes: DevicePushes;
  /** Where a device's samples come from. */
  placeOf(deviceId: string): RecordingPlace;
}

/** The devices of a gateway. */
export interface ConnectedDevices extends DeviceLinks, DeviceTasks {
  /** How often devices had to wait because the pipeline could not follow. */
  readonly backPressure: BackPressure;
  /** Stops reading of these devices at once … */
  hold(deviceIds: readonly string[]): void;
  /** … and reads again. */
  letGo(deviceIds: readonly string[]): void;
  /** Writes down recordings that have ended, and looks at every device; call it about once a second. */
  tick(): void;
  /** What a device has said that it sends; nothing of one that was not heard. */
  channelsOf(deviceId: string): readonly DeviceChannel[];
  /** All devices for the status page, without secrets. */
  describe(): WholeGatewayPage["devices"];
  /** Something of a device's data, or of a turbine's shaft speed, was set aside; the rest is passed over. */
  noteSetAside(quarantine: Quarantine): void;
  /** It was decided on a point that a device feeds; `scored` is null where it had no data. */
  noteDecision(decision: Decision, scored: ScoredWindow | null): void;
  /** Devices of a turbine that something is wrong with. */
  diagnosed(turbine: string): readonly DiagnosedDevice[];
}

/**
 * Opens the links of all devices.
 * @throws AuroraError CONFIG_INVALID for an invalid address or key file.
 */
export async function connectDevices(options: ConnectDevicesOptions): Promise<ConnectedDevices> {
  const { config, models, pipeline, clock, logger } = options;
  const points = indexPoints(config.turbines);
  const tasks = await createTasks(options, points);
  const { captures, recordings, pushes } = tasks;
  const links = await openDeviceLinks({
    devices: config.devices,
    bearingOf: (deviceId) => points.ofDevice(deviceId)[0]?.bearing,
    channelsOf: (deviceId) => points.ofDevice(deviceId).map(({ channel }) => channel),
    operation: config.operation,
    onDiagnosis: (deviceId, news) =>
      options.telemetry.event(`device-diagnosis.${news.kind}`, deviceId, describeNews(news)),
    gatewayId: config.gateway.id,
    runtimeVersion: options.runtimeVersion,
    topics: options.topics,
    mqtt: options.mqtt,
    clock,
    timers: systemTimers,
    random: createRandom(randomInt(2 ** 31)),
    logger,
    pipeline,
    captures,
    recordings,
    pushes,
  });
  const backPressure = startBackPressure({
    gauge: options.load,
    links: links.sessions.map(({ session }) => session),
    timers: systemTimers,
    logger,
  });
  const speeds = createMappedSpeeds(config, clock);
  const linkOf = new Map(links.sessions.map((link) => [link.device.id, link]));
  /** Version of the model that a device runs; null: none, or it was not heard yet. */
  const modelOf = (id: string, hello: HelloMessage | undefined): string | null =>
    pushes.runs(id, hello?.sessionId)?.version ?? hello?.modelVersion ?? null;
  const standingOf = ({ device: { id, keyFile }, session: { hello } }: DeviceLink): ModelStanding => {
    const own = points.ofDevice(id);
    const bundle = own[0]?.bundle;
    const serves = bundle === undefined ? null : models.current(bundle).ref.version;
    const runs = hello === undefined ? undefined : modelOf(id, hello);
    return {
      runs,
      serves,
      isNewer: isNewer(runs, serves),
      hasKey: keyFile !== null,
      isPushed: pushes.describe(id) !== null,
      statesSpeed: own.some(({ shaftRpm }) => shaftRpm !== null),
      mappedSpeed: own[0] === undefined ? null : speeds.whyMissing(own[0].turbine),
      ...readTold({ id, points: own }, pipeline.readings, clock.monotonicMs()),
    };
  };
  return {
    ...tasks,
    sessions: links.sessions,
    backPressure,
    hold: (deviceIds) => {
      for (const id of deviceIds) linkOf.get(id)?.session.hold();
    },
    letGo: (deviceIds) => {
      for (const id of deviceIds) linkOf.get(id)?.session.letGo();
    },
    tick: () => {
      recordings.tick(clock.monotonicMs());
      for (const link of links.sessions) {
        const { device, watch, session } = link;
        watch.tick(session.statistics, pushes.trouble(device.id), standingOf(link));
      }
    },
    noteSetAside: (quarantine) => {
      speeds.noteSetAside(quarantine);
      linkOf.get(quarantine.deviceId)?.watch.setAside(quarantine, clock.monotonicMs());
    },
    noteDecision: ({ point: { turbine, component } }, scored) => {
      if (scored === null) return;
      const { window, bundle } = scored;
      const point = points.find(turbine, component);
      const reference = bundle.manifest.baseline?.reference;
      const watch = point && linkOf.get(point.device)?.watch;
      watch?.window(window.levels, reference, window.shaftRpm);
    },
    diagnosed: (turbine) => {
      const diagnosed: DiagnosedDevice[] = [];
      for (const device of new Set(points.ofTurbine(turbine).map((point) => point.device))) {
        const diagnoses = linkOf.get(device)?.watch.diagnoses ?? [];
        if (diagnoses.length > 0) diagnosed.push({ device, diagnoses });
      }
      return diagnosed;
    },
    channelsOf: (deviceId) => linkOf.get(deviceId)?.session.hello?.channels ?? [],
    describe: () =>
      links.sessions.map(({ device: { id, connect, mode }, session, health, heardMs, watch }) => ({
        id,
        connect,
        mode,
        state: session.state,
        noContact: watch.noContact,
        firmware: session.hello?.firmware ?? null,
        model: modelOf(id, session.hello),
        windows: watch.windows,
        diagnoses: watch.diagnoses,
        push: pushes.describe(id),
        health,
        silentMs: heardMs === null ? null : Math.round(clock.monotonicMs() - heardMs),
        link: session.statistics,
        ignoredStops: session.ignoredStops,
      })),
    close: async () => {
      backPressure.close();
      pushes.close();
      captures.close();
      await links.close();
      await recordings.close();
    },
  };
}

/** A device may call its model anything. */
function isNewer(runs: string | null | undefined, serves: string | null): boolean {
  if (typeof runs !== "string" || serves === null || !semverPattern.test(runs)) return false;
  return compareVersions(runs, serves) > 0;
}

async function createTasks(options: ConnectDevicesOptions, points: PointIndex): Promise<DeviceTasks> {
  const { config, clock, logger } = options;
  const placeOf = (deviceId: string): RecordingPlace => {
    const { bearing, speedRatio, shaftRpm } = points.ofDevice(deviceId)[0] ?? {};
    return { bearing, speedRatio, shaftRpm };
  };
  const dir = `${config.gateway.stateDir}/${gatewayState.recordings}`;
  const recordings = createRawCaptures({ dir, placeOf, logger });
  const captures = createDeviceCaptures({
    devices: config.devices,
    watchedChannelOf: (deviceId) => points.ofDevice(deviceId)[0]?.channel,
    timers: systemTimers,
  });
  const alertCaptures = createAlertCaptures({
    captures,
    recordings,
    clock,
    logger,
    sourceOf: (turbine, component) => toAlertSource(points.find(turbine, component), config.devices),
    onRecording: options.onAlertRecording,
  });
  return { captures, recordings, alertCaptures, placeOf, pushes: await createPushes(options, points) };
}

async function createPushes(
  { config, models, telemetry, logger }: ConnectDevicesOptions,
  points: PointIndex,
): Promise<DevicePushes> {
  return createDevicePushes({
    devices: await findPushedDevices(config, points),
    imageOf: (name) => {
      const { dir, manifest, student } = models.current(name);
      return readDeviceImage(dir, manifest, student);
    },
    timers: systemTimers,
    random: createRandom(randomInt(2 ** 31)),
    logger,
    onEnd: (deviceId, { image }, { outcome, reason, sentBytes, probes }) =>
      telemetry.event(
        `device-model.${outcome}`,
        deviceId,
        reason === ""
          ? `${image.name} ${image.version}: ${sentBytes} bytes sent, ${probes} golden vectors right`
          : `${image.name} ${image.version}: ${reason}`,
      ),
  });
}

/** Devices that infer and whose key is known. */
async function findPushedDevices(
  { devices }: Pick<GatewayConfig, "devices">,
  points: PointIndex,
): Promise<PushedDevice[]> {
  const wanted = devices.flatMap((device): { device: DeviceConfig; keyFile: string; bundle: string }[] => {
    const bundle = points.ofDevice(device.id)[0]?.bundle;
    return device.mode === "raw" || device.keyFile === null || bundle === undefined
      ? []
      : [{ device, keyFile: device.keyFile, bundle }];
  });
  return await Promise.all(
    wanted.map(async ({ device, keyFile, bundle }) => {
      return { id: device.id, bundle, key: await readDeviceKey(keyFile) };
    }),
  );
}

/** The device behind a point, if it infers itself. */
function toAlertSource(
  point: IndexedPoint | undefined,
  devices: readonly DeviceConfig[],
): AlertSource | undefined {
  const device = devices.find(({ id }) => id === point?.device);
  if (point === undefined || device?.mode !== "edge") return undefined;
  return { deviceId: device.id, channel: point.channel, seconds: device.alertCaptureSeconds };
}
