/**
 * The way of an update, as one table: in this state, on this event, go there and do that. Pure: what is to be done is
 * said as effects in their order, which `update-look.ts` carries out; the last effect of every row answers with the
 * next event, or lets the updater rest until the next look.
 *
 * A state is the last step that was completed in *this* look; the journal (`PendingUpdate.step`) says what was
 * completed and told in any. After a power cut every step is done again and only what is new is told, so that nothing
 * is ever activated on the word of a file.
 *
 * To add a state (a shadow run, a trial, confirmed, reverted): name it in `UpdateState` (`update-states.ts`), what
 * ends it in `UpdateEvent` and what it does in `UpdateEffect`; write one row for each of its events, and let the row
 * before it lead there. To add a condition (switch in low wind only): a state between `proved` and `served` whose effect asks
 * for it, one row for "yes" (serve) and one for "not yet": give the attempt back (`save` with one attempt fewer, or the
 * waiting would use them up) and rest; the next look does every step again.
 */
import { ungatedWords } from "../../core/contract/bundle/lineage.ts";
import { chooseTarget, type TargetChoice } from "./choose-target.ts";
import { wantOfMemory } from "./proof-message.ts";
import type { OfferedTarget } from "./tuf-client.ts";
import { completed, concluded, ended, refused, report, save } from "./update-effects.ts";
import type {
  LookContext,
  LookOutcome,
  UnderWay,
  UpdateEffect,
  UpdateEvent,
  UpdateState,
} from "./update-states.ts";

interface UpdateTransition {
  readonly state: UpdateState;
  readonly effects: readonly UpdateEffect[];
}

/** The state before the first look. */
export const restingUpdate: UpdateState = { kind: "resting", told: { accident: null, metadata: null } };

type StateOf<Kind> = Extract<UpdateState, { kind: Kind }>;
type EventOf<Kind> = Extract<UpdateEvent, { kind: Kind }>;
type Rows<Kind> = {
  readonly [Name in UpdateEvent["kind"]]?: (state: StateOf<Kind>, event: EventOf<Name>) => UpdateTransition;
};

const table: { readonly [Kind in UpdateState["kind"]]: Rows<Kind> } = {
  resting: { look: beginLook, interrupted: interrupt },
  looking: {
    offered: takeOffer,
    "metadata-refused": refuseMetadata,
    "metadata-missing": goOnAlone,
    interrupted: interrupt,
  },
  found: { fetched: verify, failed: fail, interrupted: interrupt },
  fetched: { verified: stage, failed: fail, interrupted: interrupt },
  verified: { staged: prove, failed: fail, interrupted: interrupt },
  staged: { proved: serve, failed: failProof, interrupted: interrupt },
  proved: { served: activate, failed: fail, interrupted: interrupt },
  served: { activated: finish, failed: fail, interrupted: interrupt },
};

/** One step. @throws Error for an event that the state does not expect: a step out of order is a bug. */
export function stepUpdate(state: UpdateState, event: UpdateEvent): UpdateTransition {
  // The table's type pairs each row with its state and event; an index by two unions loses the pairing.
  const row = table[state.kind] as Readonly<
    Partial<Record<string, (state: UpdateState, event: UpdateEvent) => UpdateTransition>>
  >;
  const step = row[event.kind];
  if (step === undefined) throw new Error(`an update that is ${state.kind} does not expect "${event.kind}"`);
  return step(state, event);
}

function beginLook(state: StateOf<"resting">, event: EventOf<"look">): UpdateTransition {
  const { serving, runtimeVersion, maxAttempts, journal } = event;
  const { pending, refused, isDoubtful } = journal;
  const isDone = pending?.target.digest === serving.digest;
  const look: LookContext = {
    told: state.told,
    serving,
    runtimeVersion,
    maxAttempts,
    refused,
    isDoubtful: isDoubtful && !isDone,
  };
  const effects: UpdateEffect[] = [];
  // The power may have gone between serving and pointing, or between pointing and writing it down.
  if (serving.slot !== null) {
    effects.push({ kind: "mend-pointer", slot: serving.slot, digest: serving.digest });
  }
  if (isDone) effects.push(...concluded({ look, update: pending }, serving.slot ?? "?"));
  // Nor may a tar stay for months because it went while the disk was tidied.
  if (pending === null) effects.push({ kind: "discard-downloads" });
  effects.push({ kind: "read-metadata" });
  return { state: { kind: "looking", look, pending: isDone ? null : pending }, effects };
}

function takeOffer(state: StateOf<"looking">, event: EventOf<"offered">): UpdateTransition {
  const { newest, twin } = chooseAmong(event.targets, state.look);
  let look: LookContext = { ...state.look, told: { ...state.look.told, metadata: null } };
  let { pending } = state;
  const effects: UpdateEffect[] = [];
  if (twin !== null) {
    const reason = `${twin.version} is offered with other content than what serves`;
    const refusal = refused(look, pending, { target: twin, reason });
    effects.push(...refusal.effects);
    ({ look, pending } = refusal);
  }
  if (newest === null) {
    if (pending !== null) effects.push(...ended(look)); // withdrawn meanwhile
    return rest(look, { kind: "current" }, effects);
  }
  if (pending?.target.sha256 !== newest.sha256) {
    const attempts = look.isDoubtful ? look.maxAttempts - 1 : 0;
    pending = {
      target: newest,
      fromVersion: look.serving.version,
      step: "found",
      attempts,
      lastReason: null,
    };
    effects.push({ kind: "discard-downloads" }, save(look, pending));
  }
  effects.push({ kind: "fetch", target: newest });
  return { state: { kind: "found", look, update: pending }, effects };
}

function refuseMetadata(
  state: StateOf<"looking">,
  { reason }: EventOf<"metadata-refused">,
): UpdateTransition {
  const { look, pending } = state;
  const effects =
    look.told.metadata === reason
      ? []
      : [report(look, pending, { step: "refused", toVersion: "", detail: reason })];
  const told = { ...look.told, metadata: reason };
  return rest({ ...look, told }, { kind: "refused", version: null, reason, final: false }, effects);
}

/** Without metadata: goes on with what was chosen and fetched before, if it is still wanted. */
function goOnAlone(state: StateOf<"looking">, { reason }: EventOf<"metadata-missing">): UpdateTransition {
  const { look, pending } = state;
  if (pending === null || pending.step === "found") return rest(look, { kind: "unreachable", reason });
  const { target } = pending;
  if (chooseAmong([target], look).newest === null) return rest(look, { kind: "current" });
  return { state: { kind: "found", look, update: pending }, effects: [{ kind: "fetch", target }] };
}

function verify(state: StateOf<"found">, { tar }: EventOf<"fetched">): UpdateTransition {
  const { update, effects } = completed(state, "fetched", `${tar.length} bytes`);
  effects.push({ kind: "verify", target: update.target, tar });
  return { state: { ...state, kind: "fetched", update }, effects };
}

function stage(state: StateOf<"fetched">, { checked }: EventOf<"verified">): UpdateTransition {
  const { signedBy, manifest } = checked.bundle;
  const ungated = manifest.lineage.ungated === true ? `; UNGATED: ${ungatedWords}` : "";
  const detail = `signed by ${signedBy.join(", ")}${ungated}`;
  const { update, effects } = completed(state, "verified", detail);
  effects.push({ kind: "stage", checked });
  return { state: { ...state, kind: "verified", update, checked }, effects };
}

function prove(state: StateOf<"verified">, { place }: EventOf<"staged">): UpdateTransition {
  const { look, checked } = state;
  const { update, effects } = completed(state, "staged", `in slot ${place.slot}`);
  if (update.attempts >= look.maxAttempts) {
    const why = update.lastReason ?? `the gateway stopped each time, ${wantOfMemory}`;
    return refuse({ look, update }, `given up after ${update.attempts} attempts: ${why}`, effects);
  }
  // Counted before it is made: a model that takes the whole gateway down is not tried for ever.
  const begun = { ...update, attempts: update.attempts + 1 };
  effects.push(save(look, begun), { kind: "prove", checked, place });
  return { state: { kind: "staged", look, update: begun, checked, place }, effects };
}

function serve(state: StateOf<"staged">, { report: proof }: EventOf<"proved">): UpdateTransition {
  const { checked, place } = state;
  const detail = `${proof.cases} golden cases with ${proof.engine}: ${proof.detail}`;
  const { update, effects } = completed(state, "proved", detail);
  effects.push({ kind: "serve", checked, place });
  return { state: { ...state, kind: "proved", update }, effects };
}

function activate(state: StateOf<"proved">): UpdateTransition {
  const { slot } = state.place;
  const { digest } = state.checked.bundle;
  return { state: { ...state, kind: "served" }, effects: [{ kind: "activate", slot, digest }] };
}

function finish(state: StateOf<"served">): UpdateTransition {
  const { slot, dir } = state.place;
  const { version } = state.update.target;
  return rest(state.look, { kind: "activated", version, slotDir: dir }, concluded(state, slot));
}

function failProof(state: StateOf<"staged">, event: EventOf<"failed">): UpdateTransition {
  if (event.failure !== "stopped") return fail(state, event);
  // The attempt does not count: we stopped it ourselves.
  const { look, update } = state;
  const effects = [save(look, { ...update, attempts: update.attempts - 1 })];
  return rest(look, { kind: "unreachable", reason: event.reason }, effects);
}

function fail(state: UnderWay, { failure, reason, sent }: EventOf<"failed">): UpdateTransition {
  const { version } = state.update.target;
  switch (failure) {
    case "unreachable":
    case "stopped":
      return rest(state.look, { kind: "unreachable", reason });
    case "dishonest":
      return tellAccident(state, reason, { kind: "unreachable", reason });
    case "again":
      return tellAccident(state, reason, { kind: "refused", version, reason, final: false });
    case "final":
      return refuse(sent === undefined ? state : { ...state, look: holdBySent(state.look, sent) }, reason);
  }
}

function interrupt(state: UpdateState): UpdateTransition {
  return { state: { kind: "resting", told: "told" in state ? state.told : state.look.told }, effects: [] };
}

function rest(
  look: LookContext,
  outcome: LookOutcome,
  effects: readonly UpdateEffect[] = [],
): UpdateTransition {
  return { state: { kind: "resting", told: look.told }, effects: effects.concat({ kind: "rest", outcome }) };
}

/** Rests, and tells once what may be better at the next look. */
function tellAccident({ look, update }: UnderWay, reason: string, outcome: LookOutcome): UpdateTransition {
  if (update.lastReason === reason || look.told.accident === reason) return rest(look, outcome);
  // Remembered in the state as well: the journal cannot on a full disk.
  const told = { ...look.told, accident: reason };
  const detail = `${reason} (it is tried again)`;
  const record = { step: "refused", toVersion: update.target.version, detail } as const;
  const effects = [report(look, update, record), save(look, { ...update, lastReason: reason })];
  return rest({ ...look, told }, outcome, effects);
}

/** Rests, and never tries this update again. */
function refuse({ look, update }: UnderWay, reason: string, before: UpdateEffect[] = []): UpdateTransition {
  const { target } = update;
  const refusal = refused(look, update, { target, reason });
  const outcome: LookOutcome = { kind: "refused", version: target.version, reason, final: true };
  return rest(refusal.look, outcome, before.concat(refusal.effects));
}

/** Between who refuses and what a device sent that was in the way. A version of before takes it for another one who refuses. */
const sentMark = " while ";

function holdBySent(look: LookContext, sent: string): LookContext {
  return { ...look, runtimeVersion: `${look.runtimeVersion}${sentMark}${sent}` };
}

/** What a device sent that an update was refused for; empty: it was for something else. */
export function sentOf(refusedBy: string): string {
  // A channel's name may hold the mark too.
  return refusedBy.split(sentMark).slice(1).join(sentMark);
}

const judgeOf = (refusedBy: string): string => refusedBy.split(sentMark)[0]!;

function chooseAmong(offered: readonly OfferedTarget[], look: LookContext): TargetChoice {
  const isRefused = ({ sha256 }: OfferedTarget): boolean =>
    look.refused.some((one) => one.sha256 === sha256 && judgeOf(one.runtimeVersion) === look.runtimeVersion);
  return chooseTarget(offered, look.serving, isRefused);
}
