/**
 * Follows the retained states of turbines and gateways. Only the newest of each topic is kept, and many are stored in
 * one batch: a fleet publishes states far more often than a disk can commit. A message that is no state is set aside and
 * counted. A state that is emptied is taken back: nobody watches the turbine any more. A broker tells that to whoever listens
 * then, and to nobody later: of a turbine whose state was emptied while no collector listened the last state stays, as old as it is.
 */
import type { z } from "zod";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import { idPattern } from "../../core/contract/topics.ts";
import {
  type GatewayStatus,
  gatewayStatusSchema,
  type TurbineState,
  turbineStateSchema,
} from "../../core/contract/turbine-state.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import { createLastingFault } from "../../core/platform/lasting-fault.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import { rest } from "../../core/platform/rest.ts";
import type { FleetRecord, RecordFault, StateBatch } from "../record/fleet-record.ts";
import type { TurbineRef } from "../record/machine-record.ts";
import { recordBounds } from "../record/record-bounds.ts";
import { createBatchLoop, lastBatchMs, pauseAfterFailure, storeTogether } from "./batch-loop.ts";
import type { FleetCloneWatch, TwinWatch } from "./clone-watch.ts";
import type { EnrolledSites } from "./gateway-sites.ts";
import {
  createWaitingStates,
  type HeardMessage,
  maxStateBytes,
  type StateMessage,
} from "./waiting-states.ts";

/**
 * Takes messages of `<base>/turbine/<site>/<turbine>/state`, an empty one of a turbine that is no longer watched, and of
 * `<base>/gateway/<gateway>/status`.
 */
export interface StateWatch {
  acceptState(topic: string, payload: Uint8Array, retained: boolean): void;
  acceptStatus(topic: string, payload: Uint8Array, retained: boolean): void;
  /** Stores what waits, for 0.7 s at most, and takes no more. */
  close(): Promise<void>;
}

type StateSites = Pick<EnrolledSites, "get" | "hasSite" | "isRevoked">;

const anySite: StateSites = { get: () => undefined, hasSite: () => true, isRevoked: () => false };
const delayMs = 100;

interface StateWatchOptions {
  readonly record: Pick<FleetRecord, "storeStates">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Of whose turbines, and whose statuses, are taken; default: all. */
  readonly sites?: StateSites;
  /** Told of each gateway's status, before it is stored; is it a sign of two gateways under one id? */
  readonly isCloneSign?: FleetCloneWatch;
  /** Told of each turbine's state when it comes, also of one that the next takes the place of; do several gateways speak of it? */
  readonly findTwins?: TwinWatch;
  /** Told of each gateway's status, also of one that may say nothing. */
  readonly onStatus?: (status: GatewayStatus) => void;
  readonly metrics: Metrics;
}

export function createStateWatch(options: StateWatchOptions): StateWatch {
  const { record, clock, timers, logger, sites = anySite, isCloneSign = () => false } = options;
  const { findTwins = () => null, onStatus = () => {} } = options;
  const waiting = createWaitingStates();
  const droppedTotal = options.metrics.counter({
    name: "states_dropped_total",
    help: "States of turbines and statuses of gateways that were dropped since too much waited to be stored",
    labels: ["kind"],
  });
  let closed = false;
  const storeFault = createLastingFault();
  let isStuck = false;
  let isDropping = false;

  const storeNext = async (): Promise<void> => {
    const messages = waiting.takeAll();
    isDropping = false;
    let stored = 0;
    let isWhole = true;
    const clones = new Set<StateMessage>();
    try {
      for (const part of cutParts(messages)) {
        const nowMs = clock.nowMs();
        // Once, however often they are stored: who is told of a status has heard it then.
        const reads = part.map((message) => {
          const read = readMessage(message, nowMs, { sites, isCloneSign, onStatus });
          if (read.gateways.some(({ cloned }) => cloned)) clones.add(message);
          return { message, read };
        });
        const stuck = await storeTogether(reads, async (some) => {
          await record.storeStates(joinReads(some, nowMs));
        });
        const [first] = stuck;
        if (first !== undefined) {
          const [{ message }, error] = first;
          const fields = { count: stuck.size, topic: message.topic, error };
          // Once until a batch is stored whole.
          if (!isStuck) logger.error("states make storing fail, and are dropped", fields);
          isStuck = true;
          isWhole = false;
        }
        stored += part.length;
        if (part.length < messages.length) await rest();
      }
      if (isWhole) isStuck = false;
      storeFault.clear();
    } catch (error) {
      if (storeFault.note(error, clock.monotonicMs()))
        logger.error("states cannot be stored; they are kept and tried again", { error });
      await pauseAfterFailure(timers);
      // A status comes once: that a gateway went away while the record did must be known afterwards.
      for (const message of messages.slice(stored))
        waiting.putBack({ ...message, cloned: message.cloned || clones.has(message) });
    }
  };
  const countWaiting = (): number => waiting.count;
  const isFull = (): boolean => waiting.isFull;
  const loop = createBatchLoop({ timers, delayMs, countWaiting, isFull, storeNext });
  const hear = (message: HeardMessage): readonly string[] | null => {
    const read = message.kind === "state" ? readState(message, sites) : null;
    return read?.ok ? findTwins(read.value, message.retained) : null;
  };
  const accept = (heard: Omit<HeardMessage, "heardMs" | "sizeBytes">): void => {
    // An empty retained message clears the topic (MQTT 3.1.1, section 3.3.1.3); a gateway's status is nobody's to take back.
    if (closed || (heard.payload.length === 0 && (heard.retained || heard.kind === "status"))) return;
    const message = { ...heard, sizeBytes: heard.payload.length, heardMs: clock.nowMs() };
    if (!waiting.put(message, hear)) {
      droppedTotal.add(1, { kind: heard.kind });
      // Once until what waits is taken to be stored.
      if (!isDropping) logger.warn("states are dropped: more come than are stored", { topic: heard.topic });
      isDropping = true;
    }
    loop.wake();
  };
  return {
    acceptState: (topic, payload, retained) => accept({ kind: "state", topic, payload, retained }),
    acceptStatus: (topic, payload, retained) => accept({ kind: "status", topic, payload, retained }),
    close: async () => {
      closed = true;
      await loop.settle(lastBatchMs);
    },
  };
}

/** Parts that are read and stored at a time: others have their turn between them. */
function* cutParts(messages: readonly StateMessage[]): Generator<readonly StateMessage[]> {
  let part: StateMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    part.push(message);
    bytes += message.payload.length;
    if (bytes < recordBounds.stateBytes && part.length < recordBounds.states) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length > 0) yield part;
}

/** A broker does not tell who published a state: it must be of a site that any enrolled gateway may speak of. */
function readState(message: HeardMessage, sites: StateSites): Result<TurbineRef | TurbineState, RecordFault> {
  const read: Result<TurbineRef | TurbineState, RecordFault> =
    message.payload.length === 0
      ? readTurbine(message.topic)
      : parse(message, turbineStateSchema(), ({ site, turbine }) => [site, turbine]);
  if (!read.ok || sites.hasSite(read.value.site)) return read;
  const detail = `no enrolled gateway may speak of site ${read.value.site}`;
  return failed({ reason: "foreign-site", detail });
}

/** What one message asks to be stored. */
function readMessage(
  message: StateMessage,
  nowMs: number,
  { sites, isCloneSign, onStatus }: Required<Pick<StateWatchOptions, "sites" | "isCloneSign" | "onStatus">>,
): StateBatch {
  const { topic, payload, retained, heardMs, twins } = message;
  const none: StateBatch = { nowMs, turbines: [], gateways: [], setAside: [] };
  const refuse = (fault: RecordFault): StateBatch => ({ ...none, setAside: [{ topic, payload, fault }] });
  /** A retained message says how things were at its own time; a fresh one how they were when it was heard. */
  const seenAt = (time: string | null): number =>
    retained ? Math.min(nowMs, time === null ? 0 : Date.parse(time)) : heardMs;
  if (message.kind === "state") {
    const read = readState(message, sites);
    if (!read.ok) return refuse(read.error);
    const { value: state } = read;
    if (!("time" in state)) return { ...none, unwatched: [{ ...state, seenMs: heardMs, message }] };
    return { ...none, turbines: [{ state, seenMs: seenAt(state.time), twins, message }] };
  }
  const read = parse(message, gatewayStatusSchema(), ({ gateway }) => [gateway]);
  if (!read.ok) return refuse(read.error);
  const { value: status } = read;
  onStatus(status);
  if (sites.get(status.gateway) === null && !isGone(status, sites)) {
    return refuse({ reason: "not-enrolled", detail: `${status.gateway} is not an enrolled gateway` });
  }
  const cloned = isCloneSign(status, retained) || message.cloned;
  return { ...none, gateways: [{ status, seenMs: seenAt(status.time), cloned, message }] };
}

function joinReads(reads: readonly { readonly read: StateBatch }[], nowMs: number): StateBatch {
  return {
    nowMs,
    turbines: reads.flatMap(({ read }) => read.turbines),
    gateways: reads.flatMap(({ read }) => read.gateways),
    setAside: reads.flatMap(({ read }) => read.setAside),
    unwatched: reads.flatMap(({ read }) => read.unwatched ?? []),
  };
}

/** A gateway that was revoked and is offline: a collector says so. */
function isGone({ gateway, online }: GatewayStatus, sites: StateSites): boolean {
  return !online && sites.isRevoked(gateway);
}

/** Whose state a topic is. */
function readTurbine(topic: string): Result<TurbineRef, RecordFault> {
  const [site = "", turbine = ""] = topic.split("/").slice(-3, -1);
  if (idPattern.test(site) && idPattern.test(turbine)) return ok({ site, turbine });
  return failed({ reason: "state-invalid", detail: "its topic names no turbine" });
}

/** @param idsOf the ids of the sender, which must be the last levels of the topic before its name */
function parse<T>(
  { topic, payload, sizeBytes }: HeardMessage,
  schema: z.ZodType<T>,
  idsOf: (value: T) => readonly string[],
): Result<T, RecordFault> {
  const fault = (detail: string): Result<T, RecordFault> => failed({ reason: "state-invalid", detail });
  if (sizeBytes > maxStateBytes) return fault(`${sizeBytes} bytes, at most ${maxStateBytes} are read`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    return fault("not JSON");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    return fault(sayIssue(parsed.error.issues[0], json));
  }
  const ids = idsOf(parsed.data);
  const levels = topic.split("/").slice(-1 - ids.length, -1);
  return levels.join("/") === ids.join("/") ? ok(parsed.data) : fault("names another sender than its topic");
}
