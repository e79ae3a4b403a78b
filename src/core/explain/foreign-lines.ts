/** Lines of a window that stand where a machine may have one that is not its bearing's: mains hum, harmonics of the shaft. */
import type { ForeignLines } from "../contract/stream.ts";
import { listHumLines } from "./mains-hum.ts";
import { listShaftLines } from "./shaft-lines.ts";

const none: readonly number[] = [];

/** No line stands there. */
export const noForeignLines: ForeignLines = { hum: none, shaft: none };

/**
 * Lists them. `orders` says where each feature's line stands, in multiples of the shaft's speed, NaN for a feature that is of no
 * one line; the spectrum is of `seconds`.
 */
export function listForeignLines(
  orders: Float32Array,
  { shaftRpm, seconds }: { readonly shaftRpm: number; readonly seconds: number },
): ForeignLines {
  const hum = listHumLines(orders, { shaftRpm, seconds });
  const shaft = listShaftLines(orders, (seconds * shaftRpm) / 60);
  return hum.length + shaft.length === 0 ? noForeignLines : { hum, shaft };
}
