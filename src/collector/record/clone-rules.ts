/** What two gateways under one id, and two that watch one turbine, mean for the record, alike in every engine. */
import {
  cloneAdvice,
  cloneSigns,
  describeTwins,
  twinAdvice,
  twinSigns,
} from "../../core/contract/clone-words.ts";
import type { EventRecord } from "../../core/contract/uplink-record.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import type { RecordedTurbine, TurbineRef } from "./machine-record.ts";
import { numberOrNull, type RecordRow } from "./record-rules.ts";

/** For how long after their last sign two gateways count as two: each of them is heard again within minutes. */
export const twoForMs: number = 15 * minuteMs;

/** Are they two now? A clock that was set back since says nothing of that. @param signMs when the last sign came; null: none ever did */
export function areTwo(signMs: number | null, nowMs: number): boolean {
  return signMs !== null && Math.abs(nowMs - signMs) < twoForMs;
}

/** A gateway has spoken of a turbine after another. */
export interface TwinSign {
  /** Those that do so by turns; none: it may have taken the other's place. */
  readonly twins: readonly string[];
  readonly seenMs: number;
}

type KnownTwins = Pick<RecordedTurbine, "twinnedMs" | "twins">;

/** Of a turbine: which gateways are known to watch it after a sign; is that to be told? */
export function stepTwins(
  known: KnownTwins,
  sign: TwinSign,
): { readonly twins: readonly string[]; readonly isNews: boolean } {
  const before = areTwo(known.twinnedMs, sign.seenMs) ? known.twins : [];
  const twins = sign.twins.length > 0 ? sign.twins : before;
  return { twins, isNews: before.length === 0 && twins.length > 0 };
}

export function fromTwinRow(row: RecordRow | undefined): KnownTwins {
  const twins = row?.twins_json ?? null;
  return {
    twinnedMs: numberOrNull(row?.twinned_ms),
    twins: twins === null ? [] : JSON.parse(String(twins)),
  };
}

/** What people are told when it begins. */
export function createCloneEvent(gateway: string, timeMs: number): EventRecord {
  const detail = `two gateways log in as ${gateway}, and ${cloneSigns} ${cloneAdvice}`;
  return { kind: "event", timeMs, name: "gateway.cloned", subject: gateway, detail };
}

/** What people are told when it begins of gateways that watch one turbine. */
export function createTwinEvent(
  { site, turbine }: TurbineRef,
  gateways: readonly string[],
  timeMs: number,
): EventRecord {
  const detail = `${describeTwins(turbine, gateways)}. They ${twinSigns}. ${twinAdvice}`;
  return { kind: "event", timeMs, name: "turbine.twins", subject: `${site}/${turbine}`, detail };
}
