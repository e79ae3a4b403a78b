/**
 * What a turbine's components make of the turbine: the worst of them with its reason, and how many are healthy. One that
 * is unknown hides none of the others. Words for people; reads no clock.
 */

import { renderIsoTime } from "../contract/iso-time.ts";
import type { AlarmLane } from "../contract/prediction.ts";
import { toWords } from "../contract/to-words.ts";
import {
  type ComponentCondition,
  type ComponentHealth,
  componentHealths,
} from "../contract/turbine-state.ts";

/** A turbine as a whole. */
export interface RolledUpHealth {
  readonly health: ComponentHealth;
  /** For example `2 of 3 components healthy; gearbox: no data since 12:40 UTC`. */
  readonly reason: string;
}

/** Components that are named with their reasons; the others are counted. */
const named = 3;

/** Rolls up; without any component nothing is known. `nowMs` says whether a time needs its date. */
export function rollUpHealth(components: readonly ComponentCondition[], nowMs: number): RolledUpHealth {
  const ordered = orderByUrgency(components);
  const worst = ordered[0];
  if (worst === undefined) return { health: "no-data", reason: "no component is watched" };
  const others = ordered.filter(({ health }) => health !== "good");
  const healthy = ordered.length - others.length;
  const parts = others
    .slice(0, named)
    .map((each) => `${toWords(each.component)}: ${describeCondition(each, nowMs)}`);
  if (ordered.length > 1) parts.unshift(`${healthy} of ${ordered.length} components healthy`);
  else if (healthy === 1) parts.unshift(`${toWords(worst.component)}: ${describeCondition(worst, nowMs)}`);
  if (others.length > named) parts.push(`and ${others.length - named} more`);
  return { health: worst.health, reason: parts.join("; ") };
}

/** The worst first; equal ones in their order. */
function orderByUrgency<T extends Pick<ComponentCondition, "health">>(
  components: readonly T[],
): readonly T[] {
  const urgency = ({ health }: T): number => componentHealths.indexOf(health);
  return [...components].sort((a, b) => urgency(a) - urgency(b));
}

/** `no data since 12:40 UTC`, `learning, 240 of 600 windows`, `healthy`. */
function describeCondition(
  { health, reason, sinceMs, whyItStands }: ComponentCondition,
  nowMs: number,
): string {
  const since = sinceMs === null ? "" : ` since ${formatMoment(sinceMs, nowMs)}`;
  const why = reason === null ? "" : `, ${reason}`;
  switch (health) {
    case "good":
      return `healthy${why}`;
    case "learning":
      return `learning${why}`;
    case "refused":
      return `learning refused${why}`;
    case "no-data":
      return `${reason ?? "no data"}${since}`;
    case "warning":
    case "critical":
      return `${health}${why}${since}${whyItStands === undefined ? "" : `; ${whyItStands}`}`;
    default:
      return health satisfies never;
  }
}

/** May a risk be told? One that was computed of data that comes no more, or without a reference, says nothing of now. */
export function tellsRisk(condition: Pick<ComponentCondition, "health" | "unknown">): boolean {
  const { health } = condition;
  return !isUnknownNow(condition) && health !== "learning" && health !== "refused";
}

/** The highest risk of failure modes; null: none is known. */
export function findHighestRisk(
  modes: readonly { readonly risk?: number | null | undefined }[],
): number | null {
  const known = modes.flatMap(({ risk }) => (risk === undefined || risk === null ? [] : [risk]));
  return known.length === 0 ? null : Math.max(...known);
}

/** Is nothing known of it now? Of one in alarm as well: its alarm stands all the same. */
export function isUnknownNow({ health, unknown }: Pick<ComponentCondition, "health" | "unknown">): boolean {
  return health === "no-data" || unknown !== undefined;
}

/** What an alarm rests on, in words. */
export function describeLane(lane: AlarmLane | null | undefined): string {
  switch (lane) {
    case "slow":
      return "evidence of hours or days against how it was before";
    case "fast":
      return "strong evidence within minutes";
    case null:
    case undefined:
      return "evidence above the model's threshold";
    default:
      return lane satisfies never;
  }
}

/** `12:40 UTC` of the same day, else with its date. */
export function formatMoment(timeMs: number, nowMs: number): string {
  const [date, time] = renderIsoTime(timeMs).slice(0, 16).split("T");
  const today = renderIsoTime(nowMs).slice(0, 10);
  return `${date === today ? "" : `${date} `}${time} UTC`;
}
