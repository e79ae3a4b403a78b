/** Follows the retained states of turbines and gateways. A message that is none is set aside and counted. */
import type { z } from "zod";
import { gatewayStatusSchema, turbineStateSchema } from "../contract/turbine-state.ts";
import type { Clock } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { CollectorStore } from "./collector-store.ts";

/** Takes messages of `<base>/turbine/<site>/<turbine>/state` and `<base>/gateway/<gateway>/status`. */
export interface StateWatch {
  acceptState(topic: string, payload: Uint8Array, retained: boolean): void;
  acceptStatus(topic: string, payload: Uint8Array, retained: boolean): void;
}

/** States are small; a larger message is not parsed. */
const maxBytes = 262_144;

/** Creates the watch. */
export function createStateWatch(options: {
  readonly store: CollectorStore;
  readonly clock: Clock;
  readonly logger: Logger;
}): StateWatch {
  const { store, clock, logger } = options;

  /** A retained message says how things were at its own time; a fresh one was heard of now. */
  const seenAt = (time: string | null, retained: boolean): number => {
    const nowMs = clock.nowMs();
    const saidMs = time === null ? 0 : Date.parse(time);
    return retained ? Math.min(nowMs, saidMs) : nowMs;
  };
  const accept = <T>(
    message: { readonly topic: string; readonly payload: Uint8Array; readonly idsInTopic: number },
    schema: z.ZodType<T>,
    idsOf: (value: T) => readonly string[],
    put: (value: T) => void,
  ): void => {
    const { topic, payload } = message;
    // An empty retained message clears the topic (MQTT 3.1.1, section 3.3.1.3).
    if (payload.length === 0) return;
    try {
      const parsed = parse(payload, schema);
      const ids = topic.split("/").slice(-1 - message.idsInTopic, -1);
      const detail =
        typeof parsed === "string"
          ? parsed
          : idsOf(parsed.value).join("/") === ids.join("/")
            ? null
            : "names another sender than its topic";
      if (detail === null && typeof parsed !== "string") put(parsed.value);
      else {
        const reason = "state-invalid";
        store.quarantine.put({ topic, reason, detail: detail ?? "", payload, nowMs: clock.nowMs() });
      }
    } catch (error) {
      logger.error("a state could not be stored", { topic, error });
    }
  };
  return {
    acceptState: (topic, payload, retained) => {
      accept(
        { topic, payload, idsInTopic: 2 },
        turbineStateSchema,
        (state) => [state.site, state.turbine],
        (state) => store.turbines.putState(state, seenAt(state.time, retained)),
      );
    },
    acceptStatus: (topic, payload, retained) => {
      accept(
        { topic, payload, idsInTopic: 1 },
        gatewayStatusSchema,
        (status) => [status.gateway],
        (status) => store.gateways.putStatus(status, seenAt(status.time, retained)),
      );
    },
  };
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
