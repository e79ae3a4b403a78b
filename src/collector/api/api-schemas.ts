/** What the API answers, as validators: the OpenAPI document is made from them, and the tests hold every answer against them. */
import { z } from "zod";
import { alarmStates, alertEventSchema, alertTransitions } from "../../core/contract/alert.ts";
import { operatingStates } from "../../core/contract/prediction.ts";
import type { ShapeOf } from "../../core/contract/shape-of.ts";
import {
  componentBaselineSchema,
  componentConditionSchema,
  componentHealths,
  turbineStateSchema,
} from "../../core/contract/turbine-state.ts";
import { toldUpdateSteps } from "../../core/contract/uplink-record.ts";
import type { RolledUpHealth } from "../../core/decision/roll-up-health.ts";
import type { ComponentView } from "../fleet/describe-components.ts";
import type { FleetSource } from "../fleet/fleet-source.ts";
import type { ModelView, UpdateView } from "../fleet/load-models.ts";
import type { TurbinePredictions } from "../fleet/load-predictions.ts";
import type { GatewayView, TurbineView } from "../fleet/load-turbines.ts";

const timeMs = z.number().describe("Epoch milliseconds");
const probability = z.number().min(0).max(1);
const health = z.enum(["ok", "alarm", "information-unavailable"]);
const operatingState = z.enum(operatingStates);
const ungated = z
  .literal(true)
  .optional()
  .describe(
    "There where its bundle was written without asking its gate; absent: the gate let it out, or the bundle is not known here",
  );

/** What the record lists of each. */
type Recorded<List extends "alarms" | "alertEvents" | "events" | "quarantine"> = Awaited<
  ReturnType<FleetSource["record"][List]>
>["items"][number];

/** A page of a list. */
interface PageOf<T> {
  readonly total: number;
  readonly totalIsAtLeast?: true | undefined;
  readonly limit: number;
  readonly offset: number;
  readonly items: readonly T[];
}

function listOf<T>(item: z.ZodType<T>): z.ZodType<PageOf<T>> {
  return z.object({
    total: z.int().min(0).describe("Entries of all parts of the list"),
    totalIsAtLeast: z
      .literal(true)
      .optional()
      .describe(
        "There where a list has more entries than `total`, beyond which they are not counted: parts follow until one is not full",
      ),
    limit: z.int(),
    offset: z.int(),
    items: z.array(item),
  } satisfies ShapeOf<PageOf<T>>);
}

/** `/api/v1/turbines`. */
export const turbinesSchema: z.ZodType<PageOf<TurbineView>> = listOf(
  z.object({
    site: z.string(),
    turbine: z.string(),
    gateway: z.string().nullable(),
    health: health.describe(
      "An alarm that stands is never hidden by missing data: a component's unknown says that nothing is known of it now",
    ),
    reason: z.string().nullable().describe("Why the information is unavailable, also while an alarm stands"),
    rolledUp: z
      .object({ health: z.enum(componentHealths), reason: z.string() } satisfies ShapeOf<RolledUpHealth>)
      .describe("The worst of its components, with the reason"),
    components: z.array(
      z.object({
        ...componentConditionSchema().shape,
        risks: z
          .array(z.object({ failureMode: z.string(), risk: probability.nullable() }))
          .describe("Probability of the fault at the site's prior; null: not known"),
        baseline: componentBaselineSchema().nullable().describe("As in the state"),
      } satisfies ShapeOf<ComponentView>),
    ),
    operatingState,
    lastSeenMs: timeMs,
    state: turbineStateSchema().nullable().describe("Last state as published; may be old"),
    unwatchedMs: timeMs
      .nullable()
      .describe("When its gateway took its state back, and nobody watched it any more; null: it is watched"),
    twins: z
      .array(z.string())
      .describe(
        "Gateways that watch it, where several do: its state is that of the last of them, and no state ends an alarm. Usually none",
      ),
    modelUngated: ungated,
  } satisfies ShapeOf<TurbineView>),
);

/** `/api/v1/alerts`. */
export const alertsSchema: z.ZodType<PageOf<Recorded<"alarms">>> = listOf(
  z.object({
    alarm: z.int(),
    active: z.boolean(),
    sinceMs: timeMs.describe(
      "The beginning that the latest event states, later by as much as the alarm's first event, where it states the same (else the latest), goes by its arrival; firstMs where that cannot be right",
    ),
    firstMs: timeMs,
    lastMs: timeMs,
    saidMs: timeMs
      .nullable()
      .describe(
        "When its turbine's state said of it what no event has told here: that it stands, is over, or what became of it; the event then tells it as well. Null: events told all",
      ),
    event: alertEventSchema(),
    steps: z.array(
      z.object({
        eventId: z.string(),
        gateway: z.string().nullable().describe("Who sent it; null: that was not kept then"),
        transition: z.enum(alertTransitions),
        state: z
          .enum(alarmStates)
          .nullable()
          .describe("Of the alarm after the step; null: that was not kept then"),
        timeMs: timeMs.describe(
          "Epoch milliseconds, by the clock of its gateway or device; by its arrival where that cannot be right",
        ),
        receivedMs: timeMs.describe("When it arrived, by the collector's clock"),
        probability: probability.describe("Calibrated, 0 to 1, as of the event"),
        risk: probability
          .nullable()
          .describe("Probability of the fault at the site's prior, 0 to 1; null: not known"),
      } satisfies ShapeOf<Recorded<"alarms">["steps"][number]>),
    ),
  } satisfies ShapeOf<Recorded<"alarms">>),
);

/** `/api/v1/alerts/events`. */
export const alertEventsSchema: z.ZodType<PageOf<Recorded<"alertEvents">>> = listOf(
  z.object({
    timeMs: timeMs.describe("Epoch milliseconds; by its arrival where its own time cannot be right"),
    receivedMs: timeMs.describe("When it arrived, by the collector's clock"),
    event: alertEventSchema().describe("As published; fields that this collector does not know are dropped"),
  } satisfies ShapeOf<Recorded<"alertEvents">>),
);

/** `/api/v1/predictions`. */
export const predictionsSchema: z.ZodType<TurbinePredictions> = z.object({
  site: z.string(),
  turbine: z.string(),
  fromMs: timeMs,
  toMs: timeMs,
  bucketMs: z.number(),
  series: z.array(
    z.object({
      component: z.string(),
      failureModes: z.array(z.string()),
      timesMs: z.array(timeMs),
      mean: z.array(z.array(probability.nullable())).describe("One array a failure mode"),
      max: z.array(z.array(probability.nullable())),
      min: z.array(z.array(probability.nullable())).describe("Lowest mean of a row as it was sent"),
      meanRisk: z
        .array(z.array(probability.nullable()))
        .describe("Probability of the fault at the site's prior; null: not known"),
      maxRisk: z.array(z.array(probability.nullable())),
      isLearning: z.array(z.boolean().nullable()).describe("The point has no reference of its own yet"),
      shaftRpm: z.array(z.number().nullable()),
      windows: z.array(z.int()),
      resolutionMs: z
        .array(z.int())
        .describe(
          "Length of the longest row in each step: older rows have been summed up; 0: all are as they were sent",
        ),
      modelVersion: z.string().nullable(),
    } satisfies ShapeOf<TurbinePredictions["series"][number]>),
  ),
} satisfies ShapeOf<TurbinePredictions>);

/** `/api/v1/gateways`. */
export const gatewaysSchema: z.ZodType<PageOf<GatewayView>> = listOf(
  z.object({
    gateway: z.string(),
    online: z.boolean().nullable(),
    reachable: z.boolean(),
    reason: z.string().nullable().describe("Why it is not known whether it is reachable; null: it is known"),
    cloned: z
      .boolean()
      .describe(
        "Two gateways speak under this id, and each ends the other's connection or overwrites its status",
      ),
    clonedMs: timeMs.nullable().describe("Last sign of it"),
    offlineMs: timeMs
      .nullable()
      .describe(
        "When it said, or its broker, that it is gone; null: it is not, or that was not heard when it last happened",
      ),
    version: z.string().nullable(),
    lastSeenMs: timeMs,
    health: z
      .object({
        timeMs,
        uptimeMs: z.number(),
        rssBytes: z.number(),
        windowsProcessed: z.number(),
        windowsQuarantined: z.number(),
        windowsDropped: z.number(),
        quarantined: z.record(z.string(), z.number()),
        outboxRecords: z.number(),
      } satisfies ShapeOf<NonNullable<GatewayView["health"]>>)
      .nullable(),
  } satisfies ShapeOf<GatewayView>),
);

/** `/api/v1/models`. */
export const modelsSchema: z.ZodType<PageOf<ModelView>> = listOf(
  z.object({
    name: z.string(),
    version: z.string(),
    digest: z.string(),
    title: z.string().nullable(),
    turbines: z
      .array(z.string())
      .describe("Those that said they run it, all unless `turbines` asks for fewer"),
    turbineCount: z.int().min(0).describe("How many said so"),
    ungated,
  } satisfies ShapeOf<ModelView>),
);

/** `/api/v1/updates`. */
export const updatesSchema: z.ZodType<PageOf<UpdateView>> = listOf(
  z.object({
    id: z.int(),
    gateway: z.string(),
    timeMs,
    believedMs: timeMs.describe("As far as its time can be right; else when it arrived"),
    modelName: z.string(),
    fromVersion: z.string(),
    toVersion: z.string(),
    step: z.enum(toldUpdateSteps),
    detail: z.string(),
    ungated,
  } satisfies ShapeOf<UpdateView>),
);

/** `/api/v1/events`. */
export const eventsSchema: z.ZodType<PageOf<Recorded<"events">>> = listOf(
  z.object({
    id: z.int(),
    gateway: z.string(),
    timeMs,
    believedMs: timeMs.describe("As far as its time can be right; else when it arrived"),
    name: z.string(),
    subject: z.string(),
    detail: z.string(),
  } satisfies ShapeOf<Recorded<"events">>),
);

interface QuarantineView extends Omit<Recorded<"quarantine">, "sample"> {
  readonly sampleHex: string;
}

/** `/api/v1/quarantine`. */
export const quarantineSchema: z.ZodType<PageOf<QuarantineView>> = listOf(
  z.object({
    topic: z.string(),
    reason: z.string(),
    messages: z.int(),
    firstMs: timeMs,
    lastMs: timeMs,
    detail: z.string(),
    sampleHex: z.string().describe("First bytes of the last message"),
  } satisfies ShapeOf<QuarantineView>),
);

/** Every error of the API. */
export const apiErrorSchema: z.ZodType = z.object({
  error: z.object({ code: z.string(), message: z.string() }),
});
