/**
 * Joins what a gateway does with raw samples for people elsewhere. Without permission in the configuration there is
 * nothing here that holds, keeps or sends one: what is asked for is refused, and told.
 */
import { join } from "node:path";
import type { AlertEvent } from "../core/contract/alert.ts";
import type { GatewayConfig, PointConfig } from "../core/contract/config/gateway-config.ts";
import { indexPoints } from "../core/contract/config/index-points.ts";
import { gatewayState } from "../core/contract/config/state-names.ts";
import type { EvidenceVerdict } from "../core/contract/evidence.ts";
import type { WholeGatewayPage } from "../core/contract/gateway-page.ts";
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
import type { CaptureWish } from "./devices/capture-attempt.ts";
import type { DeviceTasks } from "./devices/connect-devices.ts";
import type { Recording } from "./devices/recording.ts";
import { openAlarmSamples } from "./evidence/alarm-samples.ts";
import { openBegunEvidence } from "./evidence/begun-evidence.ts";
import { openByteBudget } from "./evidence/byte-budget.ts";
import { listenToOrders } from "./evidence/evidence-orders.ts";
import { createEvidenceRequests } from "./evidence/evidence-requests.ts";
import { createEvidenceSender } from "./evidence/evidence-sender.ts";
import { noRoomForEvidence, openEvidenceSpool, tooMuchEvidence } from "./evidence/evidence-spool.ts";
import { createHealthyReferences } from "./evidence/healthy-references.ts";
import { type EvidenceOccasion, makeEvidence } from "./evidence/make-evidence.ts";
import type { GatewayRecord } from "./gateway-record.ts";
import type { Outbox } from "./record/outbox.ts";
import type { KeptPlace } from "./record/read-kept.ts";
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
  describe(): WholeGatewayPage["evidence"];
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
  const { outbox, state, telemetry, file } = record;
  const { allow, ...settings } = config.evidence;
  const { id: gateway, site, stateDir } = config.gateway;
  const points = indexPoints(config.turbines);
  let captures: DeviceTasks["captures"] | null = null;
  let kept = 0;

  const begun = openBegunEvidence({ state, telemetry, logger });
  const spool = await openEvidenceSpool({
    dir: join(stateDir, gatewayState.evidence),
    maxBytes: settings.diskBytes,
    allowed: allow,
    clock,
    reserve: file.reserve,
    onDropped: (id, kind, reason) => {
      telemetry.event("evidence-dropped", id, kind === null ? reason : `${kind}: ${reason}`);
      begun.endFiles(id, reason);
    },
    onFault: (error) => {
      logger.error("raw samples cannot be kept or sent until their folder can be used", { error });
      telemetry.event("evidence-fault", stateDir, String(error));
    },
  });
  begun.settle(spool);
  const sender = createEvidenceSender({
    spool: {
      next: spool.next,
      has: spool.has,
      remove: (id) => {
        begun.endFiles(id);
        return spool.remove(id);
      },
    },
    budget: openByteBudget({ dailyBytes: settings.dailyBytes, state, clock, logger }),
    append: (piece) => outbox.append(piece),
    lane: () => outbox.counts().lanes.raw,
    withdraw: () => clearRawLane(outbox),
    laneBytesSent: () => uplink.counts().bytesByLane.raw,
    acknowledgements: () => uplink.counts().acksReceived,
    clock,
    logger,
    onRefused: ({ id, kind }, reason) => {
      logger.warn("the collector refuses evidence", { id, kind, reason });
      telemetry.event("evidence-refused", id, `${kind}: ${reason}`);
      begun.endFiles(id, `the collector does not keep its samples: ${reason}`);
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
      const { kind, turbine, component, alert } = occasion;
      const occasionId = alert ?? occasion.request;
      const subject = `${turbine}/${component}`;
      try {
        const evidence = await makeEvidence(recording, { ...occasion, gateway, site });
        const { id } = evidence;
        // Before its files are: what is known of them then is known of a part of them as well.
        if (kind !== "reference") begun.note({ kind, id: occasionId!, turbine, component, evidence: id });
        if (!(await spool.add(evidence))) {
          const reason = file.reserve.isHeld ? tooMuchEvidence : noRoomForEvidence;
          logger.warn("there is no room for raw samples as evidence", { subject, kind, id, reason });
          telemetry.event("evidence-dropped", id, `${kind}: ${reason}`);
          if (alert !== undefined) begun.end(alert);
          return false;
        }
        kept++;
        logger.info("raw samples are kept as evidence", { subject, kind, id });
        sender.tick();
        return true;
      } catch (error) {
        logger.error("raw samples could not be kept as evidence", { subject, error });
        telemetry.event("evidence-dropped", subject, `${kind}: ${String(error)}`);
        if (alert !== undefined) begun.end(alert);
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
  const capture = async ({ turbine, component }: KeptPlace, wish: WishedLength): Promise<Recording> => {
    const point = points.find(turbine, component);
    if (captures === null || point === undefined) throw new Error("no device can be asked yet");
    return (await captures.capture(wishFor(point, wish))).recording;
  };

  const surrounding = allow.includes("alarm")
    ? openAlarmSamples(
        { settings: config.evidence, points, clock, logger },
        {
          onBegun: ({ id, data: { turbine, component } }) =>
            begun.note({ kind: "alarm", id, turbine, component }),
          onRecording: keepAlarm,
          onNothing: ({ id, data: { turbine, component } }) =>
            begun.abandon({ kind: "alarm", id, turbine, component }, "no samples of its channel came"),
        },
      )
    : null;
  closers.add("evidence", async () => {
    surrounding?.close();
    await waitAtMost(Promise.all([keeping.close(), sender.close()]), lastSamplesMs);
  });
  const references = createHealthyReferences({
    points: allow.includes("reference")
      ? points.all.map(({ turbine, component }) => ({ turbine, component }))
      : [],
    record: (point) => capture(point, { seconds: settings.referenceSeconds, clamped: true }),
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
    known: begun.earlier,
    isPoint: (turbine, component) => points.find(turbine, component) !== undefined,
    check: ({ turbine, component, seconds }) =>
      captures?.check(wishFor(points.find(turbine, component)!, { seconds })),
    record: ({ turbine, component, seconds }) => capture({ turbine, component }, { seconds }),
    onRecording: (recording, { id, turbine, component }) => {
      const failureModes = standing(turbine, component);
      const verdict = failureModes.length > 0 ? "alarm" : "no-alarm";
      const said: EvidenceVerdict = { verdict, failureModes, probability: null };
      const model = around.modelOf(points.find(turbine, component)!.bundle);
      return keep(recording, { ...ofPoint(turbine, component), kind: "request", request: id, model, said });
    },
    onAccepted: (request) => {
      const { id, turbine, component, seconds } = request;
      begun.note({ kind: "request", id, turbine, component });
      const detail = `request ${id}: ${seconds} s are recorded`;
      telemetry.event("evidence-request-accepted", `${turbine}/${component}`, detail);
    },
    onRefused: (request, reason) => begun.abandon({ kind: "request", ...request }, reason),
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
      begun.settle(spool);
      surrounding?.tick();
      references.tick();
      sender.tick();
      if (sender.pausedUntilMs !== null) begun.delay(sender.pausedUntilMs);
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
      pausedUntilMs: sender.pausedUntilMs,
      bufferBytes: surrounding?.bufferBytes ?? 0,
      requests: { received: requests.received, refused: requests.refused },
      orders: orders(),
    }),
  };
}

type WishedLength = Pick<CaptureWish, "seconds" | "clamped">;

/** A recording that is asked for may be shorter: a device that sends with gaps gives its longest run. */
function wishFor({ device: deviceId, channel }: PointConfig, length: WishedLength): CaptureWish {
  return { deviceId, channel, partial: true, ...length };
}
