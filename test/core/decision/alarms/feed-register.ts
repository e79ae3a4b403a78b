import type { AlertEvent } from "../../../../src/core/contract/alert.ts";
import type { Decision } from "../../../../src/core/contract/prediction.ts";
import type { AlarmRegister } from "../../../../src/core/decision/alarms/alarm-register.ts";
import type { AlertContext } from "../../../../src/core/decision/alarms/alert-event.ts";

const explanation = { baseValue: -2, groups: [{ name: "inner-race", share: 4 }], gap: 0 };
/** What every alert of these tests says besides its decision. */
export const context = { explanation, horizonHours: null };

/** Gives a decision to a register and announces what is due by it, with what is `also` told. */
export function feed(
  register: AlarmRegister,
  decision: Decision,
  also: Partial<AlertContext> = {},
): AlertEvent[] {
  return register.update(decision).flatMap((due) => {
    const event = register.announce(due, { ...context, ...also });
    return event === null ? [] : [event];
  });
}
