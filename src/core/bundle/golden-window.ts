/**
 * The raw window of a golden case: what a device would have sent, so that the way from counts to features is proved
 * too. Codec only; knows no features.
 *
 * ```text
 *  0 sampleRateHz f64     8 shaftRpm f64
 * 16 bpfo f64   24 bpfi f64   32 bsf f64   40 ftf f64      (orders of the shaft speed)
 * 48 scale f32 (physical value per count)   52 S u32 samples
 * 56 S × i16 counts, zero bytes up to a multiple of 4.     Everything little-endian.
 * ```
 */
import { AuroraError } from "../contract/aurora-error.ts";
import { type BearingOrders, bearingOrderNames, bearingOrdersSchema } from "../contract/bundle/bearing.ts";

/** One window of one channel at one speed. */
export interface GoldenWindow {
  /** 100 to 1,000,000. */
  readonly sampleRateHz: number;
  /** Above 0, at most one revolution in 10 samples. */
  readonly shaftRpm: number;
  readonly bearing: BearingOrders;
  /** Physical value per count; above 0 and exactly a float32. */
  readonly scale: number;
  /** 1 to {@link maxGoldenSamples}. */
  readonly counts: Int16Array;
}

/** Longest window: 5 s at 48 kHz and some. */
export const maxGoldenSamples = 262_144;

const bounds = { sampleRateHz: [100, 1_000_000], samples: [1, maxGoldenSamples] } as const;
/** The windower refuses faster shafts as implausible; a proof must not feed what serving would never meet. */
const fewestSamplesPerRevolution = 10;
const sizesBytes = 56;
const samplesAt = 52;

/** Bytes of a window of `samples` samples. */
export function countGoldenWindowBytes(samples: number): number {
  return sizesBytes + ((2 * samples + 3) & ~3);
}

/** Writes `window` at `offset` and returns the offset behind it. @throws AuroraError BUNDLE_FORMAT out of bounds. */
export function writeGoldenWindow(view: DataView, offset: number, window: GoldenWindow): number {
  checkGoldenWindow(window);
  view.setFloat64(offset, window.sampleRateHz, true);
  view.setFloat64(offset + 8, window.shaftRpm, true);
  for (const [index, name] of bearingOrderNames.entries()) {
    view.setFloat64(offset + 16 + 8 * index, window.bearing[name], true);
  }
  view.setFloat32(offset + 48, window.scale, true);
  view.setUint32(offset + samplesAt, window.counts.length, true);
  const first = offset + sizesBytes;
  for (let index = 0; index < window.counts.length; index++) {
    view.setInt16(first + 2 * index, window.counts[index]!, true);
  }
  return offset + countGoldenWindowBytes(window.counts.length);
}

/**
 * Reads the window at `offset`; nothing from `end` on belongs to it.
 * @throws AuroraError BUNDLE_FORMAT when it is cut or out of bounds.
 */
export function readGoldenWindow(
  view: DataView,
  offset: number,
  end: number,
): { readonly window: GoldenWindow; readonly next: number } {
  if (end - offset < sizesBytes) throw refuseGolden("ends inside a window");
  const samples = view.getUint32(offset + samplesAt, true);
  checkRange("samples", samples);
  const next = offset + countGoldenWindowBytes(samples);
  if (next > end) throw refuseGolden(`ends inside a window of ${samples} samples`);
  const counts = new Int16Array(samples);
  const first = offset + sizesBytes;
  for (let index = 0; index < samples; index++) counts[index] = view.getInt16(first + 2 * index, true);
  if (samples % 2 === 1 && view.getUint16(next - 2, true) !== 0) {
    throw refuseGolden("has something between a window and what follows");
  }
  const orderAt = (index: number): number => view.getFloat64(offset + 16 + 8 * index, true);
  const window: GoldenWindow = {
    sampleRateHz: view.getFloat64(offset, true),
    shaftRpm: view.getFloat64(offset + 8, true),
    bearing: { bpfo: orderAt(0), bpfi: orderAt(1), bsf: orderAt(2), ftf: orderAt(3) },
    scale: view.getFloat32(offset + 48, true),
    counts,
  };
  checkGoldenWindow(window);
  return { window, next };
}

/** What is wrong with `golden.bin`. */
export function refuseGolden(message: string): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", `golden.bin ${message}`, { op: "read golden vectors" });
}

function checkGoldenWindow({ sampleRateHz, shaftRpm, bearing, scale, counts }: GoldenWindow): void {
  checkRange("samples", counts.length);
  checkRange("sampleRateHz", sampleRateHz);
  const highestRpm = (60 * sampleRateHz) / fewestSamplesPerRevolution;
  if (!(shaftRpm > 0 && shaftRpm <= highestRpm)) {
    throw refuseGolden(`has a window at ${shaftRpm} rpm, expected above 0 and at most ${highestRpm}`);
  }
  if (!(scale > 0 && Number.isFinite(scale) && Math.fround(scale) === scale)) {
    throw refuseGolden(`has a window of scale ${scale}, expected a float32 above 0`);
  }
  const orders = bearingOrdersSchema().safeParse(bearing);
  if (!orders.success) {
    const issue = orders.error.issues[0];
    throw refuseGolden(`has a window of an impossible bearing: ${issue?.path.join(".")} ${issue?.message}`);
  }
}

function checkRange(name: keyof typeof bounds, value: number): void {
  const [low, high] = bounds[name];
  if (!(value >= low && value <= high)) {
    throw refuseGolden(`has a window with ${value} ${name}, expected ${low} to ${high}`);
  }
}
