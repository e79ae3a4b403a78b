/** Seals acknowledgements for the gateways of an enrolment. */
import type { UplinkAck } from "../../core/contract/uplink-record.ts";
import { deriveAckKey, sealAck } from "../../core/platform/ack-key.ts";
import { readHexKey } from "../../core/platform/files/read-hex-key.ts";

/** Seals an acknowledgement for a gateway. */
type AckSeal = (gateway: string, ack: UplinkAck) => UplinkAck;

/** Keys held at once; one is derived in a few microseconds. */
const maxKeys = 20_000;

/**
 * Opens the seal; without a key acknowledgements stay as they are.
 * @throws AuroraError CONFIG_INVALID for a key file that cannot be used.
 */
export async function openAckSeal(keyFile: string | null): Promise<AckSeal> {
  if (keyFile === null) return (_gateway, ack) => ack;
  const installationKey = await readHexKey(keyFile);
  const keys = new Map<string, Uint8Array>();
  return (gateway, ack) => {
    let key = keys.get(gateway);
    if (key === undefined) {
      if (keys.size >= maxKeys) keys.clear();
      key = deriveAckKey(installationKey, gateway);
      keys.set(gateway, key);
    }
    return sealAck(key, gateway, ack);
  };
}
