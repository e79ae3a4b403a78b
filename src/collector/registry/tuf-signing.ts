/** Ed25519 keys and signed files in the form of The Update Framework (specification 1.0). */
import { createHash } from "node:crypto";
import { Key, Signature } from "@tufjs/models";
import { canonicalJson, canonicalJsonBytes } from "../../core/bundle/canonical-json.ts";
import type { PrivateKey, PublicKey } from "../../core/bundle/keys.ts";
import type { AnyMetadata } from "../../core/bundle/update-metadata.ts";
import { issuedMember } from "../../core/contract/bundle/update-target.ts";

/** A public key as root metadata lists it. Its id is the SHA-256 of its canonical JSON (§4.2). */
export function toTufKey(publicKey: PublicKey): Key {
  const json = {
    keytype: "ed25519",
    scheme: "ed25519",
    keyval: { public: Buffer.from(publicKey.raw).toString("hex") },
  };
  // Only strings of ASCII in it: RFC 8785 and TUF's own canonical form give the same text.
  const keyID = createHash("sha256").update(canonicalJson(json)).digest("hex");
  return Key.fromJSON(keyID, json);
}

/** Adds `key`'s signature. */
export function addSignature(metadata: AnyMetadata, key: PrivateKey): void {
  const keyID = toTufKey(key.publicKey).keyID;
  metadata.sign((data) => new Signature({ keyID, sig: Buffer.from(key.sign(data)).toString("hex") }));
}

/** Bytes of a metadata file. */
export function encodeMetadata(metadata: AnyMetadata): Uint8Array {
  return canonicalJsonBytes(metadata.toJSON());
}

/** Members that every file of ours has: version, when signed, until when good (whole seconds, UTC). */
export function commonMembers(
  version: number,
  issuedMs: number,
  lifetimeMs: number,
): { version: number; specVersion: string; expires: string; unrecognizedFields: Record<string, string> } {
  return {
    version,
    specVersion: "1.0.31",
    expires: isoSeconds(issuedMs + lifetimeMs),
    unrecognizedFields: { [issuedMember]: isoSeconds(issuedMs) },
  };
}

function isoSeconds(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, "Z");
}
