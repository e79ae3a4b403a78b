/**
 * The memory image of a virtual board (the firmware's host build, or QEMU): identity, empty model slots, and the
 * recording that its accelerometer plays in a loop. The layout is that of mcu/image.h.
 */

import { type SlotModel, writeIdentity, writeModelSlot } from "../../src/cli/device/flash-image.ts";

/** What is in the image. */
export interface McuImageOptions {
  /** As in a Hello. */
  readonly deviceId: string;
  /** The 32 bytes that model images are authenticated with; without them the device takes no model. */
  readonly key?: Uint8Array;
  readonly sampleRateHz: number;
  /** Physical value = count · scale, in g. */
  readonly scale: number;
  readonly shaftRpm: number;
  /** Played in a loop; at most {@link maxRecordingSamples}. */
  readonly counts: Int16Array;
  /** A model that lies in the first slot, confirmed, or arrived as a whole and not tried yet; needs a key. */
  readonly model?: SlotModel;
  /** The power goes at this flash operation after the start (from 1 on), when so many of its bytes have happened. */
  readonly cut?: { readonly operation: number; readonly bytes: number };
  /** Samples come as fast as the device takes them, not in real time. */
  readonly unpaced?: boolean;
  /** What the board's clock says at the start, of 32 bits; 0 if nothing is said. */
  readonly clockStartMs?: number;
}

/** Size of an image in bytes. */
export const mcuImageBytes = 0x100_0000;
/** Size of one of the two slots. */
export const mcuSlotBytes = 0x4000;
/** Where in it the model lies. */
const slotImageOffset = 256;
/** Where the two slots begin, and the workbench beside the flash. */
export const mcuImageOffsets: {
  readonly slots: number;
  readonly workbench: number;
  readonly samples: number;
} = {
  slots: 0x1000,
  workbench: 0x10_0000,
  samples: 0x10_1000,
};
/** Samples that fit into an image. */
const maxRecordingSamples: number = (mcuImageBytes - mcuImageOffsets.samples) / 2;

/** Bytes of flash and workbench from the image's start; everything behind the samples may be left out of a file. */
export function createMcuImage(options: McuImageOptions): Uint8Array {
  const { deviceId, key, counts } = options;
  if (key !== undefined && key.length !== 32)
    throw new RangeError(`a device key has 32 bytes, not ${key.length}`);
  if (counts.length > maxRecordingSamples)
    throw new RangeError(`${counts.length} samples are more than the ${maxRecordingSamples} that fit`);
  const image = new Uint8Array(mcuImageBytes);
  // Erased flash is all ones.
  image.fill(0xff, 0, mcuImageOffsets.workbench);
  writeIdentity(image, deviceId, key);
  if (options.model !== undefined) installModel(image, options.model, key);
  writeWorkbench(image, options);
  return image;
}

function installModel(image: Uint8Array, model: SlotModel, key: Uint8Array | undefined): void {
  if (key === undefined) throw new RangeError("a device without a key has no model");
  const slot = image.subarray(mcuImageOffsets.slots, mcuImageOffsets.slots + mcuSlotBytes);
  if (model.image.length > mcuSlotBytes - slotImageOffset)
    throw new RangeError(`a model of ${model.image.length} bytes does not fit into a slot`);
  writeModelSlot(slot, model, key);
}

/** What lies beside the flash: the recording, and when the power goes. */
function writeWorkbench(image: Uint8Array, options: McuImageOptions): void {
  const view = new DataView(image.buffer);
  const at = mcuImageOffsets.workbench;
  view.setUint32(at, 0x4257_5541, true);
  view.setUint32(at + 8, options.cut?.operation ?? 0, true);
  view.setUint32(at + 12, options.cut?.bytes ?? 0, true);
  view.setUint32(at + 20, options.unpaced === true ? 1 : 0, true);
  view.setFloat64(at + 24, options.sampleRateHz, true);
  view.setFloat64(at + 32, options.scale, true);
  view.setFloat32(at + 40, options.shaftRpm, true);
  view.setUint32(at + 44, options.counts.length, true);
  view.setUint32(at + 48, options.clockStartMs ?? 0, true);
  options.counts.forEach((count, index) => {
    view.setInt16(mcuImageOffsets.samples + 2 * index, count, true);
  });
}
