/**
 * The few words of WebAssembly (core specification 2.0, binary format) that a loop over vectors of two doubles needs.
 * Every operation rounds as IEEE 754 says, so JavaScript gets the same bits. No tool, no file: a module is some 400 bytes.
 */

/** Instructions, encoded. */
type Code = readonly number[];

/** Numbers of the vector instructions (after the prefix 0xfd). */
const vectorOps = {
  load: 0,
  splat: 10,
  store: 11,
  abs: 0xec,
  add: 0xf0,
  sub: 0xf1,
  mul: 0xf2,
  pmax: 0xf7,
} as const;
const i32 = 0x7f;
const v128 = 0x7b;
const vectorBytes = 16;

/** What a loop's body is written in; locals are named, vectors of two doubles. */
interface LoopWords {
  get(name: string): Code;
  set(name: string, value: Code): Code;
  add(one: Code, other: Code): Code;
  sub(one: Code, other: Code): Code;
  mul(one: Code, other: Code): Code;
  abs(value: Code): Code;
  /** `one < other ? other : one`. */
  pmax(one: Code, other: Code): Code;
  /** The present double of the input, in both halves. */
  readonly input: Code;
}

interface VectorLoop {
  /** Held in the memory from its start, 16 bytes each: read before the loop. */
  readonly constants: readonly string[];
  /** Behind them: read before the loop and written back after it. */
  readonly variables: readonly string[];
  readonly scratch: readonly string[];
  /** Where in the memory the input lies. */
  readonly inputByte: number;
  body(words: LoopWords): Code;
}

/**
 * Encodes a module that exports one page of `memory` and `run(bytes)`, which goes through that many bytes of the input,
 * at least eight.
 */
export function encodeVectorLoop(loop: VectorLoop): Uint8Array {
  const kept = [...loop.constants, ...loop.variables];
  const names = [...kept, ...loop.scratch];
  // Local 0 is the parameter, local 1 the position.
  const localOf = (name: string): number => names.indexOf(name) + 2;
  const binary =
    (op: number) =>
    (one: Code, other: Code): Code => [...one, ...other, ...vector(op)];
  const set = (name: string, value: Code): Code => [...value, 0x21, localOf(name)];
  const get = (name: string): Code => [0x20, localOf(name)];
  const words: LoopWords = {
    get,
    set,
    add: binary(vectorOps.add),
    sub: binary(vectorOps.sub),
    mul: binary(vectorOps.mul),
    pmax: binary(vectorOps.pmax),
    abs: (value) => [...value, ...vector(vectorOps.abs)],
    // Aligned to 2^3 bytes.
    input: [0x20, 1, ...vector(vectorOps.splat), 3, ...leb128(loop.inputByte)],
  };
  const at = (index: number): Code => [4, ...leb128(index * vectorBytes)];
  const zero: Code = [0x41, 0];
  const first = loop.constants.length;
  const code: Code = [
    ...kept.flatMap((name, index) => set(name, [...zero, ...vector(vectorOps.load), ...at(index)])),
    0x03,
    0x40,
    ...loop.body(words),
    // position += 8; again if position < bytes (unsigned).
    0x20,
    1,
    0x41,
    8,
    0x6a,
    0x22,
    1,
    0x20,
    0,
    0x49,
    0x0d,
    0,
    0x0b,
    ...loop.variables.flatMap((name, index) => [
      ...zero,
      ...get(name),
      ...vector(vectorOps.store),
      ...at(first + index),
    ]),
    0x0b,
  ];
  const body: Code = [2, 1, i32, names.length, v128, ...code];
  return Uint8Array.from([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, [1, 0x60, 1, i32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...text("memory"), 2, 0, ...text("run"), 0, 0]),
    ...section(10, [1, ...leb128(body.length), ...body]),
  ]);
}

function vector(op: number): Code {
  return [0xfd, ...leb128(op)];
}

function section(id: number, content: Code): Code {
  return [id, ...leb128(content.length), ...content];
}

function text(ascii: string): Code {
  return [ascii.length, ...Array.from(ascii, (letter) => letter.charCodeAt(0))];
}

/** Unsigned, seven bits a byte, the lowest first. */
function leb128(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb128(value >>> 7)];
}
