/** Seals acknowledgements, and what is said of raw evidence, for the gateways of an enrolment. */

import type { EvidenceOrder } from "../../core/contract/evidence.ts";
import type { UplinkAck } from "../../core/contract/uplink-record.ts";
import { findOrMake } from "../../core/maths/find-or-make.ts";
import { readHexKey } from "../../core/platform/files/read-hex-key.ts";
import { deriveAckKey, sealAck, sealOrder } from "../../core/platform/seal-orders.ts";

/** Seals what is said to a gateway. */
interface AckSeal {
  ack(gateway: string, ack: UplinkAck): UplinkAck;
  order(gateway: string, order: EvidenceOrder): EvidenceOrder;
}

/** Keys held at once; one is derived in a few microseconds. */
const maxKeys = 20_000;

/**
 * Opens the seal; without a key what is said stays as it is.
 * @throws AuroraError CONFIG_INVALID for a key file that cannot be used.
 */
export async function openAckSeal(keyFile: string | null): Promise<AckSeal> {
  if (keyFile === null) return { ack: (_gateway, ack) => ack, order: (_gateway, order) => order };
  const installationKey = await readHexKey(keyFile);
  const keys = new Map<string, Uint8Array>();
  const keyOf = (gateway: string): Uint8Array =>
    findOrMake(keys, gateway, () => {
      if (keys.size >= maxKeys) keys.clear();
      return deriveAckKey(installationKey, gateway);
    });
  return {
    ack: (gateway, ack) => sealAck(keyOf(gateway), gateway, ack),
    order: (gateway, order) => sealOrder(keyOf(gateway), gateway, order),
  };
}
