/**
 * One look for an update: carries out what the table of `step-update.ts` asks for, and tells it what came of it.
 * Every step is written down before the next begins and can be done again; whatever goes wrong, the old bundle serves
 * on.
 */
import { join, resolve } from "node:path";
import type { VerifiedBundle } from "../../core/bundle/bundle.ts";
import type { RuntimeIdentity } from "../../core/bundle/compatibility.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { UpdateRecord } from "../../core/contract/uplink-record.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { FileSystem } from "../../core/platform/files/file-system.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { openSlots, type Slots } from "../../core/serving/slots.ts";
import { type BundleChecks, checkBundle, SentMisfitError } from "./check-bundle.ts";
import { ActivationError, classifyFailure } from "./classify-failure.ts";
import { downloadTarget } from "./download-target.ts";
import type { TransferLimits } from "./http-get.ts";
import { type Journal, openJournal } from "./journal.ts";
import type { ProofReport } from "./proof-message.ts";
import type { ExpectedProof } from "./prove-bundle.ts";
import { restingUpdate, sentOf, stepUpdate } from "./step-update.ts";
import { createTufClient, type OfferedTarget, type TufClient } from "./tuf-client.ts";
import type { LookOutcome, StagedSlot, UpdateEffect, UpdateEvent, UpdateState } from "./update-states.ts";

/** The bundle that serves at the moment. */
export interface ActiveBundle {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Its folder: a slot's, or the shipped one. */
  readonly dir: string;
}

/** Everything that a look needs from the gateway that runs it. */
export interface UpdateLookOptions {
  /** Folder for metadata, downloads, slots and journal; made if missing; for this updater alone. */
  readonly stateDir: string;
  readonly files: FileSystem;
  /** Base URL of the update repository, up to and including `/tuf`. */
  readonly url: string;
  /** Root metadata that came with the installation. */
  readonly initialRoot: Uint8Array;
  /** Keys that bundles must be signed with, whatever the repository says. */
  readonly trustedKeys: readonly TrustedKey[];
  readonly runtime: RuntimeIdentity;
  /** Tells configurations apart: what was refused under another one is tried again. Absent: they decide nothing. */
  readonly configDigest?: string | undefined;
  /** In what a bundle does not fit this gateway though the one that serves does; null: in nothing. */
  readonly findMisfit: BundleChecks["findMisfit"];
  /** What a device sends that is in its way; null: nothing. */
  readonly findSent: BundleChecks["findSent"];
  /** Does that device send something else by now? */
  readonly isSentOver: (sent: string) => boolean;
  /** Runs the golden cases of a staged bundle on this machine. @throws AuroraError PROOF_FAILED. */
  readonly prove: (expected: ExpectedProof, signal: AbortSignal) => Promise<ProofReport>;
  /** What serves now; asked at every look. */
  readonly active: () => ActiveBundle;
  /**
   * Serve `bundle` (proved, in `slotDir`) from the next window on. When it rejects, the old bundle must still serve.
   * Afterwards `active()` tells of the new one.
   */
  readonly onActivate: (slotDir: string, bundle: VerifiedBundle) => Promise<void>;
  /** Told each step once (after a power cut perhaps twice). What it throws is logged and stops nothing. */
  readonly onStep: (record: UpdateRecord) => void | Promise<void>;
  /** What people should know beside the steps: a damaged journal, a disk that refuses. */
  readonly onEvent: (name: string, subject: string, detail: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Authorities of the server, as PEM; null: the system's. */
  readonly caFile: string | null;
  readonly bounds?: Partial<UpdateBounds>;
}

/** Bounds on what the other side and the prover may cost. */
interface UpdateBounds {
  readonly metadata: TransferLimits;
  readonly target: TransferLimits;
  readonly maxTargetBytes: number;
  /** Transfers of a tar in one look, each going on where the last one stopped. */
  readonly transferAttempts: number;
  /** Proofs begun before an update is given up. */
  readonly proofAttempts: number;
}

/** Metadata: 10 s of silence, 30 s in all. Tar: 20 s, 10 min, 65 MiB, 3 transfers. 3 proofs. */
const defaultBounds: UpdateBounds = {
  metadata: { stallMs: 10_000, deadlineMs: 30_000 },
  target: { stallMs: 20_000, deadlineMs: 600_000 },
  maxTargetBytes: 65 << 20,
  transferAttempts: 3,
  proofAttempts: 3,
};

/**
 * Creates the way to look; nothing is touched before the first look. One look at a time. It rejects where nothing can
 * be said about an update: with STORE for a disk that refuses, with any other error for a bug.
 */
export function createUpdateLook(options: UpdateLookOptions): (signal: AbortSignal) => Promise<LookOutcome> {
  const tools = openTools(options);
  let state: UpdateState = restingUpdate;

  /** What the error says about the update under way. Rethrows what says nothing about it. */
  function toEvent(error: unknown, signal: AbortSignal): UpdateEvent {
    if (!("update" in state) || !hasErrorCode(error)) throw error;
    const { attempts } = state.update;
    const { maxAttempts } = state.look;
    const failure = classifyFailure(error, { isStopping: signal.aborted, attempts, maxAttempts });
    const sent = error instanceof SentMisfitError ? { sent: error.sent } : {};
    return { kind: "failed", failure, reason: error.message, ...sent };
  }

  return async (signal) => {
    // The look before may have broken off half-way.
    ({ state } = stepUpdate(state, { kind: "interrupted" }));
    let event: UpdateEvent = await beginLook(tools);
    for (;;) {
      const transition = stepUpdate(state, event);
      ({ state } = transition);
      const answer = await carryOutAll(tools, transition.effects, signal).catch((error: unknown) =>
        toEvent(error, signal),
      );
      if (answer.kind === "rest") return answer.outcome;
      event = answer;
    }
  };
}

/** What effects are carried out with. */
interface Tools {
  readonly options: UpdateLookOptions;
  readonly bounds: UpdateBounds;
  readonly url: string;
  readonly downloads: string;
  readonly slots: Slots;
  readonly journal: Journal;
  readonly client: TufClient;
}

type Answer = UpdateEvent | Extract<UpdateEffect, { kind: "rest" }>;

function openTools(options: UpdateLookOptions): Tools {
  const { stateDir, files, caFile } = options;
  const bounds: UpdateBounds = { ...defaultBounds, ...options.bounds };
  const url = options.url.replace(/\/+$/, "");
  const client = createTufClient({
    dir: join(stateDir, "tuf"),
    files,
    initialRoot: options.initialRoot,
    metadataUrl: `${url}/metadata`,
    clock: options.clock,
    limits: bounds.metadata,
    caFile,
  });
  return {
    options,
    bounds,
    url,
    downloads: join(stateDir, "download"),
    slots: openSlots(stateDir, files),
    journal: openJournal(join(stateDir, "journal.json"), files),
    client,
  };
}

async function beginLook({ options, bounds, slots, journal }: Tools): Promise<UpdateEvent> {
  await options.files.makeFolder(options.stateDir);
  const { state, damage } = await journal.read();
  if (damage !== null) options.onEvent("update.journal-damaged", options.stateDir, damage);
  const { name, version, digest, dir } = options.active();
  const refused = state.refused.filter(({ runtimeVersion }) => !options.isSentOver(sentOf(runtimeVersion)));
  const slot = (["a", "b"] as const).find((one) => slots.dir(one) === resolve(dir)) ?? null;
  return {
    kind: "look",
    journal: { ...state, refused },
    serving: { name, version, digest, slot },
    runtimeVersion: nameJudge(options),
    maxAttempts: bounds.proofAttempts,
  };
}

/** By what a refusal is held: another runtime, or another configuration, may think otherwise. */
function nameJudge({ runtime, configDigest }: UpdateLookOptions): string {
  return configDigest === undefined ? runtime.runtimeVersion : `${runtime.runtimeVersion}+${configDigest}`;
}

/** Carries out effects in their order; gives the answer of the last one. */
async function carryOutAll(
  tools: Tools,
  effects: readonly UpdateEffect[],
  signal: AbortSignal,
): Promise<Answer> {
  let answer: Answer | null = null;
  for (const effect of effects) answer = await carryOut(tools, effect, signal);
  if (answer === null) throw new Error("a row of the update's table leads nowhere");
  return answer;
}

async function carryOut(tools: Tools, effect: UpdateEffect, signal: AbortSignal): Promise<Answer | null> {
  const { options, slots } = tools;
  switch (effect.kind) {
    case "report":
      await tell(options, effect.record);
      return null;
    case "save":
      await tools.journal.write(effect.journal);
      return null;
    case "discard-downloads":
      for (const name of await options.files.list(tools.downloads)) {
        await options.files.remove(join(tools.downloads, name));
      }
      return null;
    case "mend-pointer":
      await slots.activate(effect.slot, effect.digest);
      return null;
    case "read-metadata":
      return readMetadata(tools.client, signal);
    case "fetch":
      return { kind: "fetched", tar: await fetchTar(tools, effect.target, signal) };
    case "verify":
      return { kind: "verified", checked: await checkBundle(effect.tar, effect.target, options) };
    case "stage":
      return { kind: "staged", place: await stageBundle(tools, effect.checked.bundle) };
    case "prove": {
      const { bundle, golden } = effect.checked;
      const expected = { bundleDir: effect.place.dir, digest: bundle.digest, cases: golden.cases.length };
      return { kind: "proved", report: await options.prove(expected, signal) };
    }
    case "serve":
      await options.onActivate(effect.place.dir, effect.checked.bundle).catch((cause: unknown) => {
        throw new ActivationError(cause);
      });
      return { kind: "served" };
    case "activate":
      await slots.activate(effect.slot, effect.digest);
      return { kind: "activated" };
    case "rest":
      return effect;
  }
}

async function tell(
  { logger, clock, onStep }: UpdateLookOptions,
  fields: Omit<UpdateRecord, "kind" | "timeMs">,
): Promise<void> {
  if (fields.step === "refused") logger.warn("update refused", fields);
  else logger.info("update step", fields);
  try {
    await onStep({ kind: "update", timeMs: clock.nowMs(), ...fields });
  } catch (error) {
    logger.error("update step could not be reported", { error });
  }
}

async function readMetadata(client: TufClient, signal: AbortSignal): Promise<UpdateEvent> {
  try {
    return { kind: "offered", targets: await client.refresh(signal) };
  } catch (error) {
    if (hasErrorCode(error, "UPDATE")) return { kind: "metadata-refused", reason: error.message };
    if (hasErrorCode(error, "UPDATE_SOURCE")) return { kind: "metadata-missing", reason: error.message };
    throw error;
  }
}

function fetchTar(tools: Tools, target: OfferedTarget, signal: AbortSignal): Promise<Uint8Array> {
  const { options, bounds, url, downloads } = tools;
  return downloadTarget(target, {
    targetsUrl: `${url}/targets`,
    dir: downloads,
    files: options.files,
    logger: options.logger,
    maxBytes: bounds.maxTargetBytes,
    limits: bounds.target,
    attempts: bounds.transferAttempts,
    signal,
    caFile: options.caFile,
  });
}

/** Puts a bundle into the slot that does not serve, unless it is there already; trusts only what it reads back. */
async function stageBundle({ options, slots }: Tools, bundle: VerifiedBundle): Promise<StagedSlot> {
  const slot = await slots.free(options.active().dir);
  const place = { slot, dir: slots.dir(slot) };
  const isThere = async (): Promise<boolean> => {
    try {
      return (await slots.verify(slot, options.trustedKeys)).digest === bundle.digest;
    } catch {
      return false; // empty, another bundle, damaged or unreadable: all of them are mended by staging
    }
  };
  if (await isThere()) return place;
  await slots.stage(slot, bundle);
  if (await isThere()) return place;
  throw new AuroraError("STORE", "does not hold what was written to it", {
    op: "stage update",
    subject: place.dir,
    hint: "The model that serves goes on. The disk loses what is written to it: look for its errors in the kernel's log (`dmesg`), and replace the card where there are any.",
  });
}
