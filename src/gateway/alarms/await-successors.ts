/**
 * Listens whether another gateway speaks of turbines that this one no longer watches. A gateway that stops leaves its own last state on
 * the topic, over one that another has published there already: whose the retained one is does not say that nobody else watches.
 * Publishes nothing.
 */
import { type TurbineState, turbineStateSchema } from "../../core/contract/turbine-state.ts";
import type { Timers } from "../../core/platform/clock.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { mostStateBytes } from "./standing-alarms.ts";

/** A state that says whose it is. */
interface SpokenState extends TurbineState {
  readonly gateway: string;
}

interface SuccessorsOptions {
  /** Of the turbines' states. */
  readonly topics: Iterable<string>;
  /** Its own id. */
  readonly gateway: string;
  readonly mqtt: Pick<MqttClient, "subscribe" | "unsubscribe" | "onConnect" | "onDisconnect">;
  readonly timers: Timers;
  /** Another gateway speaks on this topic. */
  onFound(topic: string, spoken: SpokenState): void;
  /** On the others nobody else does, as far as the broker lets this gateway hear over the connection that there is. */
  onNone(): void;
}

interface Successors {
  /** Is it not known yet, or not over this connection, who speaks on this topic? */
  isAwaited(topic: string): boolean;
  /** Listens no longer on this topic: nothing more depends on who speaks there. */
  leave(topic: string): void;
  close(): void;
}

/** Of one connection, since what is said without one is not heard: every gateway publishes each of its turbines' states once a minute. */
const listenMs = 180_000;

/**
 * Begins to listen; without topics there is nobody to wait for. Another gateway may begin to speak whenever there is no connection: with
 * the next one it is listened anew on all topics that were not left.
 */
export function awaitSuccessors(options: SuccessorsOptions): Successors {
  const { mqtt, timers } = options;
  const awaited = new Set(options.topics);
  let hasListened = false;
  let cancelEnd = (): void => {};
  let stopListening: readonly (() => void)[] = [];

  const close = (): void => {
    cancelEnd();
    for (const stop of stopListening) stop();
    stopListening = [];
  };
  const leave = (topic: string): void => {
    if (!awaited.delete(topic)) return;
    void mqtt.unsubscribe(topic);
    if (awaited.size === 0) close();
  };
  const begin = (): void => {
    cancelEnd();
    hasListened = false;
  };
  const end = (): void => {
    hasListened = true;
    options.onNone();
  };
  const take = (topic: string, payload: Uint8Array): void => {
    const spoken = readSpoken(payload);
    if (spoken === undefined || spoken.gateway === options.gateway || !awaited.has(topic)) return;
    leave(topic);
    options.onFound(topic, spoken);
  };

  for (const topic of awaited) void mqtt.subscribe(topic, 0, take);
  if (awaited.size > 0) {
    stopListening = [
      mqtt.onDisconnect(begin),
      mqtt.onConnect(() => {
        begin();
        cancelEnd = timers.after(listenMs, end);
      }),
    ];
  }
  return { isAwaited: (topic) => awaited.has(topic) && !hasListened, leave, close };
}

/** Undefined: an older gateway's state, or none. */
function readSpoken(payload: Uint8Array): SpokenState | undefined {
  if (payload.length > mostStateBytes) return undefined;
  const state = turbineStateSchema().safeParse(parseJsonBytes(payload)).data;
  return state?.gateway === undefined ? undefined : { ...state, gateway: state.gateway };
}
