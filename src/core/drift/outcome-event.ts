/** A confirmed outcome as an event of the record: what somebody found at a machine, beside what a model had said of it. */
import { z } from "zod";
import { onDemand } from "../contract/on-demand.ts";
import type { EventRecord } from "../contract/uplink-record.ts";
import type { ConfirmedOutcome } from "./concept-watch.ts";

/** Its subject is the point, `site/turbine/component`; its time is when the model decided, not when somebody looked. */
export const outcomeEventName = "outcome.confirmed";

/** An outcome, and whose it is. */
export interface ModelOutcome extends ConfirmedOutcome {
  /** Of the model that decided, as predictions name it. */
  readonly modelDigest: string;
}

const outcomeSchema: () => z.ZodType<ModelOutcome> = onDemand(() =>
  z.object({
    modelDigest: z.string().min(1).max(256),
    raised: z.boolean(),
    risk: z.number().min(0).max(1).nullable(),
    isFault: z.boolean(),
  }),
);

/** Reads an event, whose detail is the outcome as JSON; null: it is another, or not understood. */
export function readOutcome(event: Pick<EventRecord, "name" | "detail">): ModelOutcome | null {
  if (event.name !== outcomeEventName) return null;
  let detail: unknown;
  try {
    detail = JSON.parse(event.detail);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = outcomeSchema().safeParse(detail);
  return parsed.success ? parsed.data : null;
}
