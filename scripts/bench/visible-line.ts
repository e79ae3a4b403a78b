/**
 * How high a fault's first line stands in the squared envelope of 1 kHz and above: what whoever draws the spectrum sees. Shares
 * nothing with the features that a student reads.
 */
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { bearingFaults, type FaultKind } from "../../src/core/contract/bundle/bearing-fault.ts";
import { designButterworth } from "../../src/core/maths/filter-design.ts";
import { createRealFft } from "../../src/core/maths/real-fft.ts";

const lowestHz = 1000;
/** A line is the highest amplitude within this share of its order ... */
const searched = 0.015;
/** ... over the median of the amplitudes within this many orders, but for those next to it. */
const neighbourOrders = 1;
const besideOrders = 0.15;

/** A snapshot as it was recorded. */
export interface DrawnSnapshot {
  readonly samples: ArrayLike<number>;
  readonly rateHz: number;
  readonly shaftRpm: number;
}

/** Amplitude of the line of `kind` over the median of its neighbours: about 3 by chance. */
export function measureLine(
  { samples, rateHz, shaftRpm }: DrawnSnapshot,
  kind: FaultKind,
  orders: BearingOrders,
): number {
  const size = 2 ** Math.floor(Math.log2(samples.length));
  const fft = createRealFft(size);
  const [real, imag] = [new Float64Array(size / 2 + 1), new Float64Array(size / 2 + 1)];
  fft.forward(drawEnvelope(samples, rateHz, size), real, imag);
  const binOrders = ((rateHz / size) * 60) / shaftRpm;
  const order = orders[bearingFaults[kind].order];
  const from = Math.max(1, Math.floor((order - neighbourOrders) / binOrders));
  const bins = Array.from(
    { length: Math.ceil((2 * neighbourOrders) / binOrders) },
    (_, index) => from + index,
  );
  const amplitudes = bins.map((bin) => ({
    off: Math.abs(bin * binOrders - order),
    amplitude: Math.hypot(real[bin]!, imag[bin]!),
  }));
  const neighbours = amplitudes
    .filter(({ off }) => off > Math.max(besideOrders, searched * order))
    .map(({ amplitude }) => amplitude)
    .sort((one, other) => one - other);
  const line = amplitudes.filter(({ off }) => off <= Math.max(binOrders, searched * order));
  return Math.max(...line.map(({ amplitude }) => amplitude)) / neighbours[neighbours.length >> 1]!;
}

/** Squares of what is above 1 kHz, less their mean, under a Hann window. */
function drawEnvelope(samples: ArrayLike<number>, rateHz: number, size: number): Float64Array {
  const { gain, a1, a2 } = designButterworth("highpass", lowestHz, rateHz);
  const squares = new Float64Array(size);
  let [x1, x2, y1, y2, mean] = [samples[0]!, samples[0]!, 0, 0, 0];
  for (let index = 0; index < size; index++) {
    const x = samples[index]!;
    const y = gain * (x - 2 * x1 + x2) - a1 * y1 - a2 * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    squares[index] = y * y;
    mean += (y * y) / size;
  }
  for (let index = 0; index < size; index++) {
    squares[index] = (squares[index]! - mean) * (0.5 - 0.5 * Math.cos((2 * Math.PI * (index + 0.5)) / size));
  }
  return squares;
}
