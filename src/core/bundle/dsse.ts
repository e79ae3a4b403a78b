/**
 * DSSE envelopes (secure-systems-lab/dsse, protocol v1): signs bytes together with their type, verifies by trying
 * keys. The `keyid` of a signature is a hint that is not itself signed: it never decides anything here.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import { isFields } from "../contract/fields.ts";
import { canonicalJsonBytes } from "./canonical-json.ts";

/** Something that signs; the private key itself may live elsewhere. */
export interface Signer {
  /** Id of the key: SHA-256 of its public half (SPKI DER), lower-case hex. */
  readonly keyId: string;
  sign(data: Uint8Array): Uint8Array;
}

/** Something that checks signatures of one key. */
export interface TrustedKey {
  /** Id of the key: SHA-256 of its SPKI DER, lower-case hex. */
  readonly keyId: string;
  verify(data: Uint8Array, signature: Uint8Array): boolean;
}

interface DsseSignature {
  /** Unauthenticated hint; may be missing. */
  readonly keyid?: string;
  readonly sig: Uint8Array;
}

/** A DSSE envelope, decoded. */
interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** 1 to {@link maxSignatures}. */
  readonly signatures: readonly DsseSignature[];
}

/** More signatures than this are refused, so that a hostile envelope costs a bounded time. */
const maxSignatures = 16;

/** Bytes that are signed: `DSSEv1 SP LEN(type) SP type SP LEN(body) SP body` (lengths in bytes, decimal). */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const typeLength = Buffer.byteLength(payloadType, "utf8");
  const head = Buffer.from(`DSSEv1 ${typeLength} ${payloadType} ${payload.length} `, "utf8");
  return Buffer.concat([head, payload]);
}

/** Signs `payload` with every signer. */
export function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  signers: readonly Signer[],
): DsseEnvelope {
  const message = preAuthEncoding(payloadType, payload);
  const signatures = signers.map((signer) => ({ keyid: signer.keyId, sig: signer.sign(message) }));
  return { payloadType, payload, signatures };
}

/** Canonical JSON of an envelope, with standard padded base64. */
export function encodeDsseEnvelope(envelope: DsseEnvelope): Uint8Array {
  return canonicalJsonBytes({
    payload: toBase64(envelope.payload),
    payloadType: envelope.payloadType,
    signatures: envelope.signatures.map(({ keyid, sig }) =>
      keyid === undefined ? { sig: toBase64(sig) } : { keyid, sig: toBase64(sig) },
    ),
  });
}

/**
 * Parses the JSON of an envelope. Takes standard and URL-safe base64, as verifiers must.
 * @throws AuroraError BUNDLE_FORMAT when it is not an envelope.
 */
export function parseEnvelope(bytes: Uint8Array): DsseEnvelope {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed("is not JSON", cause);
  }
  if (!isFields(json)) throw malformed("is not an object");
  const { payload, payloadType, signatures } = json;
  if (typeof payloadType !== "string") throw malformed("has no payloadType");
  if (!Array.isArray(signatures) || signatures.length === 0 || signatures.length > maxSignatures) {
    throw malformed(`needs 1 to ${maxSignatures} signatures`);
  }
  return {
    payloadType,
    payload: fromBase64(payload, "payload"),
    signatures: signatures.map((entry: unknown): DsseSignature => {
      if (!isFields(entry)) throw malformed("has a signature that is not an object");
      const sig = fromBase64(entry.sig, "sig");
      const keyid = entry.keyid;
      if (keyid === undefined) return { sig };
      if (typeof keyid !== "string") throw malformed("has a keyid that is not a string");
      return { keyid, sig };
    }),
  };
}

/**
 * For each signature, the id of the trusted key that made it, or null. Every key is tried on every signature.
 * @param threshold distinct trusted keys that must have signed, at least 1
 * @throws AuroraError BUNDLE_SIGNATURE when fewer have.
 */
export function verifyEnvelope(
  envelope: DsseEnvelope,
  trustedKeys: readonly TrustedKey[],
  threshold = 1,
): readonly (string | null)[] {
  const message = preAuthEncoding(envelope.payloadType, envelope.payload);
  const signedBy = envelope.signatures.map(
    ({ sig }) => trustedKeys.find((key) => key.verify(message, sig))?.keyId ?? null,
  );
  const distinct = new Set(signedBy.filter((keyId) => keyId !== null)).size;
  if (distinct < Math.max(1, threshold)) {
    throw new AuroraError(
      "BUNDLE_SIGNATURE",
      `${distinct} trusted ${distinct === 1 ? "key has" : "keys have"} signed, ${Math.max(1, threshold)} needed`,
      {
        op: "verify signature",
        hint: `Trust the signer's public key (\`--keys FILE\`, \`bundles.trustedKeys\` of a gateway), or sign with a trusted one; trusted are: ${trustedKeys.map((key) => key.keyId).join(", ") || "none"}.`,
      },
    );
  }
  return signedBy;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function fromBase64(text: unknown, field: string): Uint8Array {
  const good =
    typeof text === "string" &&
    (/^[A-Za-z0-9+/]*={0,2}$/.test(text) || /^[A-Za-z0-9_-]*={0,2}$/.test(text)) &&
    text.replace(/=+$/, "").length % 4 !== 1;
  if (!good) throw malformed(`has a ${field} that is not base64`);
  return new Uint8Array(Buffer.from(text, "base64"));
}

function malformed(what: string, cause?: unknown): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", `the signature envelope ${what}`, {
    op: "read signature envelope",
    cause,
  });
}
