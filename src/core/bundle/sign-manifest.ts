/**
 * The signature of a bundle: a DSSE envelope over an in-toto Statement v1 whose only subject is `manifest.json` with
 * its SHA-256. The file has exactly one accepted form, so that no bit of it can be changed unnoticed.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import { manifestFileName, signatureFileName } from "./bundle.ts";
import { canonicalJsonBytes } from "./canonical-json.ts";
import {
  encodeDsseEnvelope,
  parseEnvelope,
  type Signer,
  signEnvelope,
  type TrustedKey,
  verifyEnvelope,
} from "./dsse.ts";

const payloadType = "application/vnd.in-toto+json";

/**
 * Bytes of `manifest.dsse.json` for a manifest of digest `manifestSha256` (lower-case hex). Deterministic:
 * ed25519 has no nonce, and the signatures are ordered by key id.
 */
export function signManifest(manifestSha256: string, signers: readonly Signer[]): Uint8Array {
  if (signers.length === 0) {
    throw new AuroraError("KEY", "no signing key was given", { op: "sign manifest" });
  }
  const ordered = [...signers].sort((left, right) => (left.keyId < right.keyId ? -1 : 1));
  return encodeDsseEnvelope(signEnvelope(payloadType, encodeStatement(manifestSha256), ordered));
}

/**
 * Checks `manifest.dsse.json` against the manifest's digest, and gives the ids of the keys that signed. Stricter
 * than DSSE itself, for the sake of "one flipped bit anywhere is found": the file must be canonical, *every*
 * signature in it must be good and by a trusted key, and its `keyid` (which decided nothing) must be that key's.
 * @throws AuroraError BUNDLE_FORMAT or BUNDLE_SIGNATURE.
 */
export function verifyManifestSignature(
  signatureBytes: Uint8Array,
  manifestSha256: string,
  trustedKeys: readonly TrustedKey[],
): readonly string[] {
  const op = "verify signature";
  const subject = signatureFileName;
  const envelope = parseEnvelope(signatureBytes);
  const signedBy = verifyEnvelope(envelope, trustedKeys);
  for (const [index, keyId] of signedBy.entries()) {
    if (keyId === null) {
      throw new AuroraError(
        "BUNDLE_SIGNATURE",
        `signature ${index + 1} is not by a trusted key, or was changed`,
        {
          op,
          subject,
          hint: "Trust every key that signed, or sign it again with `aurora bundle sign`.",
        },
      );
    }
    if (envelope.signatures[index]?.keyid !== keyId) {
      throw new AuroraError("BUNDLE_SIGNATURE", `signature ${index + 1} names another key than its own`, {
        op,
        subject,
      });
    }
  }
  if (new Set(signedBy).size !== signedBy.length) {
    throw new AuroraError("BUNDLE_SIGNATURE", "one key has signed twice", { op, subject });
  }
  if (!equalBytes(encodeDsseEnvelope(envelope), signatureBytes)) {
    throw new AuroraError("BUNDLE_FORMAT", "is not in its canonical form", {
      op,
      subject,
      hint: "Sign it again with `aurora bundle sign`.",
    });
  }
  const expected = encodeStatement(manifestSha256);
  if (envelope.payloadType !== payloadType || !equalBytes(envelope.payload, expected)) {
    throw new AuroraError("BUNDLE_SIGNATURE", "is not about this manifest", {
      op,
      subject,
      hint: `${manifestFileName} has SHA-256 ${manifestSha256}; it was changed after it was signed.`,
    });
  }
  return signedBy.filter((keyId) => keyId !== null);
}

/** Are two byte strings the same? Not for secrets: stops at the first difference. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/** in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md): every subject carries a digest. */
function encodeStatement(manifestSha256: string): Uint8Array {
  return canonicalJsonBytes({
    _type: "https://in-toto.io/Statement/v1",
    predicateType: "urn:aurora:bundle:v1",
    subject: [{ name: manifestFileName, digest: { sha256: manifestSha256 } }],
  });
}
