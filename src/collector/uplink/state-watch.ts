/**
 * Follows the retained states of turbines and gateways. Only the newest of each topic is kept, and many are stored in
 * one transaction: a fleet publishes states far more often than a disk can commit. A message that is none is set aside
 * and counted.
 */
import type { z } from "zod";
import { gatewayStatusSchema, turbineStateSchema } from "../../core/contract/turbine-state.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { CollectorStore } from "../record/collector-store.ts";

/** Takes messages of `<base>/turbine/<site>/<turbine>/state` and `<base>/gateway/<gateway>/status`. */
export interface StateWatch {
  acceptState(topic: string, payload: Uint8Array, retained: boolean): void;
  acceptStatus(topic: string, payload: Uint8Array, retained: boolean): void;
  /** Stores what waits, now. */
  flush(): void;
  /** Stores what waits and takes no more. */
  close(): void;
}

interface Message {
  readonly kind: "state" | "status";
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retained: boolean;
}

/** States are small; a larger message is not parsed. */
const maxBytes = 262_144;
/** Topics that may wait at once; whoever publishes under more names than that is not a fleet. */
const maxWaiting = 20_000;
const delayMs = 100;

/** Creates the watch. */
export function createStateWatch(options: {
  readonly store: CollectorStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}): StateWatch {
  const { store, clock, timers, logger } = options;
  const waiting = new Map<string, Message>();
  let cancelTimer: (() => void) | null = null;
  let closed = false;
  let storeFails = false;

  const accept = (message: Message): void => {
    // An empty retained message clears the topic (MQTT 3.1.1, section 3.3.1.3).
    if (closed || message.payload.length === 0) return;
    if (waiting.size >= maxWaiting && !waiting.has(message.topic)) return;
    waiting.set(message.topic, message);
    cancelTimer ??= timers.after(delayMs, flush);
  };
  const flush = (): void => {
    cancelTimer?.();
    cancelTimer = null;
    const batch = [...waiting.values()];
    waiting.clear();
    if (batch.length === 0) return;
    try {
      store.transaction(() => {
        for (const message of batch) put(message);
      });
      storeFails = false;
    } catch (error) {
      // Once until it works again: states come every few seconds, and a full disk may hold the log, too.
      if (!storeFails) logger.error("states cannot be stored; the next ones will be tried", { error });
      storeFails = true;
    }
  };
  const put = (message: Message): void => {
    const { topic, payload } = message;
    const fault = message.kind === "state" ? putState(message) : putStatus(message);
    if (fault === null) return;
    store.quarantine.put({ topic, payload, reason: "state-invalid", detail: fault, nowMs: clock.nowMs() });
  };
  const putState = ({ topic, payload, retained }: Message): string | null => {
    const parsed = parse(payload, turbineStateSchema);
    if (typeof parsed === "string") return parsed;
    const state = parsed.value;
    if (!isSender(topic, [state.site, state.turbine])) return wrongSender;
    store.turbines.putState(state, seenAt(state.time, retained));
    return null;
  };
  const putStatus = ({ topic, payload, retained }: Message): string | null => {
    const parsed = parse(payload, gatewayStatusSchema);
    if (typeof parsed === "string") return parsed;
    if (!isSender(topic, [parsed.value.gateway])) return wrongSender;
    store.gateways.putStatus(parsed.value, seenAt(parsed.value.time, retained));
    return null;
  };
  /** A retained message says how things were at its own time; a fresh one was heard of now. */
  const seenAt = (time: string | null, retained: boolean): number => {
    const nowMs = clock.nowMs();
    return retained ? Math.min(nowMs, time === null ? 0 : Date.parse(time)) : nowMs;
  };
  return {
    acceptState: (topic, payload, retained) => accept({ kind: "state", topic, payload, retained }),
    acceptStatus: (topic, payload, retained) => accept({ kind: "status", topic, payload, retained }),
    flush,
    close: () => {
      closed = true;
      flush();
    },
  };
}

const wrongSender = "names another sender than its topic";

/** Are `ids` the last levels of the topic before its name? */
function isSender(topic: string, ids: readonly string[]): boolean {
  return (
    topic
      .split("/")
      .slice(-1 - ids.length, -1)
      .join("/") === ids.join("/")
  );
}

function parse<T>(payload: Uint8Array, schema: z.ZodType<T>): { readonly value: T } | string {
  if (payload.length > maxBytes) return `${payload.length} bytes, at most ${maxBytes} are read`;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    return "not JSON";
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0];
  return `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is wrong"}`;
}
