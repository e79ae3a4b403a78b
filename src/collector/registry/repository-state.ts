/** From one signed state of the repository to the next: versions only go up, every file says when it was signed. */
import { Metadata, MetaFile, type Root, Snapshot, type TargetFile, Targets, Timestamp } from "@tufjs/models";
import { type AnyMetadata, issuedAtMs } from "../../core/bundle/update-metadata.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { RegistryKeys } from "./installation-keys.ts";
import type { RepositoryState } from "./metadata-folder.ts";
import { addSignature, commonMembers, encodeMetadata } from "./tuf-signing.ts";

/** How long a file is good after it was signed, in milliseconds. */
interface Lifetimes {
  readonly targetsMs: number;
  readonly snapshotMs: number;
  /** The time after which a gateway that hears nothing new stops taking updates. */
  readonly timestampMs: number;
}

/** A year, a month, a week. */
export const defaultLifetimes: Lifetimes = {
  targetsMs: 365 * dayMs,
  snapshotMs: 30 * dayMs,
  timestampMs: 7 * dayMs,
};

/** Files that are signed anew: the named one and all that point to it. */
export type RefreshFrom = "targets" | "snapshot" | "timestamp";

/** What signing needs. */
interface SigningContext {
  readonly keys: RegistryKeys;
  readonly lifetimes: Lifetimes;
  readonly nowMs: number;
  /** Was a later time believed before, and is in doubt which one is right? Default: no. */
  readonly isBehind?: boolean;
}

/** What the next state is made of. */
interface RepositoryChange {
  readonly root: Metadata<Root>;
  /** Null for the first state. */
  readonly previous: RepositoryState | null;
  readonly from: RefreshFrom;
  /** By path; counts only where `from` is `targets`. */
  readonly targetFiles: Readonly<Record<string, TargetFile>>;
}

/**
 * The next state, in which `from` and everything above it is signed anew.
 * @throws AuroraError CLOCK when this clock is past the root's end: nobody would accept the files.
 */
export function nextState(change: RepositoryChange, context: SigningContext): RepositoryState {
  const { root, previous, from, targetFiles } = change;
  const { keys, lifetimes } = context;
  // Below the root's own moment the clock is surely behind (1970): new files must not look older than the last ones.
  const isBehind = context.isBehind === true || context.nowMs < issuedAtMs(root);
  const lastMs = isBehind && previous !== null ? issuedAtMs(previous.timestamp) || 0 : 0;
  const issuedMs = Math.max(context.nowMs, lastMs);
  if (issuedMs >= Date.parse(root.signed.expires)) {
    throw new AuroraError("CLOCK", `the root metadata was good until ${root.signed.expires}`, {
      op: "sign update metadata",
      subject: new Date(issuedMs).toISOString(),
      hint: "Set the collector's clock, if it is wrong. If not: make the next root (`aurora keys rotate DIR`), as src/KEYS.md says.",
    });
  }
  // Not only one more: a repository restored from a copy would give versions that gateways know with other content.
  const common = (last: AnyMetadata | undefined, lifetimeMs: number): ReturnType<typeof commonMembers> => {
    const version = Math.max((last?.signed.version ?? 0) + 1, Math.floor(issuedMs / 1000));
    return commonMembers(version, issuedMs, lifetimeMs);
  };

  let targets = previous?.targets;
  if (targets === undefined || from === "targets") {
    targets = new Metadata(
      new Targets({ ...common(targets, lifetimes.targetsMs), targets: { ...targetFiles } }),
    );
    addSignature(targets, keys.targets);
  }
  let snapshot = previous?.snapshot;
  if (snapshot === undefined || from !== "timestamp") {
    const meta = { "targets.json": describe(targets) };
    snapshot = new Metadata(new Snapshot({ ...common(snapshot, lifetimes.snapshotMs), meta }));
    addSignature(snapshot, keys.snapshot);
  }
  const timestamp = new Metadata(
    new Timestamp({
      ...common(previous?.timestamp, lifetimes.timestampMs),
      snapshotMeta: describe(snapshot),
    }),
  );
  addSignature(timestamp, keys.timestamp);
  return { root, targets, snapshot, timestamp };
}

/** What has less than half of its life left, lowest first; null when nothing has. */
export function refreshDue(state: RepositoryState, nowMs: number): RefreshFrom | null {
  const due = (metadata: AnyMetadata, lifetimeMs: number): boolean =>
    Date.parse(metadata.signed.expires) - nowMs < lifetimeMs / 2;
  if (due(state.targets, defaultLifetimes.targetsMs)) return "targets";
  if (due(state.snapshot, defaultLifetimes.snapshotMs)) return "snapshot";
  return due(state.timestamp, defaultLifetimes.timestampMs) ? "timestamp" : null;
}

function describe(metadata: Metadata<Snapshot> | Metadata<Targets>): MetaFile {
  const bytes = encodeMetadata(metadata);
  return new MetaFile({
    version: metadata.signed.version,
    length: bytes.length,
    hashes: { sha256: sha256Hex(bytes) },
  });
}
