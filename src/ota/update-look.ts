/**
 * One look for an update, and the way of what it finds: fetched → verified → staged → proved → activated. Every step
 * is written down before the next begins and can be done again; whatever goes wrong, the old bundle serves on.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { verifyBundle } from "../bundle/verify-bundle.ts";
import { compareVersions } from "../bundle/version.ts";
import { AuroraError, hasErrorCode } from "../contract/aurora-error.ts";
import type { UpdateRecord } from "../contract/uplink-record.ts";
import { type CheckedBundle, checkBundle } from "./check-bundle.ts";
import { downloadTarget, WrongBytesError } from "./download-target.ts";
import {
  type JournalState,
  openJournal,
  type PendingUpdate,
  type UpdateStep,
  updateSteps,
} from "./journal.ts";
import { ProofError, proveBundle } from "./prove-bundle.ts";
import { openSlots, type SlotName } from "./slots.ts";
import { createTufClient, type OfferedTarget } from "./tuf-client.ts";
import { defaultBounds, type UpdaterBounds, type UpdaterOptions } from "./updater-options.ts";

/** What came of a look. */
export type LookOutcome =
  | { readonly kind: "current" }
  | { readonly kind: "activated"; readonly version: string; readonly slotDir: string }
  /** The repository cannot be reached, or not all of the update could be fetched. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** Not taken; `final` says that it is not tried again. `version` is null when the metadata itself is refused. */
  | {
      readonly kind: "refused";
      readonly version: string | null;
      readonly reason: string;
      readonly final: boolean;
    };

/** Looks for updates; one look at a time. */
export interface UpdateLook {
  run(signal: AbortSignal): Promise<LookOutcome>;
}

/** The gateway could not take the bundle into service. */
class ActivationError extends AuroraError {}

/** Creates it; nothing is touched before the first look. */
export function createUpdateLook(options: UpdaterOptions): UpdateLook {
  const bounds: UpdaterBounds = { ...defaultBounds, ...options.bounds };
  const url = options.url.replace(/\/+$/, "");
  const headers = options.headers === undefined ? {} : { headers: options.headers };
  const downloads = join(options.stateDir, "download");
  const slots = openSlots(options.stateDir);
  const journal = openJournal(join(options.stateDir, "journal.json"));
  const { runtimeVersion } = options.runtime;
  const client = createTufClient({
    dir: join(options.stateDir, "tuf"),
    initialRoot: options.initialRoot,
    metadataUrl: `${url}/metadata`,
    clock: options.clock,
    limits: bounds.metadata,
    ...headers,
  });
  let state: JournalState = { pending: null, refused: [] };
  let metadataReason: string | null = null;
  let lastAccident: string | null = null;

  async function save(change: Partial<JournalState>): Promise<void> {
    state = { ...state, ...change };
    await journal.write(state);
  }

  async function report(step: UpdateRecord["step"], toVersion: string, detail: string): Promise<void> {
    const { name, version } = options.active();
    const fromVersion = state.pending?.fromVersion ?? version;
    const fields = { modelName: name, fromVersion, toVersion, step, detail };
    if (step === "refused") options.logger.warn("update refused", fields);
    else options.logger.info("update step", fields);
    try {
      await options.onStep({ kind: "update", timeMs: options.clock.nowMs(), ...fields });
    } catch (error) {
      options.logger.error("update step could not be reported", { error });
    }
  }

  /** Writes down that `step` is done; reports it unless that was done before a restart. */
  async function complete(step: Exclude<UpdateStep, "found">, detail: string): Promise<void> {
    const pending = state.pending!;
    if (updateSteps.indexOf(step) <= updateSteps.indexOf(pending.step)) return;
    await report(step, pending.target.version, detail);
    await save({ pending: { ...pending, step, lastReason: null } });
  }

  /** Ends the update under way; frees the disk of what was fetched. */
  async function finish(change: Partial<JournalState>): Promise<void> {
    await save({ ...change, pending: null });
    for (const name of await readdir(downloads).catch(() => []))
      await rm(join(downloads, name), { force: true });
  }

  /** Brings pointer and journal in line with what serves: the power may have gone between two of the last writes. */
  async function settle(): Promise<void> {
    const active = options.active();
    const slot = (["a", "b"] as const).find((one) => slots.dir(one) === resolve(active.dir));
    if (slot !== undefined) await slots.activate(slot, active.digest);
    if (state.pending?.target.digest !== active.digest) return;
    await complete("activated", `from slot ${slot ?? "?"}`);
    await finish({});
  }

  /** The newest bundle of our model that is newer than what serves and was not refused. */
  async function choose(offered: readonly OfferedTarget[]): Promise<OfferedTarget | null> {
    const active = options.active();
    const isRefused = (target: OfferedTarget): boolean =>
      state.refused.some((one) => one.sha256 === target.sha256 && one.runtimeVersion === runtimeVersion);
    const ours = offered.filter((target) => target.name === active.name && !isRefused(target));
    const twin = ours.find((target) => target.version === active.version && target.digest !== active.digest);
    if (twin !== undefined)
      await refuse(twin, `${twin.version} is offered with other content than what serves`);
    return ours
      .filter((target) => compareVersions(target.version, active.version) > 0)
      .reduce<OfferedTarget | null>(
        (best, one) => (best !== null && compareVersions(best.version, one.version) >= 0 ? best : one),
        null,
      );
  }

  async function refuse(target: OfferedTarget, reason: string): Promise<void> {
    await report("refused", target.version, reason);
    const refused = [
      ...state.refused,
      { sha256: target.sha256, runtimeVersion, reason: reason.slice(0, 1000) },
    ];
    if (state.pending?.target.sha256 === target.sha256) await finish({ refused });
    else await save({ refused });
  }

  async function stage({ bundle }: CheckedBundle): Promise<SlotName> {
    const slot = await slots.free(options.active().dir);
    const isThere = async (): Promise<boolean> =>
      verifyBundle(slots.dir(slot), options.trustedKeys).then(
        (staged) => staged.digest === bundle.digest,
        () => false,
      );
    if (!(await isThere())) {
      await slots.stage(slot, bundle);
      if (!(await isThere())) {
        throw new AuroraError("STORE", "does not hold what was written to it", {
          op: "stage update",
          subject: slots.dir(slot),
          hint: "Check the disk.",
        });
      }
    }
    return slot;
  }

  async function beginAttempt(): Promise<void> {
    const pending = state.pending!;
    if (pending.attempts >= bounds.proofAttempts) {
      const why = pending.lastReason ?? "the gateway stopped each time";
      throw new AuroraError("UPDATE", `given up after ${pending.attempts} attempts: ${why}`, {
        op: "prove update",
      });
    }
    // Written before the attempt: a model that takes the whole gateway down is not tried for ever.
    await save({ pending: { ...pending, attempts: pending.attempts + 1 } });
  }

  async function goOn(target: OfferedTarget, signal: AbortSignal): Promise<LookOutcome> {
    if (state.pending?.target.sha256 !== target.sha256) {
      await finish({});
      const fromVersion = options.active().version;
      const fresh: PendingUpdate = { target, fromVersion, step: "found", attempts: 0, lastReason: null };
      await save({ pending: fresh });
    }
    const tar = await downloadTarget(target, {
      targetsUrl: `${url}/targets`,
      dir: downloads,
      maxBytes: bounds.maxTargetBytes,
      limits: bounds.target,
      attempts: bounds.transferAttempts,
      signal,
      ...headers,
    });
    await complete("fetched", `${tar.length} bytes`);
    const checked = await checkBundle(tar, target, options.trustedKeys, options.runtime);
    await complete("verified", `signed by ${checked.bundle.signedBy.join(", ")}`);
    const slot = await stage(checked);
    await complete("staged", `in slot ${slot}`);
    await beginAttempt();
    const expected = { digest: checked.bundle.digest, cases: checked.golden.cases.length };
    const proof = await proveBundle(options.prover, slots.dir(slot), expected, signal);
    await complete("proved", `${proof.cases} golden cases with ${proof.engine}: ${proof.detail}`);
    await options.onActivate(slots.dir(slot), checked.bundle).catch((cause: unknown) => {
      const words = cause instanceof Error ? cause.message : String(cause);
      throw new ActivationError("UPDATE", `could not be taken into service: ${words}`, {
        op: "activate update",
        cause,
      });
    });
    await slots.activate(slot, checked.bundle.digest);
    await complete("activated", `from slot ${slot}`);
    await finish({});
    return { kind: "activated", version: target.version, slotDir: slots.dir(slot) };
  }

  /** Reports, once, what may be better at the next look. */
  async function reportAccident(target: OfferedTarget, reason: string): Promise<void> {
    const { pending } = state;
    if (pending === null || pending.lastReason === reason || lastAccident === reason) return;
    lastAccident = reason; // the journal cannot remember it on a full disk
    await report("refused", target.version, `${reason} (it is tried again)`);
    await save({ pending: { ...pending, lastReason: reason } });
  }

  /** Says what became of a failed update. Rethrows what is a bug of ours. */
  async function fail(target: OfferedTarget, thrown: unknown, signal: AbortSignal): Promise<LookOutcome> {
    const error = asStoreError(thrown, options.stateDir);
    if (!hasErrorCode(error)) throw error;
    const reason = error.message;
    const pending = state.pending;
    if (signal.aborted && error instanceof ProofError && pending !== null) {
      await save({ pending: { ...pending, attempts: pending.attempts - 1 } }); // we stopped it ourselves
    }
    if (error instanceof WrongBytesError) await reportAccident(target, reason);
    if (error.code === "UPDATE_SOURCE" || signal.aborted) return { kind: "unreachable", reason };
    const accident =
      error.code === "STORE" ||
      error instanceof ActivationError ||
      (error instanceof ProofError && !error.final);
    // A full disk is not the bundle's fault, however often it happens.
    const final = !accident || (error.code !== "STORE" && (pending?.attempts ?? 0) >= bounds.proofAttempts);
    if (final) {
      await refuse(target, reason);
    } else {
      await reportAccident(target, reason);
    }
    return { kind: "refused", version: target.version, reason, final };
  }

  /** What to do when the metadata cannot be had: go on with what was chosen and fetched before, if there is such. */
  async function withoutMetadata(error: AuroraError): Promise<OfferedTarget | LookOutcome> {
    if (error.code !== "UPDATE_SOURCE") {
      if (metadataReason !== error.message) await report("refused", "", error.message);
      metadataReason = error.message;
      return { kind: "refused", version: null, reason: error.message, final: false };
    }
    const pending = state.pending;
    if (pending !== null && pending.step !== "found")
      return (await choose([pending.target])) ?? { kind: "current" };
    return { kind: "unreachable", reason: error.message };
  }

  async function look(signal: AbortSignal): Promise<LookOutcome> {
    await mkdir(options.stateDir, { recursive: true });
    state = await journal.read();
    await settle();
    let target: OfferedTarget | LookOutcome | null;
    try {
      const offered = await client.refresh(signal);
      metadataReason = null;
      target = await choose(offered);
    } catch (error) {
      if (!hasErrorCode(error, "UPDATE") && !hasErrorCode(error, "UPDATE_SOURCE")) throw error;
      target = await withoutMetadata(error);
    }
    if (target === null) {
      if (state.pending !== null) await finish({}); // withdrawn meanwhile
      return { kind: "current" };
    }
    if ("kind" in target) return target;
    const chosen = target;
    return goOn(chosen, signal).catch((error: unknown) => fail(chosen, error, signal));
  }

  return {
    run: (signal) =>
      look(signal).catch((error: unknown) => {
        throw asStoreError(error, options.stateDir);
      }),
  };
}

/** An error of the operating system (disk full, read-only, no right) as one that people can act upon. */
function asStoreError(error: unknown, stateDir: string): unknown {
  const { syscall, path, message } = error as NodeJS.ErrnoException;
  if (hasErrorCode(error) || typeof syscall !== "string") return error;
  return new AuroraError("STORE", `the disk does not take the update: ${message}`, {
    op: "stage update",
    subject: path ?? stateDir,
    hint: "Check that the state folder can be written and has space.",
    cause: error,
  });
}
