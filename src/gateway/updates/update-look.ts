/**
 * One look for an update, and the way of what it finds: fetched → verified → staged → proved → activated. Every step
 * is written down before the next begins and can be done again; whatever goes wrong, the old bundle serves on.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { openSlots } from "../../core/serving/slots.ts";
import { checkBundle } from "./check-bundle.ts";
import { chooseTarget } from "./choose-target.ts";
import { downloadTarget, WrongBytesError } from "./download-target.ts";
import { ActivationError, judgeFailure } from "./judge-failure.ts";
import { ProofError, proveBundle } from "./prove-bundle.ts";
import { stageBundle } from "./stage-bundle.ts";
import { createTufClient, type OfferedTarget } from "./tuf-client.ts";
import { createUpdateProgress } from "./update-progress.ts";
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

/** What to do after the metadata was read: take this target, or nothing more. */
type Search = { readonly kind: "found"; readonly target: OfferedTarget } | LookOutcome;

/** Creates it; nothing is touched before the first look. */
export function createUpdateLook(options: UpdaterOptions): UpdateLook {
  const bounds: UpdaterBounds = { ...defaultBounds, ...options.bounds };
  const url = options.url.replace(/\/+$/, "");
  const headers = options.headers === undefined ? {} : { headers: options.headers };
  const downloads = join(options.stateDir, "download");
  const slots = openSlots(options.stateDir);
  const progress = createUpdateProgress({
    ...options,
    journalPath: join(options.stateDir, "journal.json"),
    discardDownloads: () => empty(downloads),
  });
  const client = createTufClient({
    dir: join(options.stateDir, "tuf"),
    initialRoot: options.initialRoot,
    metadataUrl: `${url}/metadata`,
    clock: options.clock,
    limits: bounds.metadata,
    ...headers,
  });
  let metadataReason: string | null = null;

  /** Brings pointer and journal in line with what serves: the power may have gone between two of the last writes. */
  async function settle(): Promise<void> {
    const active = options.active();
    const slot = (["a", "b"] as const).find((one) => slots.dir(one) === resolve(active.dir));
    if (slot !== undefined) await slots.activate(slot, active.digest);
    if (progress.pending?.target.digest !== active.digest) return;
    await progress.complete("activated", `from slot ${slot ?? "?"}`);
    await progress.finish();
  }

  async function choose(offered: readonly OfferedTarget[]): Promise<Search> {
    const { newest, twin } = chooseTarget(offered, options.active(), progress.isRefused);
    if (twin !== null)
      await progress.refuse(twin, `${twin.version} is offered with other content than what serves`);
    return newest === null ? { kind: "current" } : { kind: "found", target: newest };
  }

  async function search(signal: AbortSignal): Promise<Search> {
    try {
      const offered = await client.refresh(signal);
      metadataReason = null;
      const found = await choose(offered);
      if (found.kind === "current" && progress.pending !== null) await progress.finish(); // withdrawn meanwhile
      return found;
    } catch (error) {
      if (!hasErrorCode(error, "UPDATE") && !hasErrorCode(error, "UPDATE_SOURCE")) throw error;
      return withoutMetadata(error);
    }
  }

  /** What to do when the metadata cannot be had: go on with what was chosen and fetched before, if there is such. */
  async function withoutMetadata({ code, message: reason }: AuroraError): Promise<Search> {
    if (code !== "UPDATE_SOURCE") {
      if (metadataReason !== reason) await progress.reportBadMetadata(reason);
      metadataReason = reason;
      return { kind: "refused", version: null, reason, final: false };
    }
    const { pending } = progress;
    if (pending !== null && pending.step !== "found") return choose([pending.target]);
    return { kind: "unreachable", reason };
  }

  async function goOn(target: OfferedTarget, signal: AbortSignal): Promise<LookOutcome> {
    await progress.begin(target);
    const tar = await downloadTarget(target, {
      targetsUrl: `${url}/targets`,
      dir: downloads,
      maxBytes: bounds.maxTargetBytes,
      limits: bounds.target,
      attempts: bounds.transferAttempts,
      signal,
      ...headers,
    });
    await progress.complete("fetched", `${tar.length} bytes`);
    const { bundle, golden } = await checkBundle(tar, target, options.trustedKeys, options.runtime);
    await progress.complete("verified", `signed by ${bundle.signedBy.join(", ")}`);
    const slot = await stageBundle(slots, bundle, options.active().dir, options.trustedKeys);
    const slotDir = slots.dir(slot);
    await progress.complete("staged", `in slot ${slot}`);
    await progress.beginAttempt(bounds.proofAttempts);
    const expected = { digest: bundle.digest, cases: golden.cases.length };
    const proof = await proveBundle(options.prover, slotDir, expected, signal);
    await progress.complete("proved", `${proof.cases} golden cases with ${proof.engine}: ${proof.detail}`);
    await options.onActivate(slotDir, bundle).catch((cause: unknown) => {
      throw new ActivationError(cause);
    });
    await slots.activate(slot, bundle.digest);
    await progress.complete("activated", `from slot ${slot}`);
    await progress.finish();
    return { kind: "activated", version: target.version, slotDir };
  }

  /** Says what became of a failed update. Rethrows what is a bug of ours. */
  async function fail(target: OfferedTarget, thrown: unknown, signal: AbortSignal): Promise<LookOutcome> {
    const error = asStoreError(thrown, options.stateDir);
    if (!hasErrorCode(error)) throw error;
    const { message: reason } = error;
    const verdict = judgeFailure(error, {
      isStopping: signal.aborted,
      attempts: progress.pending?.attempts ?? 0,
      maxAttempts: bounds.proofAttempts,
    });
    if (signal.aborted && error instanceof ProofError) await progress.withdrawAttempt();
    if (error instanceof WrongBytesError) await progress.reportAccident(target, reason);
    switch (verdict) {
      case "unreachable":
        return { kind: "unreachable", reason };
      case "again":
        await progress.reportAccident(target, reason);
        return { kind: "refused", version: target.version, reason, final: false };
      case "final":
        await progress.refuse(target, reason);
        return { kind: "refused", version: target.version, reason, final: true };
    }
  }

  async function look(signal: AbortSignal): Promise<LookOutcome> {
    await mkdir(options.stateDir, { recursive: true });
    await progress.load();
    await settle();
    const found = await search(signal);
    if (found.kind !== "found") return found;
    return goOn(found.target, signal).catch((error: unknown) => fail(found.target, error, signal));
  }

  return {
    run: (signal) =>
      look(signal).catch((error: unknown) => {
        throw asStoreError(error, options.stateDir);
      }),
  };
}

async function empty(dir: string): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) await rm(join(dir, name), { force: true });
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
