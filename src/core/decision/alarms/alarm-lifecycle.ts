/**
 * The life of one alarm after ANSI/ISA-18.2 (2016, section 5.2): what the process does (raise, return) and what people
 * do (acknowledge, shelve, suppress, take out of service), as one table of states and steps. A step that stands nowhere
 * in the table is an error value, never a skip.
 *
 *     normal ──raise──▶ unacknowledged ──acknowledge──▶ acknowledged ──return──▶ normal
 *        ▲                 │      ▲                                               │
 *        │               return  raise                      any of these four ──shelve | suppress | out of service──▶
 *        └──acknowledge── returned-unacknowledged           withheld, and back to what lies beneath
 */
import { earliestClockMs } from "../../contract/iso-time.ts";
import { failed, ok, type Result } from "../../contract/result.ts";

/** An alarm that people see. */
export type AnnunciatedAlarm =
  | { readonly state: "normal" }
  | { readonly state: "unacknowledged"; readonly sinceMs: number }
  | {
      readonly state: "acknowledged";
      readonly sinceMs: number;
      readonly acknowledgedMs: number;
      readonly by: string;
    }
  | { readonly state: "returned-unacknowledged"; readonly sinceMs: number; readonly returnedMs: number };

/** An alarm that is withheld; the process goes on beneath. */
type WithheldAlarm =
  | {
      readonly state: "shelved";
      readonly atMs: number;
      readonly by: string;
      /** Shelving always ends by itself. */
      readonly untilMs: number;
      /** For how long it has been shelved, over all runs; absent: not at all yet. */
      readonly countedMs?: number | undefined;
      readonly beneath: AnnunciatedAlarm;
    }
  | {
      readonly state: "suppressed";
      readonly atMs: number;
      readonly reason: string;
      readonly beneath: AnnunciatedAlarm;
    }
  | {
      readonly state: "out-of-service";
      readonly atMs: number;
      readonly by: string;
      readonly beneath: AnnunciatedAlarm;
    };

/** An alarm in one of the seven states. */
export type Alarm = AnnunciatedAlarm | WithheldAlarm;

/** What happens to an alarm. Times are epoch ms. */
export type AlarmStep =
  | { readonly kind: "raise"; readonly sinceMs: number }
  | { readonly kind: "return"; readonly atMs: number }
  | { readonly kind: "acknowledge"; readonly atMs: number; readonly by: string }
  | { readonly kind: "shelve"; readonly atMs: number; readonly by: string; readonly untilMs: number }
  | { readonly kind: "unshelve" }
  | { readonly kind: "suppress"; readonly atMs: number; readonly reason: string }
  | { readonly kind: "unsuppress" }
  | { readonly kind: "remove-from-service"; readonly atMs: number; readonly by: string }
  | { readonly kind: "return-to-service" };

/** An alarm that was never raised. */
export const normalAlarm: AnnunciatedAlarm = { state: "normal" };

/** What a step makes of an alarm in state `S`; null: not possible as the alarm is. */
type Move<S extends Alarm["state"], K extends AlarmStep["kind"]> = (
  alarm: Extract<Alarm, { readonly state: S }>,
  step: Extract<AlarmStep, { readonly kind: K }>,
) => Alarm | null;
type Moves<S extends Alarm["state"]> = { readonly [K in AlarmStep["kind"]]?: Move<S, K> };

/** What people may do to any alarm that is shown. */
const withhold = {
  shelve: (beneath, { atMs, by, untilMs }) => ({ state: "shelved", atMs, by, untilMs, beneath }),
  suppress: (beneath, { atMs, reason }) => ({ state: "suppressed", atMs, reason, beneath }),
  "remove-from-service": (beneath, { atMs, by }) => ({ state: "out-of-service", atMs, by, beneath }),
} satisfies Moves<AnnunciatedAlarm["state"]>;

/** Withheld: the process is followed beneath, people's other steps have to wait. */
const follow = {
  raise: (alarm, { sinceMs }) =>
    isConditionActive(alarm) ? null : { ...alarm, beneath: { state: "unacknowledged", sinceMs } },
  // Whoever withheld it knows of it: a return needs no acknowledgement.
  return: (alarm) => (isConditionActive(alarm) ? { ...alarm, beneath: normalAlarm } : null),
} satisfies Moves<WithheldAlarm["state"]>;

const moves: { readonly [S in Alarm["state"]]: Moves<S> } = {
  normal: {
    raise: (_alarm, { sinceMs }) => ({ state: "unacknowledged", sinceMs }),
    ...withhold,
  },
  unacknowledged: {
    return: ({ sinceMs }, { atMs }) => ({ state: "returned-unacknowledged", sinceMs, returnedMs: atMs }),
    acknowledge: ({ sinceMs }, { atMs, by }) => ({
      state: "acknowledged",
      sinceMs,
      acknowledgedMs: atMs,
      by,
    }),
    ...withhold,
  },
  acknowledged: {
    return: () => normalAlarm,
    ...withhold,
  },
  "returned-unacknowledged": {
    raise: (_alarm, { sinceMs }) => ({ state: "unacknowledged", sinceMs }),
    acknowledge: () => normalAlarm,
    ...withhold,
  },
  shelved: { unshelve: ({ beneath }) => beneath, ...follow },
  suppressed: { unsuppress: ({ beneath }) => beneath, ...follow },
  "out-of-service": { "return-to-service": ({ beneath }) => beneath, ...follow },
};

/** One step of an alarm, or why this step is not possible now. */
export function stepAlarm(alarm: Alarm, step: AlarmStep): Result<Alarm, string> {
  // The table's types pair every state with its moves; here both are only known to be one of theirs.
  const move = moves[alarm.state][step.kind] as Move<Alarm["state"], AlarmStep["kind"]> | undefined;
  if (move !== undefined && step.kind === "shelve" && !(step.untilMs > step.atMs))
    return failed("shelving must end after it begins");
  const next = move?.(alarm, step) ?? null;
  return next === null ? failed(`${step.kind} is not possible while ${alarm.state}`) : ok(next);
}

/** Is the process in the alarm's condition, whether or not people are shown it? */
export function isConditionActive(alarm: Alarm): boolean {
  const { state } = isWithheld(alarm) ? alarm.beneath : alarm;
  return state === "unacknowledged" || state === "acknowledged";
}

/** When it is shown again; null: it is not shelved. */
export function findShelvingEnd(alarm: Alarm): number | null {
  return alarm.state === "shelved" ? alarm.untilMs : null;
}

/**
 * A shelved alarm when a while has passed until `atMs`: shown again where its end has come, or its hours have been counted, any other alarm
 * as it is. What is counted ends it where the clock is behind its beginning, after a start without a battery or as the one that it began by was ahead. Of
 * one that began while the clock had not been set, the end that was told says nothing, and the hours alone count.
 */
export function followShelving(alarm: Alarm, atMs: number, passedMs: number): Alarm {
  if (alarm.state !== "shelved") return alarm;
  const countedMs = (alarm.countedMs ?? 0) + passedMs;
  const isOver = alarm.atMs >= earliestClockMs && atMs >= alarm.untilMs;
  if (isOver || countedMs >= alarm.untilMs - alarm.atMs) return alarm.beneath;
  return { ...alarm, countedMs };
}

/** Is the alarm withheld from people? */
export function isWithheld(alarm: Alarm): alarm is WithheldAlarm {
  return "beneath" in alarm;
}
