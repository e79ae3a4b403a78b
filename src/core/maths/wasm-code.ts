/**
 * The few instructions of WebAssembly (core specification 2.0, binary format) that the kernels are written in. Every operation
 * rounds as IEEE 754 says, so JavaScript gets the same bits. `wasm-module.ts` makes modules of them.
 */

/** Bytes of a converter's count, of a double, and of a vector of two doubles or eight counts. */
export const countBytes = 2;
export const doubleBytes = 8;
export const vectorBytes = 16;

/** Instructions, encoded. */
export type Code = readonly number[];

/** One after the other. Not by spreads: they go from byte to byte, and the runtime would compile what does so. */
export const join = (...parts: readonly Code[]): Code => parts.flat();
const simd = (op: number): Code => [0xfd, ...leb128(op)];
type Unary = (one: Code) => Code;
type Binary = (one: Code, other: Code) => Code;
/** Of what lies at `address + offset`. */
type Load = (address: Code, offset?: number) => Code;
type Store = (place: Place, value: Code) => Code;

/** Where something is written. */
interface Place {
  readonly address: Code;
  readonly offset?: number;
}

const unary =
  (op: Code): Unary =>
  (one) =>
    join(one, op);
const binary =
  (op: Code): Binary =>
  (one, other) =>
    join(one, other, op);
/** `zeros`: how many of an address' lowest bits are usually 0, which is a hint alone. */
const load =
  (op: Code, zeros = 3): Load =>
  (address, offset = 0) =>
    join(address, op, [zeros], leb128(offset));
const store =
  (op: Code, zeros = 3): Store =>
  ({ address, offset = 0 }, value) =>
    join(address, value, op, [zeros], leb128(offset));

/** Addresses and counts. */
export const i32: {
  constant(value: number): Code;
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly and: Binary;
  readonly shiftLeft: Binary;
  /** Unsigned, as comparisons are. */
  readonly shiftRight: Binary;
  readonly isBelow: Binary;
  /** 1 or 0. */
  readonly isEqual: Binary;
  readonly load: Load;
  readonly store: Store;
  /** A signed integer of 16 bits. */
  readonly loadCount: Load;
  /** Signed; both are computed twice. */
  readonly larger: Binary;
} = {
  constant: (value) => join([0x41], sleb128(value)),
  add: binary([0x6a]),
  sub: binary([0x6b]),
  mul: binary([0x6c]),
  and: binary([0x71]),
  shiftLeft: binary([0x74]),
  shiftRight: binary([0x76]),
  isBelow: binary([0x49]),
  isEqual: binary([0x46]),
  load: load([0x28], 2),
  store: store([0x36], 2),
  loadCount: load([0x2e], 1),
  larger: (one, other) => join(one, other, one, other, [0x4a, 0x1b]),
};

/** Doubles. */
export const f64: {
  constant(value: number): Code;
  readonly load: Load;
  readonly store: Store;
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly isBelow: Binary;
  readonly fromInteger: Unary;
  /** The lower half of its bits, as an integer of 32. */
  readonly lowerBits: Unary;
} = {
  constant: (value) => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  load: load([0x2b]),
  store: store([0x39]),
  add: binary([0xa0]),
  sub: binary([0xa1]),
  mul: binary([0xa2]),
  isBelow: binary([0x63]),
  fromInteger: unary([0xb7]),
  lowerBits: unary([0xbd, 0xa7]),
};

/** Vectors of two doubles, and their bits. */
export const f64x2: {
  readonly load: Load;
  readonly store: Store;
  /** One double into both halves, from the memory … */
  readonly loadBoth: Load;
  /** … or as it is. */
  readonly both: Unary;
  zero(): Code;
  readonly abs: Unary;
  readonly neg: Unary;
  readonly sqrt: Unary;
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  /** `one < other ? other : one`. */
  readonly pmax: Binary;
  /** `other < one ? other : one`. */
  readonly pmin: Binary;
  readonly isAbove: Binary;
  readonly and: Binary;
  readonly or: Binary;
  /** Where `mask` is set the first, else the second. */
  choose(one: Code, other: Code, mask: Code): Code;
  /** The second of `one` and the first of `other`. */
  readonly slide: Binary;
  /** The first of both, the second of both. */
  readonly firsts: Binary;
  readonly seconds: Binary;
  /** One of two as a double. */
  readonly first: Unary;
  readonly second: Unary;
  /** Of eight integers of 16 bits the first or the last four, of 32 bits each; of those the first two as doubles. */
  readonly widenLow: Unary;
  readonly widenHigh: Unary;
  readonly fromIntegers: Unary;
  /** Writes one of the two. */
  storeLane(place: Place, value: Code, lane: 0 | 1): Code;
} = {
  load: load(simd(0)),
  store: store(simd(11)),
  loadBoth: load(simd(10)),
  both: unary(simd(0x14)),
  zero: () => join(f64.constant(0), simd(0x14)),
  abs: unary(simd(0xec)),
  neg: unary(simd(0xed)),
  sqrt: unary(simd(0xef)),
  add: binary(simd(0xf0)),
  sub: binary(simd(0xf1)),
  mul: binary(simd(0xf2)),
  div: binary(simd(0xf3)),
  pmax: binary(simd(0xf7)),
  pmin: binary(simd(0xf6)),
  isAbove: binary(simd(0x4a)),
  and: binary(simd(0x4e)),
  or: binary(simd(0x50)),
  choose: (one, other, mask) => join(one, other, mask, simd(0x52)),
  slide: binary([...simd(13), 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
  first: unary([...simd(0x21), 0]),
  second: unary([...simd(0x21), 1]),
  firsts: binary([...simd(13), 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]),
  seconds: binary([...simd(13), 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]),
  widenLow: unary(simd(0xa7)),
  widenHigh: unary(simd(0xa8)),
  fromIntegers: unary(simd(0xfe)),
  storeLane: ({ address, offset = 0 }, value, lane) =>
    join(address, value, simd(0x5b), [3], leb128(offset), [lane]),
};

/** Vectors of eight integers of 16 bits, signed. */
export const i16x8: {
  readonly min: Binary;
  readonly max: Binary;
  /** 1 where at least one is equal to its counterpart, else 0. */
  readonly isAnyEqual: Binary;
  /** Sums of neighbours, or of the products of neighbours, as four integers of 32 bits; and the sums of such. */
  readonly addPairs: Unary;
  readonly multiplyPairs: Binary;
  /** (one · other + 2^14) >> 15, for all but twice −32,768. */
  readonly multiplyFractions: Binary;
  readonly addSums: Binary;
} = {
  min: binary(simd(0x96)),
  max: binary(simd(0x98)),
  addPairs: unary(simd(0x7e)),
  multiplyPairs: binary(simd(0xba)),
  multiplyFractions: binary(simd(0x82)),
  addSums: binary(simd(0xae)),
  isAnyEqual: (one, other) => join(one, other, simd(0x2d), simd(0x53)),
};

/** Vectors of two integers of 64 bits; widened is a half of four integers of 32 bits, without a sign. */
export const i64x2: {
  readonly add: Binary;
  readonly sub: Binary;
  readonly widenLow: Unary;
  readonly widenHigh: Unary;
} = {
  add: binary(simd(0xce)),
  sub: binary(simd(0xd1)),
  widenLow: unary(simd(0xc9)),
  widenHigh: unary(simd(0xca)),
};

/** Goes through `body` again for as long as `again` is not 0 after it. */
export function repeat(body: Code, again: Code): Code {
  return join([0x03, 0x40], body, again, [0x0d, 0, 0x0b]);
}

/** Takes one of two ways. */
export function branch(condition: Code, then: Code, otherwise: Code): Code {
  return join(condition, [0x04, 0x40], then, [0x05], otherwise, [0x0b]);
}

/** A number without a sign, seven bits a byte, the lowest first. */
export function leb128(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb128(value >>> 7)];
}

/** Signed. */
function sleb128(value: number): Code {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...sleb128(value >> 7)];
}
