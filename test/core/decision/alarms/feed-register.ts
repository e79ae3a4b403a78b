import type { AlertEvent } from "../../../../src/core/contract/alert.ts";
import type { Decision } from "../../../../src/core/contract/prediction.ts";
import type { AlarmRegister } from "../../../../src/core/decision/alarms/alarm-register.ts";

const explanation = { baseValue: -2, groups: [{ name: "inner-race", share: 4 }], gap: 0 };
/** What every alert of these tests says besides its decision. */
export const context = { explanation, horizonHours: null };

/** Gives a decision to a register and announces what is due by it. */
export function feed(register: AlarmRegister, decision: Decision): AlertEvent[] {
  return register.update(decision).flatMap((due) => {
    const event = register.announce(due, context);
    return event === null ? [] : [event];
  });
}
