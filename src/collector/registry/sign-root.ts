/** Root metadata: which key may sign what. Made when an installation's keys are made, and again when they change. */
import { type Key, Metadata, Root } from "@tufjs/models";
import type { PrivateKey } from "../../core/bundle/keys.ts";
import { addSignature, commonMembers, encodeMetadata } from "./tuf-signing.ts";

/** The roles of a TUF repository. */
export const tufRoles = ["root", "targets", "snapshot", "timestamp"] as const;

export type TufRole = (typeof tufRoles)[number];

/** What a root file says. */
interface RootContents {
  /** 1 for the first, then one more each time. */
  readonly version: number;
  readonly issuedMs: number;
  readonly lifetimeMs: number;
  /** The key of each role (one a role, threshold 1). */
  readonly keys: Readonly<Record<TufRole, Key>>;
}

/** Five years: the root key is offline, and is brought back for the next one. */
export const rootLifetimeMs: number = 5 * 365 * 86_400_000;

/**
 * Bytes of `<version>.root.json`. A new root is signed by its own root key and, from version 2 on, by the root key of
 * the version before (§6.1): give both.
 */
export function signRoot(contents: RootContents, signers: readonly PrivateKey[]): Uint8Array {
  const root = new Root({
    ...commonMembers(contents.version, contents.issuedMs, contents.lifetimeMs),
    consistentSnapshot: true,
  });
  for (const role of tufRoles) root.addKey(contents.keys[role], role);
  const metadata = new Metadata(root);
  for (const signer of signers) addSignature(metadata, signer);
  return encodeMetadata(metadata);
}
