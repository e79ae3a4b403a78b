/**
 * Seals what a collector says to a gateway, acknowledgements of the uplink and orders of raw evidence, and tells a seal from a
 * forged one: whoever may write to a gateway's topic, only the collector that it was enrolled with can say *stored*, or ask for
 * samples. The installation has one key; each gateway's own is derived from it, so that a gateway that is lost gives away no
 * other's and a collector keeps no list. It reads no key and sends nothing.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { EvidenceOrder } from "../contract/evidence.ts";
import type { UplinkAck } from "../contract/uplink-record.ts";

/** Bytes of a key, of the installation or of a gateway. */
export const ackKeyBytes = 32;

/** The key of one gateway: HMAC-SHA-256 under the key of the installation, 32 bytes. */
export function deriveAckKey(installationKey: Uint8Array, gateway: string): Uint8Array {
  return new Uint8Array(
    createHmac("sha256", installationKey).update(`aurora/ack-key/1\n${gateway}`).digest(),
  );
}

/** The acknowledgement with its code under the gateway's key: over gateway, boot id, lane and sequence. */
export function sealAck(gatewayKey: Uint8Array, gateway: string, ack: UplinkAck): UplinkAck {
  return { ...ack, mac: computeMac(gatewayKey, gateway, ack).toString("hex") };
}

/** Whether the acknowledgement bears the right code. Takes the same time whatever is wrong with it. */
export function isSealedAck(gatewayKey: Uint8Array, gateway: string, ack: UplinkAck): boolean {
  return isCode(ack.mac, computeMac(gatewayKey, gateway, ack));
}

/** The order with its code under the gateway's key: over gateway and all that it says. */
export function sealOrder(gatewayKey: Uint8Array, gateway: string, order: EvidenceOrder): EvidenceOrder {
  return { ...order, mac: computeOrderMac(gatewayKey, gateway, order).toString("hex") };
}

/** Whether the order bears the right code. Takes the same time whatever is wrong with it. */
export function isSealedOrder(gatewayKey: Uint8Array, gateway: string, order: EvidenceOrder): boolean {
  return isCode(order.mac, computeOrderMac(gatewayKey, gateway, order));
}

function isCode(mac: string | undefined, expected: Buffer): boolean {
  const given = Buffer.from(mac ?? "", "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function computeOrderMac(gatewayKey: Uint8Array, gateway: string, order: EvidenceOrder): Buffer {
  const words =
    order.type === "receipt"
      ? [order.state, order.have, order.reason]
      : [order.gateway, order.turbine, order.component, order.seconds, order.askedMs];
  const said = JSON.stringify(["aurora/evidence/1", gateway, order.type, order.id, ...words]);
  return createHmac("sha256", gatewayKey).update(said).digest();
}

function computeMac(gatewayKey: Uint8Array, gateway: string, ack: UplinkAck): Buffer {
  const { bootId, lane, sequence, timeMs } = ack;
  const time = timeMs === undefined ? [] : [timeMs];
  const said = JSON.stringify(["aurora/ack/1", gateway, bootId, lane, sequence, ...time]);
  return createHmac("sha256", gatewayKey).update(said).digest();
}
