/**
 * The life of one alarm after ANSI/ISA-18.2 (2016, section 5.2): what the process does (raise, return) and what people
 * do (acknowledge, shelve, suppress, take out of service). A step out of order is an error value, never a skip.
 *
 *     normal ──raise──▶ unacknowledged ──acknowledge──▶ acknowledged ──return──▶ normal
 *        ▲                 │      ▲                                               │
 *        │               return  raise                      any of these four ──shelve | suppress | out of service──▶
 *        └──acknowledge── returned-unacknowledged           withheld, and back to what lies beneath
 */
import { failed, ok, type Result } from "../../core/contract/result.ts";

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
export type WithheldAlarm =
  | {
      readonly state: "shelved";
      readonly atMs: number;
      readonly by: string;
      /** Shelving always ends by itself. */
      readonly untilMs: number;
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

/** One step of an alarm, or why this step is not possible now. */
export function stepAlarm(alarm: Alarm, step: AlarmStep): Result<Alarm, string> {
  switch (alarm.state) {
    case "normal":
    case "unacknowledged":
    case "acknowledged":
    case "returned-unacknowledged":
      return stepAnnunciated(alarm, step);
    case "shelved":
      return step.kind === "unshelve" ? ok(alarm.beneath) : stepBeneath(alarm, step);
    case "suppressed":
      return step.kind === "unsuppress" ? ok(alarm.beneath) : stepBeneath(alarm, step);
    case "out-of-service":
      return step.kind === "return-to-service" ? ok(alarm.beneath) : stepBeneath(alarm, step);
  }
}

/** Is the process in the alarm's condition, whether or not people are shown it? */
export function isConditionActive(alarm: Alarm): boolean {
  const { state } = beneath(alarm);
  return state === "unacknowledged" || state === "acknowledged";
}

/** Is the alarm withheld from people? */
export function isWithheld(alarm: Alarm): alarm is WithheldAlarm {
  return "beneath" in alarm;
}

function beneath(alarm: Alarm): AnnunciatedAlarm {
  return isWithheld(alarm) ? alarm.beneath : alarm;
}

function stepAnnunciated(alarm: AnnunciatedAlarm, step: AlarmStep): Result<Alarm, string> {
  switch (step.kind) {
    case "raise":
      return raise(alarm, step.sinceMs);
    case "return":
      if (alarm.state === "unacknowledged") {
        return ok({ state: "returned-unacknowledged", sinceMs: alarm.sinceMs, returnedMs: step.atMs });
      }
      return alarm.state === "acknowledged" ? ok(normalAlarm) : refuse(alarm, step);
    case "acknowledge":
      if (alarm.state === "unacknowledged") {
        const { sinceMs } = alarm;
        return ok({ state: "acknowledged", sinceMs, acknowledgedMs: step.atMs, by: step.by });
      }
      return alarm.state === "returned-unacknowledged" ? ok(normalAlarm) : refuse(alarm, step);
    case "shelve":
      if (!(step.untilMs > step.atMs)) return failed("shelving must end after it begins");
      return ok({
        state: "shelved",
        atMs: step.atMs,
        by: step.by,
        untilMs: step.untilMs,
        beneath: alarm,
      });
    case "suppress":
      return ok({ state: "suppressed", atMs: step.atMs, reason: step.reason, beneath: alarm });
    case "remove-from-service":
      return ok({ state: "out-of-service", atMs: step.atMs, by: step.by, beneath: alarm });
    case "unshelve":
    case "unsuppress":
    case "return-to-service":
      return refuse(alarm, step);
  }
}

/** Withheld: the process is followed, people's other steps have to wait. */
function stepBeneath(alarm: WithheldAlarm, step: AlarmStep): Result<Alarm, string> {
  if (step.kind === "raise") {
    const raised = raise(alarm.beneath, step.sinceMs);
    return raised.ok ? ok({ ...alarm, beneath: raised.value }) : refuse(alarm, step);
  }
  if (step.kind === "return" && isConditionActive(alarm)) {
    // Whoever withheld it knows of it: a return needs no acknowledgement.
    return ok({ ...alarm, beneath: normalAlarm });
  }
  return refuse(alarm, step);
}

function raise(alarm: AnnunciatedAlarm, sinceMs: number): Result<AnnunciatedAlarm, string> {
  if (alarm.state === "unacknowledged" || alarm.state === "acknowledged") {
    return failed(`raise is not possible while ${alarm.state}`);
  }
  return ok({ state: "unacknowledged", sinceMs });
}

function refuse(alarm: Alarm, step: AlarmStep): Result<never, string> {
  return failed(`${step.kind} is not possible while ${alarm.state}`);
}
