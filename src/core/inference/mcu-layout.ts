/** Offsets and sizes of `model.mcu.bin`, format 1 (firmware-bridge/mcu/MODEL_FORMAT.md). */
import { AuroraError } from "../contract/aurora-error.ts";

/** 'AMCU' read as little-endian u32. */
export const mcuMagic = 0x554d4341;
/** The one format version that is written and read. */
export const mcuFormat = 1;
/** Bit of the flags: a feature section is present. */
export const mcuHasFeatures = 1;
/** Bytes before the table of layers. */
export const mcuHeaderBytes = 88;
/** Bytes of one layer in the table. */
export const mcuLayerBytes = 8;
/** SHA-256 at the end. */
export const mcuDigestBytes = 32;
/** Room of the bundle's name and version, terminating zero included. */
export const mcuNameBytes = 32;
/** See {@link mcuNameBytes}. */
export const mcuVersionBytes = 16;
/** Largest file that is read: far above what a microcontroller holds. */
export const maxMcuModelBytes = 1_048_576;
/** Widest layer that the firmware runs (AURORA_MODEL_MAX_WIDTH). */
export const mcuMaxWidth = 128;
/** Largest |bias| with the zero point folded in: 2^30. */
export const mcuMaxBias = 1_073_741_824;
/** A logit threshold that no uint8 reaches: the output never alarms by itself. */
export const mcuNeverRaises = 256;

/** A multiple of four: rows, columns and sections are padded to words. */
export function roundUpTo4(length: number): number {
  return (length + 3) & ~3;
}

/** Offset of weight [output][input] in blocks of 4 outputs × 4 inputs. */
export function mcuWeightOffset(output: number, input: number, inputs: number): number {
  const block = (output >> 2) * (roundUpTo4(inputs) >> 2) + (input >> 2);
  return block * 16 + (output & 3) * 4 + (input & 3);
}

/** What is wrong with a model for microcontrollers. */
export function refuseMcuModel(message: string): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", `model.mcu.bin ${message}`, {
    op: "read model for microcontroller",
  });
}
