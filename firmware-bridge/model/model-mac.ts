/** The MAC by which a device knows that an image comes from a holder of its key (PROTOCOL.md, section 8). */
import { createHmac } from "node:crypto";
import type { ModelBeginMessage } from "../../src/core/contract/device/device-message.ts";

const magic = "AUS1";

/** HMAC-SHA-256 of an image's size, security counter and digest under a device's key [32 bytes]. */
export function computeModelMac(
  key: Uint8Array,
  image: Pick<ModelBeginMessage, "sizeBytes" | "securityCounter" | "sha256">,
): Uint8Array {
  const signed = Buffer.alloc(magic.length + 8 + image.sha256.length);
  signed.write(magic, "ascii");
  signed.writeUInt32LE(image.sizeBytes, magic.length);
  signed.writeUInt32LE(image.securityCounter, magic.length + 4);
  signed.set(image.sha256, magic.length + 8);
  return createHmac("sha256", key).update(signed).digest();
}
