/** What an updater needs from the gateway that runs it, and its bounds. */
import type { VerifiedBundle } from "../../core/bundle/bundle.ts";
import type { RuntimeIdentity } from "../../core/bundle/compatibility.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import type { UpdateRecord } from "../../core/contract/uplink-record.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { TransferLimits } from "./http-get.ts";
import type { ProverCommand } from "./prove-bundle.ts";

/** The bundle that serves at the moment. */
export interface ActiveBundle {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Its folder: a slot's, or the shipped one. */
  readonly dir: string;
}

/** Everything that an updater is given. */
export interface UpdaterOptions {
  /** Folder for metadata, downloads, slots and journal; made if missing; for this updater alone. */
  readonly stateDir: string;
  /** Base URL of the update repository, up to and including `/tuf`. */
  readonly url: string;
  /** Root metadata that came with the installation. */
  readonly initialRoot: Uint8Array;
  /** Keys that bundles must be signed with, whatever the repository says. */
  readonly trustedKeys: readonly TrustedKey[];
  readonly runtime: RuntimeIdentity;
  readonly prover: ProverCommand;
  /** What serves now; asked at every look. */
  readonly active: () => ActiveBundle;
  /**
   * Serve `bundle` (proved, in `slotDir`) from the next window on. When it rejects, the old bundle must still serve.
   * Afterwards `active()` tells of the new one.
   */
  readonly onActivate: (slotDir: string, bundle: VerifiedBundle) => Promise<void>;
  /** Told each step once (after a power cut perhaps twice). What it throws is logged and stops nothing. */
  readonly onStep: (record: UpdateRecord) => void | Promise<void>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Uniform in [0, 1): spreads the looks of a fleet. */
  readonly random: () => number;
  /** Time between two looks; each is up to a fifth earlier or later. */
  readonly pollIntervalMs: number;
  /** Headers of every request, for example credentials. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly bounds?: Partial<UpdaterBounds>;
}

/** Bounds on what the other side and the prover may cost. */
export interface UpdaterBounds {
  /** Of one metadata file. */
  readonly metadata: TransferLimits;
  /** Of one tar. */
  readonly target: TransferLimits;
  readonly maxTargetBytes: number;
  /** Transfers of a tar in one look, each going on where the last one stopped. */
  readonly transferAttempts: number;
  /** Proofs begun before an update is given up. */
  readonly proofAttempts: number;
  /** A nudge is followed within this time, at random, so that a fleet does not come all at once. */
  readonly nudgeSpreadMs: number;
}

/** Metadata: 10 s of silence, 30 s in all. Tar: 20 s, 10 min, 65 MiB, 3 transfers. 3 proofs. 1 s after a nudge. */
export const defaultBounds: UpdaterBounds = {
  metadata: { stallMs: 10_000, deadlineMs: 30_000 },
  target: { stallMs: 20_000, deadlineMs: 600_000 },
  maxTargetBytes: 65 << 20,
  transferAttempts: 3,
  proofAttempts: 3,
  nudgeSpreadMs: 1000,
};
