/**
 * The order to publish a bundle: a DSSE envelope over a {@link PublishOrder}, signed by a publisher's key. Says who may have it
 * served, and nothing of who made the bundle: that says the bundle's own signature.
 */

import { AuroraError } from "../contract/aurora-error.ts";
import { type PublishOrder, publishOrderSchema } from "../contract/publication.ts";
import { failed, ok, type Result } from "../contract/result.ts";
import { canonicalJsonBytes } from "./canonical-json.ts";
import {
  encodeDsseEnvelope,
  parseEnvelope,
  type Signer,
  signEnvelope,
  type TrustedKey,
  verifyEnvelope,
} from "./dsse.ts";

/** Type of an envelope's payload that is an order. */
export const publishOrderType = "application/vnd.aurora.publish-order.v1+json";

/** Bytes of the envelope (JSON). */
export function signPublishOrder(order: PublishOrder, publisher: Signer): Uint8Array {
  return encodeDsseEnvelope(signEnvelope(publishOrderType, canonicalJsonBytes(order), [publisher]));
}

/** An order, and whose key has signed it. */
interface SignedOrder {
  readonly order: PublishOrder;
  /** Id of the one key. */
  readonly keyId: string;
}

/**
 * Reads an order that one of `keys` has signed. What is wrong is said without telling which keys there are.
 * Verifies before it parses what was signed.
 */
export function readPublishOrder(
  envelopeBytes: Uint8Array,
  keys: readonly TrustedKey[],
): Result<SignedOrder, { readonly isForm: boolean; readonly message: string }> {
  const bad = (message: string) => failed({ isForm: true, message });
  try {
    const envelope = parseEnvelope(envelopeBytes);
    if (envelope.payloadType !== publishOrderType)
      return bad("the envelope does not hold an order to publish");
    if (envelope.signatures.length !== 1) return bad("an order has one signature");
    const [keyId] = verifyEnvelope(envelope, keys);
    const order = publishOrderSchema().safeParse(JSON.parse(new TextDecoder().decode(envelope.payload)));
    if (!order.success) return bad("the order does not have the form of this version");
    return ok({ order: order.data, keyId: keyId! });
  } catch (error) {
    if (error instanceof SyntaxError) return bad("the order is not JSON");
    if (!(error instanceof AuroraError)) throw error;
    if (error.code !== "BUNDLE_SIGNATURE") return bad(error.message);
    return failed({ isForm: false, message: "no publisher of this collector has signed the order" });
  }
}
