/** What several rows of the update's table ask for: a step told and written down, a refusal, an end. Pure. */
import type { UpdateRecord } from "../../core/contract/uplink-record.ts";
import { type PendingUpdate, type UpdateStep, updateSteps } from "./journal.ts";
import type { OfferedTarget } from "./tuf-client.ts";
import type { LookContext, UnderWay, UpdateEffect } from "./update-states.ts";

/** `target` is not tried again; that ends it if it is under way. */
export function refused(
  look: LookContext,
  pending: PendingUpdate | null,
  { target, reason }: { readonly target: OfferedTarget; readonly reason: string },
): { look: LookContext; pending: PendingUpdate | null; effects: UpdateEffect[] } {
  const { sha256, version } = target;
  const told = report(look, pending, { step: "refused", toVersion: version, detail: reason });
  const refusal = { sha256, runtimeVersion: look.runtimeVersion, reason: reason.slice(0, 1000) };
  const next = { ...look, refused: look.refused.concat(refusal) };
  if (pending?.target.sha256 === sha256)
    return { look: next, pending: null, effects: [told, ...ended(next)] };
  return { look: next, pending, effects: [told, save(next, pending)] };
}

/** A step is done: told and written down, unless an earlier look did. */
export function completed(
  { look, update }: UnderWay,
  step: Exclude<UpdateStep, "found">,
  detail: string,
): { update: PendingUpdate; effects: UpdateEffect[] } {
  if (updateSteps.indexOf(step) <= updateSteps.indexOf(update.step)) return { update, effects: [] };
  const next = { ...update, step, lastReason: null };
  const told = report(look, update, { step, toVersion: update.target.version, detail });
  return { update: next, effects: [told, save(look, next)] };
}

/** The new bundle serves, also after a restart: that is told, and the update has ended. */
export function concluded({ look, update }: UnderWay, slot: string): UpdateEffect[] {
  const record = {
    step: "activated",
    toVersion: update.target.version,
    detail: `from slot ${slot}`,
  } as const;
  return [report(look, update, record), ...ended(look)];
}

/** The update under way has ended, well or not; the next one begins without a doubt. */
export function ended({ refused }: LookContext): UpdateEffect[] {
  return [
    { kind: "save", journal: { pending: null, refused, isDoubtful: false } },
    { kind: "discard-downloads" },
  ];
}

/** Writes down how far the update under way is. */
export function save({ refused, isDoubtful }: LookContext, pending: PendingUpdate | null): UpdateEffect {
  return { kind: "save", journal: { pending, refused, isDoubtful } };
}

/** Tells the collector of a step, or of a refusal. */
export function report(
  { serving }: LookContext,
  pending: PendingUpdate | null,
  record: Pick<UpdateRecord, "step" | "toVersion" | "detail">,
): UpdateEffect {
  const fromVersion = pending?.fromVersion ?? serving.version;
  return { kind: "report", record: { modelName: serving.name, fromVersion, ...record } };
}
