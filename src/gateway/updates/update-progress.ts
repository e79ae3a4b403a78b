/**
 * How far the update under way is, and what was refused for good: written to the journal, and told to the gateway once
 * each. Knows the order of the steps, not how any of them is done.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { UpdateRecord } from "../../core/contract/uplink-record.ts";
import {
  type JournalState,
  openJournal,
  type PendingUpdate,
  type UpdateStep,
  updateSteps,
} from "./journal.ts";
import type { OfferedTarget } from "./tuf-client.ts";
import type { UpdaterOptions } from "./updater-options.ts";

/** Options of {@link createUpdateProgress}. */
export interface UpdateProgressOptions
  extends Pick<UpdaterOptions, "active" | "clock" | "logger" | "onStep" | "runtime"> {
  readonly journalPath: string;
  /** Frees the disk of what was fetched for an update that has ended. */
  readonly discardDownloads: () => Promise<void>;
}

/** The progress of one updater. What it is told is durable when it returns. */
export interface UpdateProgress {
  /** Reads the journal; comes first in every look. */
  load(): Promise<void>;
  /** The update under way. */
  readonly pending: PendingUpdate | null;
  /** Was `target` refused for good by this version of the runtime? */
  isRefused(target: OfferedTarget): boolean;
  /** Makes `target` the update under way, from the first step on unless it is that already. */
  begin(target: OfferedTarget): Promise<void>;
  /** Writes down that `step` is done; reports it unless that was done before a restart. */
  complete(step: Exclude<UpdateStep, "found">, detail: string): Promise<void>;
  /**
   * Counts an attempt to prove, before it is made: a model that takes the whole gateway down is not tried for ever.
   * @throws AuroraError UPDATE when there were `maxAttempts` already.
   */
  beginAttempt(maxAttempts: number): Promise<void>;
  /** The attempt does not count: we stopped it ourselves. */
  withdrawAttempt(): Promise<void>;
  /** Reports, once, what may be better at the next look. */
  reportAccident(target: OfferedTarget, reason: string): Promise<void>;
  /** Reports that the repository's metadata is not taken. */
  reportBadMetadata(reason: string): Promise<void>;
  /** `target` is not tried again; ends it if it is under way. */
  refuse(target: OfferedTarget, reason: string): Promise<void>;
  /** Ends the update under way. */
  finish(): Promise<void>;
}

/** Creates it; the journal is not read before `load`. */
export function createUpdateProgress(options: UpdateProgressOptions): UpdateProgress {
  const { runtimeVersion } = options.runtime;
  const journal = openJournal(options.journalPath);
  let state: JournalState = { pending: null, refused: [] };
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

  async function finish(change: Partial<JournalState> = {}): Promise<void> {
    await save({ ...change, pending: null });
    await options.discardDownloads();
  }

  return {
    load: async () => {
      state = await journal.read();
    },
    get pending() {
      return state.pending;
    },
    isRefused: ({ sha256 }) =>
      state.refused.some((one) => one.sha256 === sha256 && one.runtimeVersion === runtimeVersion),
    begin: async (target) => {
      if (state.pending?.target.sha256 === target.sha256) return;
      await finish();
      const fromVersion = options.active().version;
      await save({ pending: { target, fromVersion, step: "found", attempts: 0, lastReason: null } });
    },
    complete: async (step, detail) => {
      const pending = state.pending!;
      if (updateSteps.indexOf(step) <= updateSteps.indexOf(pending.step)) return;
      await report(step, pending.target.version, detail);
      await save({ pending: { ...pending, step, lastReason: null } });
    },
    beginAttempt: async (maxAttempts) => {
      const pending = state.pending!;
      if (pending.attempts >= maxAttempts) {
        const why = pending.lastReason ?? "the gateway stopped each time";
        throw new AuroraError("UPDATE", `given up after ${pending.attempts} attempts: ${why}`, {
          op: "prove update",
        });
      }
      await save({ pending: { ...pending, attempts: pending.attempts + 1 } });
    },
    withdrawAttempt: async () => {
      const { pending } = state;
      if (pending !== null) await save({ pending: { ...pending, attempts: pending.attempts - 1 } });
    },
    reportAccident: async (target, reason) => {
      const { pending } = state;
      if (pending === null || pending.lastReason === reason || lastAccident === reason) return;
      lastAccident = reason; // the journal cannot remember it on a full disk
      await report("refused", target.version, `${reason} (it is tried again)`);
      await save({ pending: { ...pending, lastReason: reason } });
    },
    reportBadMetadata: (reason) => report("refused", "", reason),
    refuse: async (target, reason) => {
      await report("refused", target.version, reason);
      const refusal = { sha256: target.sha256, runtimeVersion, reason: reason.slice(0, 1000) };
      const refused = [...state.refused, refusal];
      if (state.pending?.target.sha256 === target.sha256) await finish({ refused });
      else await save({ refused });
    },
    finish: () => finish(),
  };
}
