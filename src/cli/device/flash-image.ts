/**
 * What the flash of a device holds when it leaves the workshop: a confirmed model in the first of its two slots, and its
 * identity. Layout: firmware-bridge/mcu/slot.h and image.h. Computes bytes; reads and writes no file.
 */
import { computeModelMac } from "../../../firmware-bridge/model/model-mac.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { sha256 as digest } from "../../core/platform/files/sha256.ts";

/** Where things stand in a device's address space, bytes. */
export interface FlashLayout {
  /** Address of the first of the two slots, which lie one behind the other. */
  readonly slotsAt: number;
  readonly slotBytes: number;
  /** Address and size of what is written; by default the two slots alone. */
  readonly flashAt?: number;
  readonly flashBytes?: number;
  /** Address of the identity, as the boards in the repository read it; by default none is written. */
  readonly identityAt?: number;
}

/** What is written there. */
interface FlashContent {
  readonly key: Uint8Array;
  readonly model: SlotModel;
  /** For the identity. */
  readonly deviceId?: string;
}

/** A model for a slot. */
export interface SlotModel {
  readonly image: Uint8Array;
  readonly securityCounter: number;
  /** It arrived as a whole and was not tried yet: the device tries it at its next start. */
  readonly isUntried?: boolean;
}

/** A piece of flash; what nobody wrote is erased, 0xFF. */
interface FlashImage {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Of a slot, before the model. */
const slotHeadBytes = 256;
const identityBytes = 104;

/** Writes a flash image. @throws AuroraError USAGE for a layout that does not hold it. */
export function createFlashImage(layout: FlashLayout, { key, model, deviceId }: FlashContent): FlashImage {
  const { slotsAt, slotBytes, flashAt = slotsAt, flashBytes = 2 * slotBytes, identityAt } = layout;
  const slotsEnd = slotsAt + 2 * slotBytes;
  refuseUnless(slotsAt % 4 === 0, "the slots' address is no multiple of 4");
  refuseUnless(slotBytes % 256 === 0, "a slot's size is no multiple of 256: it has whole sectors");
  refuseUnless(
    model.image.length + slotHeadBytes <= slotBytes,
    `a model of ${model.image.length} bytes and its ${slotHeadBytes} of head do not fit into a slot of ${slotBytes}`,
  );
  refuseUnless(slotsAt >= flashAt && slotsEnd <= flashAt + flashBytes, "the slots lie outside the flash");
  const bytes = new Uint8Array(flashBytes).fill(0xff);
  writeModelSlot(bytes.subarray(slotsAt - flashAt, slotsAt - flashAt + slotBytes), model, key);
  if (identityAt !== undefined) {
    const end = identityAt + identityBytes;
    refuseUnless(identityAt >= flashAt && end <= flashAt + flashBytes, "the identity lies outside the flash");
    refuseUnless(end <= slotsAt || identityAt >= slotsEnd, "the identity lies in a slot, which is erased");
    writeIdentity(bytes.subarray(identityAt - flashAt), deviceId ?? "", key);
  }
  return { address: flashAt, bytes };
}

/** Writes a slot as the device itself leaves it when its model was confirmed. */
export function writeModelSlot(slot: Uint8Array, model: SlotModel, key: Uint8Array): void {
  const { image, securityCounter } = model;
  const sha256 = digest(image);
  const view = new DataView(slot.buffer, slot.byteOffset);
  view.setUint32(0, 0x3153_5541, true);
  view.setUint32(4, image.length, true);
  view.setUint32(8, securityCounter, true);
  slot.set(sha256, 12);
  slot.set(computeModelMac(key, { sizeBytes: image.length, securityCounter, sha256 }), 44);
  // The first installation, and its complement.
  view.setUint16(76, 1, true);
  view.setUint16(78, 0xfffe, true);
  // Tried, and confirmed.
  if (model.isUntried !== true) slot.fill(0, 80, 112);
  slot.set(image, slotHeadBytes);
}

/** Writes the identity page: magic, whether there is a key, the key, the zero-terminated id. */
export function writeIdentity(at: Uint8Array, deviceId: string, key: Uint8Array | undefined): void {
  const view = new DataView(at.buffer, at.byteOffset);
  view.setUint32(0, 0x4449_5541, true);
  view.setUint32(4, key === undefined ? 0 : 1, true);
  at.set(key ?? new Uint8Array(32), 8);
  at.fill(0, 40, identityBytes);
  at.set(new TextEncoder().encode(deviceId).subarray(0, 63), 40);
}

/** As Intel HEX, which programmers take with its addresses; lines of erased bytes are left out. */
export function renderIntelHex({ address, bytes }: FlashImage): string {
  const lines: string[] = [];
  let page = -1;
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.subarray(at, at + 16);
    if (line.every((byte) => byte === 0xff)) continue;
    const place = address + at;
    const upper = Math.floor(place / 0x1_0000);
    if (upper !== page) lines.push(renderRecord(4, 0, Uint8Array.of(upper >> 8, upper & 0xff)));
    page = upper;
    lines.push(renderRecord(0, place & 0xffff, line));
  }
  lines.push(renderRecord(1, 0, new Uint8Array(0)));
  return `${lines.join("\n")}\n`;
}

function renderRecord(type: number, offset: number, data: Uint8Array): string {
  const record = Uint8Array.of(data.length, offset >> 8, offset & 0xff, type, ...data);
  const sum = record.reduce((total, byte) => total + byte, 0);
  return `:${Buffer.from(record).toString("hex")}${(-sum & 0xff).toString(16).padStart(2, "0")}`.toUpperCase();
}

function refuseUnless(isSo: boolean, message: string): void {
  if (isSo) return;
  throw new AuroraError("USAGE", message, {
    op: "write flash image",
    subject: "layout",
    hint: "Give --slots-at, --slot-bytes, --flash-at and --flash-bytes as the board's linker script and board_start have them.",
  });
}
