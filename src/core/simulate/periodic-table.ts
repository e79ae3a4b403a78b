/** Waveforms that repeat with a rotation, tabulated over one turn: any number of tones for one look-up a sample. */

/** A cosine of `order` periods a turn. */
export interface Tone {
  /** Whole periods per turn, 1 to 256. */
  readonly order: number;
  readonly amplitude: number;
  readonly phaseRad: number;
}

/** Points per turn; a power of two. 4,096 leave 16 a period at order 256. */
export const tablePoints = 4096;

/** The sum of the tones over one turn, [tablePoints + 1]; the last point repeats the first, for interpolation. */
export function tabulateTones(tones: readonly Tone[], offset = 0): Float64Array {
  const table = new Float64Array(tablePoints + 1).fill(offset);
  for (const { order, amplitude, phaseRad } of tones) {
    if (!Number.isInteger(order) || order < 1 || order > 256) {
      throw new RangeError(`a tabulated tone has a whole order from 1 to 256, got ${order}`);
    }
    for (let index = 0; index <= tablePoints; index++) {
      const turn = (index % tablePoints) / tablePoints;
      table[index]! += amplitude * Math.cos(2 * Math.PI * order * turn + phaseRad);
    }
  }
  return table;
}

/**
 * Tones around a carrier: the carrier and its side bands at ± 1 … ± n modulating orders, as amplitude modulation of a
 * gear mesh gives them. Tones below order 1 are left out.
 */
export function modulatedTones(
  carrier: Tone,
  sidebands: { readonly modulationOrder: number; readonly amplitudes: readonly number[] },
  randomPhase: () => number,
): Tone[] {
  const tones: Tone[] = [carrier];
  for (const [index, relative] of sidebands.amplitudes.entries()) {
    for (const sign of [-1, 1]) {
      const order = carrier.order + sign * (index + 1) * sidebands.modulationOrder;
      if (order >= 1) {
        tones.push({ order, amplitude: carrier.amplitude * relative, phaseRad: randomPhase() });
      }
    }
  }
  return tones;
}
