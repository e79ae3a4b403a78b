/**
 * Joins what a gateway does with raw samples for people elsewhere. Without permission in the configuration there is
 * nothing here that holds, keeps or sends one: what is asked for is refused, and told.
 */
import { join } from "node:path";
import type { AlertEvent } from "../core/contract/alert.ts";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import { indexPoints, type PointIndex } from "../core/contract/config/index-points.ts";
import { maxCaptureSamples } from "../core/contract/device/device-capture.ts";
import type { EvidenceRequest, EvidenceVerdict } from "../core/contract/evidence.ts";
import type { Decision, ModelRef } from "../core/contract/prediction.ts";
import type { RecordedBlock } from "../core/contract/stream.ts";
import type { Topics } from "../core/contract/topics.ts";
import type { AlarmRegister } from "../core/decision/alarms/alarm-register.ts";
import type { Clock } from "../core/platform/clock.ts";
import { type Closers, waitAtMost } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { isSealedOrder } from "../core/platform/seal-orders.ts";
import { createWorkQueue } from "../core/platform/work-queue.ts";
import type { DeviceTasks } from "./devices/connect-devices.ts";
import type { Recording } from "./devices/recording.ts";
import { type AlarmEvidence, createAlarmEvidence } from "./evidence/alarm-evidence.ts";
import { openByteBudget } from "./evidence/byte-budget.ts";
import { channelKey, createEvidenceBuffer } from "./evidence/evidence-buffer.ts";
import { listenToOrders } from "./evidence/evidence-orders.ts";
import { createEvidenceRequests } from "./evidence/evidence-requests.ts";
import { createEvidenceSender } from "./evidence/evidence-sender.ts";
import { openEvidenceSpool } from "./evidence/evidence-spool.ts";
import { createHealthyReferences } from "./evidence/healthy-references.ts";
import { type EvidenceOccasion, makeEvidence } from "./evidence/make-evidence.ts";
import type { GatewayRecord } from "./gateway-record.ts";
import type { Outbox } from "./record/outbox.ts";
import type { Uplink } from "./record/uplink.ts";

/** How long the end waits for a disk that takes the last samples. */
const lastSamplesMs = 5_000;

/** What of a gateway raw evidence needs. */
interface EvidenceSurroundings {
  readonly config: GatewayConfig;
  /** Of its enrolment; null: it has none. */
  readonly ackKey: Uint8Array | null;
  readonly record: GatewayRecord;
  readonly uplink: Uplink;
  readonly register: AlarmRegister;
  readonly mqtt: MqttClient;
  readonly topics: Topics;
  /** The model that serves a name. */
  readonly modelOf: (bundle: string) => ModelRef;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface GatewayEvidence {
  /** Raw samples came; `block.counts` are valid only during the call. */
  accept(block: RecordedBlock): void;
  alert(event: AlertEvent): void;
  /** A device that infers itself was recorded for an alert. */
  alertRecording(recording: Recording, event: AlertEvent): void;
  decision(decision: Decision): void;
  /** Devices can be asked for samples from now on. */
  connect(captures: DeviceTasks["captures"]): void;
  /** Call it about once a second. */
  tick(): void;
  /** For the status page. */
  describe(): unknown;
}

/**
 * Drops what the last run left in the outbox's last lane: it is begun again out of the spool, if that is still permitted.
 * Call it before anything is sent.
 */
export function clearRawLane(outbox: Pick<Outbox, "peek" | "acknowledge">): void {
  for (;;) {
    const batch = outbox.peek("raw");
    if (batch === null) return;
    outbox.acknowledge(batch.bootId, "raw", batch.firstSequence + batch.records.length - 1);
  }
}

/** Opens it; a folder that cannot be used costs raw samples alone. */
export async function composeEvidence(
  around: EvidenceSurroundings,
  closers: Closers,
): Promise<GatewayEvidence> {
  const { config, ackKey, record, uplink, register, topics, clock, logger } = around;
  const { outbox, state, telemetry } = record;
  const { allow, ...settings } = config.evidence;
  const { id: gateway, site, stateDir } = config.gateway;
  const points = indexPoints(config.turbines);
  let captures: DeviceTasks["captures"] | null = null;
  let kept = 0;

  const spool = await openEvidenceSpool({
    dir: join(stateDir, "evidence"),
    maxBytes: settings.diskBytes,
    allowed: allow,
    clock,
    onDropped: (id, kind, reason) => telemetry.event("evidence-dropped", id, `${kind}: ${reason}`),
    onFault: (error) => {
      logger.error("raw samples cannot be kept or sent as evidence until their folder can be used", {
        error,
      });
      telemetry.event("evidence-fault", stateDir, String(error));
    },
  });
  const sender = createEvidenceSender({
    spool,
    budget: openByteBudget({ dailyBytes: settings.dailyBytes, state, clock, logger }),
    append: (piece) => outbox.append(piece),
    laneIsEmpty: () => outbox.counts().lanes.raw.records === 0,
    withdraw: () => clearRawLane(outbox),
    laneBytesSent: () => uplink.counts().bytesByLane.raw,
    acknowledgements: () => uplink.counts().acksReceived,
    clock,
    logger,
    onRefused: ({ id, kind }, reason) => {
      logger.warn("the collector refuses evidence", { id, kind, reason });
      telemetry.event("evidence-refused", id, `${kind}: ${reason}`);
    },
    onHeld: ({ id, kind }, reason) => {
      logger.warn("evidence does not arrive and is put off", { id, kind, reason });
      telemetry.event("evidence-held", id, `${kind}: ${reason}`);
    },
  });

  const keeping = createWorkQueue();
  /** Keeps a recording until it is sent; false: the disk refused, or there was no room, and that was told. */
  const keep = (
    recording: Recording,
    occasion: Omit<EvidenceOccasion, "gateway" | "site">,
  ): Promise<boolean> =>
    keeping.run(async () => {
      const { kind } = occasion;
      const subject = `${occasion.turbine}/${occasion.component}`;
      try {
        const evidence = await makeEvidence(recording, { ...occasion, gateway, site });
        const { id } = evidence;
        if (!(await spool.add(evidence))) {
          logger.warn("there is no room for raw samples as evidence", { subject, kind, id });
          return false;
        }
        kept++;
        logger.info("raw samples are kept as evidence", { subject, kind, id });
        sender.tick();
        return true;
      } catch (error) {
        logger.error("raw samples could not be kept as evidence", { subject, error });
        telemetry.event("evidence-dropped", subject, `${kind}: ${String(error)}`);
        return false;
      }
    });
  const ofPoint = (
    turbine: string,
    component: string,
  ): Pick<EvidenceOccasion, "turbine" | "component" | "point"> => {
    return { turbine, component, point: points.find(turbine, component)! };
  };
  const keepAlarm = (recording: Recording, { id, data }: AlertEvent): void => {
    const { turbine, component, failureMode, probability, model } = data;
    if (points.find(turbine, component) === undefined) return;
    const said: EvidenceVerdict = { verdict: "alarm", failureModes: [failureMode], probability };
    void keep(recording, { ...ofPoint(turbine, component), kind: "alarm", alert: id, model, said });
  };
  const standing = (turbine: string, component: string): readonly string[] =>
    register
      .list(site, turbine)
      .filter((alarm) => alarm.component === component && alarm.conditionActive)
      .map(({ failureMode }) => failureMode);
  const capture = async (turbine: string, component: string, seconds: number): Promise<Recording> => {
    const point = points.find(turbine, component);
    if (captures === null || point === undefined) throw new Error("no device can be asked yet");
    const { device: deviceId, channel } = point;
    return (await captures.capture({ deviceId, channel, seconds, partial: true })).recording;
  };

  const surrounding = allow.includes("alarm") ? openSurrounding(around, points, keepAlarm) : null;
  closers.add(async () => {
    surrounding?.close();
    await waitAtMost(Promise.all([keeping.close(), sender.close()]), lastSamplesMs);
  });
  const references = createHealthyReferences({
    points: allow.includes("reference")
      ? points.all.map(({ turbine, component }) => ({ turbine, component }))
      : [],
    record: ({ turbine, component }) => capture(turbine, component, settings.referenceSeconds),
    isQuiet: ({ turbine, component }) => standing(turbine, component).length === 0,
    state,
    clock,
    logger,
    onRecording: (recording, { turbine, component }, model) => {
      const said: EvidenceVerdict = { verdict: "healthy", failureModes: [], probability: null };
      return keep(recording, { ...ofPoint(turbine, component), kind: "reference", model, said });
    },
  });
  const requests = createEvidenceRequests({
    gateway,
    isAllowed: allow.includes("request"),
    isPoint: (turbine, component) => points.find(turbine, component) !== undefined,
    record: ({ turbine, component, seconds }) => capture(turbine, component, seconds),
    onRecording: (recording, { id, turbine, component }) => {
      const failureModes = standing(turbine, component);
      const verdict = failureModes.length > 0 ? "alarm" : "no-alarm";
      const said: EvidenceVerdict = { verdict, failureModes, probability: null };
      const model = around.modelOf(points.find(turbine, component)!.bundle);
      return keep(recording, { ...ofPoint(turbine, component), kind: "request", request: id, model, said });
    },
    onRefused: (request, reason) => tellRefusal(around, request, reason),
  });
  const orders = await listenToOrders(around, {
    topic: topics.evidence(gateway),
    isAuthentic: ackKey === null ? undefined : (order) => isSealedOrder(ackKey, gateway, order),
    onReceipt: sender.receive,
    onRequest: requests.receive,
  });

  return {
    accept: (block) => surrounding?.accept(block),
    alert: (event) => surrounding?.note(event),
    alertRecording: (recording, event) => {
      if (allow.includes("alarm")) keepAlarm(recording, event);
    },
    decision: references.decision,
    connect: (tasks) => {
      captures = tasks;
    },
    tick: () => {
      surrounding?.tick();
      references.tick();
      sender.tick();
    },
    describe: () => ({
      allow,
      kept,
      waiting: spool.waiting,
      waitingBytes: spool.bytes,
      stored: sender.stored,
      refused: sender.refused,
      held: sender.held,
      lostPieces: sender.lostPieces,
      pieceLimitBytes: sender.pieceLimitBytes,
      bufferBytes: surrounding?.bufferBytes ?? 0,
      requests: { received: requests.received, refused: requests.refused },
      orders: orders(),
    }),
  };
}

function tellRefusal(
  { record, logger }: EvidenceSurroundings,
  request: EvidenceRequest,
  reason: string,
): void {
  const { id, turbine, component } = request;
  logger.warn("a request for raw samples was refused", { id, turbine, component, reason });
  record.telemetry.event("evidence-request-refused", `${turbine}/${component}`, `request ${id}: ${reason}`);
}

interface Surrounding extends AlarmEvidence {
  readonly bufferBytes: number;
}

/** The rolling buffer, and what is taken out of it. */
function openSurrounding(
  { config, clock, logger }: EvidenceSurroundings,
  points: PointIndex,
  onRecording: (recording: Recording, event: AlertEvent) => void,
): Surrounding {
  const { secondsBefore, secondsAfter, bufferBytes } = config.evidence;
  const buffer = createEvidenceBuffer({
    channels: new Set(points.all.map(({ device, channel }) => channelKey(device, channel))),
    seconds: secondsBefore,
    maxBytes: bufferBytes,
    onFull: (device, channel) =>
      logger.warn("the buffer of raw samples has no room for a channel", { device, channel, bufferBytes }),
  });
  const alarms = createAlarmEvidence({
    buffer,
    channelOf: (turbine, component) => {
      const point = points.find(turbine, component);
      return point && { deviceId: point.device, channel: point.channel };
    },
    secondsBefore,
    secondsAfter,
    maxSamples: maxCaptureSamples,
    clock,
    onRecording,
  });
  return {
    ...alarms,
    accept: (block) => {
      alarms.accept(block);
      buffer.accept(block);
    },
    get bufferBytes() {
      return buffer.bytes;
    },
  };
}
