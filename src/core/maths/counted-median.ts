/**
 * The median of a range by counting: how many values lie below a pivot, and which are next to it. A few counts find it, and
 * each goes through the values without a branch, which a selection cannot. The pivots are guessed; the result is exact.
 */
import { branch, type Code, doubleBytes, f64, f64x2, i32, i64x2, repeat, vectorBytes } from "./wasm-code.ts";
import type { WasmFunction, WasmInstance } from "./wasm-module.ts";

/** What lies on either side of a pivot. */
interface PivotSides {
  /** Largest value below the pivot; says nothing where none lies there. */
  below: number;
  /** Smallest value that is not below it; Infinity where there is none. */
  above: number;
}

/** Counts the values below `pivot`, and tells its neighbours. */
type CountBelow = (pivot: number, sides: PivotSides) => number;

const sides: PivotSides = { below: 0, above: 0 };
/** Of amplitudes of noise (Rayleigh's distribution): their median over the mean, and their density there times the mean. */
const medianOverMean = 0.94;
const densityAtMedian = 0.74;

/**
 * The median of `length` ≥ 1 finite values ≥ 0, the mean of the middle two when `length` is even: bit by bit that of
 * `medianInPlace`. `mean` is theirs, roughly.
 */
function searchMedian(length: number, mean: number, count: CountBelow): number {
  const wanted = (length >> 1) + (length & 1);
  let low = 0;
  let lowRank = -1;
  let high = Number.POSITIVE_INFINITY;
  let highRank = length;
  let pivot = medianOverMean * mean;
  for (;;) {
    const found = count(pivot, sides);
    if (found === wanted) {
      return (length & 1) === 1 ? sides.below : sides.below + 0.5 * (sides.above - sides.below);
    }
    if (found < wanted) {
      low = sides.above;
      lowRank = found;
    } else {
      high = sides.below;
      highRank = found;
    }
    // Each pivot leaves a value less between them; where all that are left are equal it is they.
    if (!(low < high)) return low;
    const missing = wanted - 0.5 - found;
    pivot =
      lowRank < 0 || highRank === length
        ? pivot + (missing / length) * (mean / densityAtMedian)
        : low + (high - low) * ((wanted - 0.5 - lowRank) / (highRank - lowRank));
    if (!(pivot > low && pivot <= high)) pivot = high;
  }
}

/**
 * `count(pivot, from, to)`: of the doubles between two addresses, one at least. Writes at `foundAt` two numbers of values below the
 * pivot (64 bits), the two largest of them and the two smallest others: of every second value each. What lies right behind
 * the range must be writable; it is as before in the end. Two vectors a turn, each with sums of its own: a comparison waits for the one before.
 */
export function describeCount(foundAt: number): WasmFunction {
  const found = ["counts", "below", "above"];
  return {
    name: "count",
    parameters: { pivot: "f64", from: "i32", to: "i32" },
    locals: {
      f64: "behind",
      v128: `pivots values mask ${found.map((each) => `${each}0 ${each}1`).join(" ")}`,
    },
    body: ({ get, set, advance }) => {
      const infinity = f64.constant(Number.POSITIVE_INFINITY);
      const take = (place: 0 | 1): Code => [
        ...set("values", f64x2.load(get("from"), vectorBytes * place)),
        ...set("mask", f64x2.isAbove(get("pivots"), get("values"))),
        ...set(`counts${place}`, i64x2.sub(get(`counts${place}`), get("mask"))),
        ...set(`below${place}`, f64x2.pmax(get(`below${place}`), f64x2.and(get("values"), get("mask")))),
        // With all bits set it is no number, and smaller than none.
        ...set(`above${place}`, f64x2.pmin(get(`above${place}`), f64x2.or(get("values"), get("mask")))),
      ];
      const isLeft = i32.isBelow(get("from"), get("to"));
      // Of an odd number of vectors the first goes alone: their bytes are 1 … 16 more than a multiple of 32.
      const lastByte = i32.sub(i32.sub(get("to"), get("from")), i32.constant(1));
      const isEven = i32.and(lastByte, i32.constant(vectorBytes));
      return [
        ...set("pivots", f64x2.both(get("pivot"))),
        ...set("above0", f64x2.both(infinity)),
        ...set("above1", get("above0")),
        // The last vector of an odd number of values.
        ...set("behind", f64.load(get("to"))),
        ...f64.store({ address: get("to") }, infinity),
        ...branch(isEven, [], [...take(0), ...advance("from", vectorBytes)]),
        ...branch(isLeft, repeat([...take(0), ...take(1), ...advance("from", 2 * vectorBytes)], isLeft), []),
        ...f64.store({ address: get("to") }, get("behind")),
        ...f64x2.store({ address: i32.constant(foundAt) }, i64x2.add(get("counts0"), get("counts1"))),
        ...f64x2.store(
          { address: i32.constant(foundAt), offset: vectorBytes },
          f64x2.pmax(get("below0"), get("below1")),
        ),
        ...f64x2.store(
          { address: i32.constant(foundAt), offset: 2 * vectorBytes },
          f64x2.pmin(get("above0"), get("above1")),
        ),
      ];
    },
  };
}

/** `sum(from, to)`: of the doubles between two addresses, one at least, in no order that anybody may rely on. */
export function describeSum(): WasmFunction {
  return {
    name: "sum",
    parameters: { from: "i32", to: "i32" },
    result: "f64",
    locals: { f64: "behind", v128: "sums" },
    body: ({ get, set, advance }) => [
      ...set("behind", f64.load(get("to"))),
      ...f64.store({ address: get("to") }, f64.constant(0)),
      ...repeat(
        [...set("sums", f64x2.add(get("sums"), f64x2.load(get("from")))), ...advance("from", vectorBytes)],
        i32.isBelow(get("from"), get("to")),
      ),
      ...f64.store({ address: get("to") }, get("behind")),
      ...f64.add(f64x2.first(get("sums")), f64x2.second(get("sums"))),
    ],
  };
}

/**
 * Searches medians of values `from … to` (exclusive) of those ≥ 0 that begin at `valuesAt` in a module with both functions; what
 * `describeCount` finds begins at `foundAt`. Null where they are not finite, or their sum is not.
 */
export function createMedianSearch(
  { memory, find }: WasmInstance,
  { foundAt, valuesAt }: { readonly foundAt: number; readonly valuesAt: number },
): (from: number, to: number) => number | null {
  const count = find("count");
  const sum = find("sum");
  const counts = new Int32Array(memory, foundAt, 4);
  const ends = new Float64Array(memory, foundAt + vectorBytes, 4);
  let fromAt = 0;
  let toAt = 0;
  const countBelow: CountBelow = (pivot, found) => {
    count(pivot, fromAt, toAt);
    found.below = Math.max(ends[0]!, ends[1]!);
    found.above = Math.min(ends[2]!, ends[3]!);
    return counts[0]! + counts[2]!;
  };
  return (from, to) => {
    fromAt = valuesAt + doubleBytes * from;
    toAt = valuesAt + doubleBytes * to;
    const total = sum(fromAt, toAt);
    return total < Number.POSITIVE_INFINITY ? searchMedian(to - from, total / (to - from), countBelow) : null;
  };
}
