/** From one signed state of the repository to the next: versions only go up, every file says when it was signed. */
import {
  Metadata,
  MetadataKind,
  MetaFile,
  type Root,
  Snapshot,
  type TargetFile,
  Targets,
  Timestamp,
} from "@tufjs/models";
import { type AnyMetadata, issuedAtMs } from "../../core/bundle/update-metadata.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { RegistryKeys } from "./installation-keys.ts";
import { maxVersion, type RepositoryState } from "./metadata-folder.ts";
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
 * @throws AuroraError CLOCK when this clock is past the root's end: nobody would accept the files; KEY when there is no higher version.
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
  const isForgotten = previous !== null && isForgottenBy(root, previous);
  const endSeconds = Date.parse(root.signed.expires) / 1000;
  const common = (last: AnyMetadata | undefined, lifetimeMs: number): ReturnType<typeof commonMembers> => {
    const known = last?.signed.version ?? 0;
    // Nobody who has its keys honestly signs past a root's end.
    const above = isForgotten && known > endSeconds ? 0 : known;
    const version = Math.max(above + 1, Math.floor(issuedMs / 1000));
    if (version > maxVersion) throw refuseVersion(known);
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

/** Names of the files that no key of their role in any of the roots has signed. */
export function findUnsigned(state: RepositoryState, roots: readonly Metadata<Root>[]): readonly string[] {
  return signedRoles
    .filter((role) => !roots.some((root) => isSigned(root, role, state)))
    .map((role) => `${role}.json`);
}

const signedRoles = [MetadataKind.Timestamp, MetadataKind.Snapshot, MetadataKind.Targets] as const;

function isSigned(root: Metadata<Root>, role: (typeof signedRoles)[number], state: RepositoryState): boolean {
  try {
    root.verifyDelegate(role, state[role]);
    return true;
  } catch {
    // It says no more than by how many keys.
    return false;
  }
}

/** Has the root taken away the keys of both files by which a gateway remembers versions? */
function isForgottenBy(root: Metadata<Root>, state: RepositoryState): boolean {
  return !isSigned(root, MetadataKind.Timestamp, state) && !isSigned(root, MetadataKind.Snapshot, state);
}

function refuseVersion(known: number): AuroraError {
  return new AuroraError("KEY", `there is no version above ${known}, which was signed by the present keys`, {
    op: "sign update metadata",
    subject: `at most ${maxVersion}`,
    hint: "Somebody else has the keys: `aurora keys rotate DIR --role targets snapshot timestamp`, as src/KEYS.md says.",
  });
}

function describe(metadata: Metadata<Snapshot> | Metadata<Targets>): MetaFile {
  const bytes = encodeMetadata(metadata);
  return new MetaFile({
    version: metadata.signed.version,
    length: bytes.length,
    hashes: { sha256: sha256Hex(bytes) },
  });
}
