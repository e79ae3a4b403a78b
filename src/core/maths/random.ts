/** Seeded random numbers (sfc32, PractRand-tested, by C. Doty-Humphrey). Never used for secrets. */

/** A source of repeatable random numbers. */
export interface Random {
  /** Uniform in [0, 1) with 32 bits. */
  uniform(): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** Uniform integer in [0, bound); bound ≥ 1. */
  integer(bound: number): number;
  /** Fisher–Yates shuffle in place. */
  shuffle<T>(items: T[]): T[];
  /** An independent stream for a named purpose. */
  fork(label: string): Random;
  /** Where the stream stands, for {@link resumeRandom}. */
  save(): RandomState;
}

/** The state of a stream: plain data. */
export interface RandomState {
  /** The generator's four words. */
  readonly words: readonly [number, number, number, number];
  /** The second of a pair of normal numbers, when it has not been taken yet. */
  readonly spare: number | null;
}

/** Creates the stream of a seed (any finite number; its 32 low bits of the integer part count). */
export function createRandom(seed: number): Random {
  const random = resumeRandom({ words: [0x9e3779b9, 0x243f6a88, Math.trunc(seed) | 0, 1], spare: null });
  for (let index = 0; index < 15; index++) random.uniform();
  return random;
}

/** Goes on where a stream stood when its state was saved. */
export function resumeRandom(state: RandomState): Random {
  let [a, b, c, counter] = state.words;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  const uniform = (): number => next() / 4294967296;
  let spare = state.spare ?? Number.NaN;
  const normal = (): number => {
    if (!Number.isNaN(spare)) {
      const value = spare;
      spare = Number.NaN;
      return value;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const factor = Math.sqrt((-2 * Math.log(s)) / s);
        spare = v * factor;
        return u * factor;
      }
    }
  };
  const integer = (bound: number): number => Math.floor(uniform() * bound);
  return {
    uniform,
    normal,
    integer,
    shuffle: (items) => {
      for (let index = items.length - 1; index > 0; index--) {
        const other = integer(index + 1);
        const held = items[index]!;
        items[index] = items[other]!;
        items[other] = held;
      }
      return items;
    },
    fork: (label) => createRandom(hashLabel(label, next())),
    save: () => ({ words: [a, b, c, counter], spare: Number.isNaN(spare) ? null : spare }),
  };
}

/** FNV-1a over the label's code units, started from `basis`. */
function hashLabel(label: string, basis: number): number {
  let hash = (0x811c9dc5 ^ basis) | 0;
  for (let index = 0; index < label.length; index++) {
    hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193);
  }
  return hash;
}
