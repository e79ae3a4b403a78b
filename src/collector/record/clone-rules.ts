/** What two gateways under one id mean for the record, alike in every engine. */
import { cloneAdvice, cloneSigns } from "../../core/contract/clone-words.ts";
import type { EventRecord } from "../../core/contract/uplink-record.ts";
import { minuteMs } from "../../core/maths/durations.ts";

/** For how long after its last sign a gateway counts as cloned: each of the two is heard again within minutes. */
export const clonedForMs: number = 15 * minuteMs;

/** Is it said of a gateway now? @param clonedMs when the last sign came; null: none ever did */
export function isCloned(clonedMs: number | null, nowMs: number): boolean {
  return clonedMs !== null && nowMs - clonedMs < clonedForMs;
}

/** What people are told when it begins. */
export function createCloneEvent(gateway: string, timeMs: number): EventRecord {
  const detail = `two gateways log in as ${gateway}, and ${cloneSigns} ${cloneAdvice}`;
  return { kind: "event", timeMs, name: "gateway.cloned", subject: gateway, detail };
}
