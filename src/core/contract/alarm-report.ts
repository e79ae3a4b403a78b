/**
 * What is asked of a running gateway about its alarms, and what people do to them (ISA-18.2, section 5.2); JSON over its local
 * HTTP, and the JSON that `aurora alert` prints.
 */
import { z } from "zod";
import { type AlarmState, type AlertSeverity, alarmStates, alertSeverities } from "./alert.ts";
import { AuroraError } from "./aurora-error.ts";
import { onDemand } from "./on-demand.ts";
import { oneLine } from "./one-line.ts";
import type { ShapeOf } from "./shape-of.ts";
import type { PointId } from "./stream.ts";

/** Path that lists them (GET), and below which each is acted on: `POST /alarms/TURBINE/COMPONENT/FAILURE-MODE`. */
export const alarmsPath = "/alarms";

/** What a person does to an alarm. */
const alarmActions = [
  "acknowledge",
  "shelve",
  "unshelve",
  "remove-from-service",
  "return-to-service",
] as const;
type AlarmAction = (typeof alarmActions)[number];

/** By which name the event is kept that says who did it. */
export const alarmEventNames: Readonly<Record<AlarmAction, string>> = {
  acknowledge: "alarm.acknowledged",
  shelve: "alarm.shelved",
  unshelve: "alarm.unshelved",
  "remove-from-service": "alarm.out-of-service",
  "return-to-service": "alarm.in-service",
};

/** Ahead of the id of the alert that told of a deed, at the end of the deed's event; one of which no alert tells, and of an older gateway, has neither. */
export const alertMark = "; alert ";

/** A week: shelving is for hours. */
export const maxShelvedHours = 168;

/** Which alarm. */
export interface AlarmPlace extends Omit<PointId, "site"> {
  readonly failureMode: string;
}

/** Is an alarm in this state withheld from people? */
export function isWithheldState(state: AlarmState): boolean {
  return state === "shelved" || state === "suppressed" || state === "out-of-service";
}

/** An alarm that is not normal. */
export interface AlarmReport extends AlarmPlace {
  /** What the gateway's site was called when it was raised; absent: as it is called now. */
  readonly formerSite?: string | undefined;
  readonly state: AlarmState;
  /** Is the process in the alarm's condition now, whether or not people are shown it? */
  readonly conditionActive: boolean;
  readonly severity: AlertSeverity;
  /** Another failure mode that the machine has looked like for a while; null: none. */
  readonly leadingMode: string | null;
  /** Beginning of the occurrence, RFC 3339. */
  readonly since: string;
  /** Of the last window. */
  readonly probability: number;
  /** Who acknowledged or withheld it; null: nobody has. */
  readonly by: string | null;
  /** When it is shown again, RFC 3339; null: it is not shelved. */
  readonly until: string | null;
}

/** What `GET /alarms` answers, those that have stood longest first. */
export interface AlarmList {
  readonly alarms: readonly AlarmReport[];
}

/** What `POST /alarms/TURBINE/COMPONENT/FAILURE-MODE` says. */
export interface AlarmOrder {
  readonly action: AlarmAction;
  /** The local user who does it. */
  readonly by: string;
  /** For how long it is shelved, above 0 to {@link maxShelvedHours}; given with `shelve` alone. */
  readonly hours?: number | undefined;
}

/** The answer. */
export interface AlarmReply {
  /** As it is from now on; null: it is normal, as nothing is left to be seen. */
  readonly alarm: AlarmReport | null;
  /** The disk took nothing: it was told, and a gateway that is killed before there is room forgets it. Absent: it is on the disk. */
  readonly isUnwritten?: true | undefined;
}

/** The error for an alarm that is not among those of `aurora alert list`; `op` is what was to be done to it. */
export function refuseUnknownAlarm({ turbine, component, failureMode }: AlarmPlace, op: string): AuroraError {
  const subject = `${turbine} ${component} ${failureMode}`;
  return new AuroraError("USAGE", `there is no alarm of ${subject}`, {
    op,
    subject,
    hint: "`aurora alert list --config FILE` says which there are: turbine, component, failure mode.",
  });
}

const name = z.string().min(1).max(256);
const time = z.iso.datetime();

const alarmReportSchema: () => z.ZodType<AlarmReport> = onDemand(() =>
  z.strictObject({
    turbine: name,
    component: name,
    failureMode: name,
    formerSite: name.optional(),
    state: z.enum(alarmStates),
    conditionActive: z.boolean(),
    severity: z.enum(alertSeverities),
    leadingMode: name.nullable(),
    since: time,
    probability: z.number().min(0).max(1),
    by: name.nullable(),
    until: time.nullable(),
  } satisfies ShapeOf<AlarmReport>),
);

/** Validator of {@link AlarmList}. */
export const alarmListSchema: () => z.ZodType<AlarmList> = onDemand(() =>
  z.strictObject({ alarms: z.array(alarmReportSchema()).max(100_000) } satisfies ShapeOf<AlarmList>),
);

/** Validator of {@link AlarmReply}. */
export const alarmReplySchema: () => z.ZodType<AlarmReply> = onDemand(() =>
  z.strictObject({
    alarm: alarmReportSchema().nullable(),
    isUnwritten: z.literal(true).optional(),
  } satisfies ShapeOf<AlarmReply>),
);

/** Validator of {@link AlarmOrder}. */
export const alarmOrderSchema: () => z.ZodType<AlarmOrder> = onDemand(() =>
  z
    .strictObject({
      action: z.enum(alarmActions),
      by: oneLine(64),
      hours: z.number().positive().max(maxShelvedHours).optional(),
    })
    .refine(({ action, hours }) => (action === "shelve") === (hours !== undefined), {
      path: ["hours"],
      message: "hours are given for shelving, and for nothing else",
    }),
);
