/** Alert events that the last run left in the state store, read back with care. */
import { z } from "zod";
import { type AlertEvent, alertEventSchema } from "../../core/contract/alert.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { StateStore } from "../record/state-store.ts";

/** The events under `key`, at most `max`; none, and an error in the log, when they cannot be read. */
export function readKeptAlerts(state: StateStore, key: string, max: number, logger: Logger): AlertEvent[] {
  const text = state.get(key);
  if (text === null) return [];
  try {
    return z.array(alertEventSchema).max(max).parse(JSON.parse(text));
  } catch (error) {
    logger.error("alerts of the last run cannot be read", { key, error });
    return [];
  }
}
