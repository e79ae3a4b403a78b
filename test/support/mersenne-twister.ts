/**
 * The random numbers of Python's `random`, NumPy's `numpy.random` (its older interface) and R, so that published examples can be
 * computed again: all three draw from MT19937 (Matsumoto, Nishimura, 1998), each seeded and read in its own way.
 */
import { computeNormalQuantile } from "./normal-quantile.ts";

const size = 624;

/** 32 random bits a call. */
type Words = () => number;

function twist(state: Uint32Array, position: number): Words {
  let at = position;
  return () => {
    if (at >= size) {
      for (let k = 0; k < size; k++) {
        const y = (state[k]! & 0x80000000) | (state[(k + 1) % size]! & 0x7fffffff);
        state[k] = state[(k + 397) % size]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  };
}

function seedState(seed: number): Uint32Array {
  const state = new Uint32Array(size);
  state[0] = seed;
  for (let k = 1; k < size; k++) {
    const last = state[k - 1]! ^ (state[k - 1]! >>> 30);
    state[k] = Math.imul(last, 1812433253) + k;
  }
  return state;
}

function seedByArray(key: readonly number[]): Uint32Array {
  const state = seedState(19650218);
  let [i, j] = [1, 0];
  const wrap = (): void => {
    i++;
    if (i >= size) {
      state[0] = state[size - 1]!;
      i = 1;
    }
  };
  for (let k = Math.max(size, key.length); k > 0; k--) {
    const last = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = (state[i]! ^ Math.imul(last, 1664525)) + key[j]! + j;
    wrap();
    j = (j + 1) % key.length;
  }
  for (let k = size - 1; k > 0; k--) {
    const last = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = (state[i]! ^ Math.imul(last, 1566083941)) - i;
    wrap();
  }
  state[0] = 0x80000000;
  return state;
}

/** 53 bits in [0, 1). */
function readDouble(words: Words): number {
  return ((words() >>> 5) * 67108864 + (words() >>> 6)) / 9007199254740992;
}

/** `random.Random(seed)` of Python 3; `seed` below 2³². */
export function createPythonRandom(seed: number): {
  random(): number;
  /** `choices(population, weights, k=count)`. */
  choices(population: readonly number[], count: number, weights?: readonly number[]): number[];
  /** `sample(population, k=count)`. */
  sample(population: readonly number[], count: number): number[];
} {
  const words = twist(seedByArray([seed]), size);
  const random = (): number => readDouble(words);
  const below = (bound: number): number => {
    const bits = 32 - Math.clz32(bound);
    for (;;) {
      const drawn = words() >>> (32 - bits);
      if (drawn < bound) return drawn;
    }
  };
  return {
    random,
    choices: (population, count, weights) => {
      if (weights === undefined) {
        return Array.from({ length: count }, () => population[Math.floor(random() * population.length)]!);
      }
      let sum = 0;
      const cumulative = weights.map((weight) => (sum += weight));
      return Array.from({ length: count }, () => {
        const place = random() * sum;
        return population[cumulative.findIndex((until) => place < until)]!;
      });
    },
    sample: (population, count) => {
      const total = population.length;
      const poolLimit = 21 + (count > 5 ? 4 ** Math.ceil(Math.log(count * 3) / Math.log(4)) : 0);
      if (total <= poolLimit) {
        const pool = [...population];
        return Array.from({ length: count }, (_, index) => {
          const drawn = below(total - index);
          const value = pool[drawn]!;
          pool[drawn] = pool[total - index - 1]!;
          return value;
        });
      }
      const taken = new Set<number>();
      return Array.from({ length: count }, () => {
        let drawn = below(total);
        while (taken.has(drawn)) drawn = below(total);
        taken.add(drawn);
        return population[drawn]!;
      });
    },
  };
}

/** `numpy.random.seed(seed)`, then `random()` and `normal()`. */
export function createNumpyRandom(seed: number): { random(): number; normal(): number } {
  const words = twist(seedState(seed), size);
  const random = (): number => readDouble(words);
  let held: number | null = null;
  return {
    random,
    normal: () => {
      if (held !== null) {
        const value = held;
        held = null;
        return value;
      }
      for (;;) {
        const a = 2 * random() - 1;
        const b = 2 * random() - 1;
        const square = a * a + b * b;
        if (square >= 1 || square === 0) continue;
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        held = factor * a;
        return factor * b;
      }
    },
  };
}

/** `set.seed(seed)` of R, then `runif(1)` and `rnorm(1)` (by inversion). */
export function createRRandom(seed: number): { uniform(): number; normal(): number } {
  let scrambled = seed | 0;
  const next = (): number => {
    scrambled = (Math.imul(scrambled, 69069) + 1) | 0;
    return scrambled >>> 0;
  };
  for (let index = 0; index < 50; index++) next();
  next(); // the place of the position, which starts at its end
  const words = twist(Uint32Array.from({ length: size }, next), size);
  const uniform = (): number => {
    const value = words() * 2.3283064365386963e-10;
    return value <= 0 ? 0.5 * 2.328306437080797e-10 : value;
  };
  return {
    uniform,
    normal: () => {
      const coarse = Math.trunc(134217728 * uniform());
      return computeNormalQuantile((coarse + uniform()) / 134217728);
    },
  };
}
