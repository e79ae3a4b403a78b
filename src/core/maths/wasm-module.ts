/**
 * Modules of WebAssembly (core specification 2.0, binary format), encoded where they are started: no tool, no file, some hundred
 * bytes each.
 */
import { type Code, i32, join, leb128 } from "./wasm-code.ts";

type ValueType = "i32" | "f64" | "v128";

const typeBytes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f64: 0x7c, v128: 0x7b };

/** A function that a module exports. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: Readonly<Record<string, ValueType>>;
  readonly result?: ValueType;
  /** Names by type, separated by blanks. */
  readonly locals: Readonly<Partial<Record<ValueType, string>>>;
  /** Its instructions; what they leave on the stack is the result. */
  body(locals: Locals): Code;
}

/** Parameters and locals by name. */
export interface Locals {
  get(name: string): Code;
  set(name: string, value: Code): Code;
  /** Adds to an integer: an address goes on by so many bytes. */
  advance(name: string, by: number): Code;
}

const pageBytes = 65_536;
/** Magic number and version. */
const header: Code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/**
 * Encodes a module that exports the functions and `memory` of so many bytes, rounded up to pages; or one that works in a memory
 * that it is given when it starts.
 */
export function encodeModule(memory: number | "given", functions: readonly WasmFunction[]): Uint8Array {
  const types = functions.map(({ parameters, result }) => {
    const given = Object.values(parameters).map((type) => typeBytes[type]);
    return join([0x60, given.length], given, result === undefined ? [0] : [1, typeBytes[result]]);
  });
  const exported = functions.map(({ name }, index) => join(text(name), [0, index]));
  const count = functions.length;
  const isGiven = memory === "given";
  const module = join(
    header,
    section(1, join([count], ...types)),
    isGiven ? section(2, join([1], text("given"), text("memory"), [2, 0, 1])) : [],
    section(
      3,
      join(
        [count],
        functions.map((_, index) => index),
      ),
    ),
    isGiven ? [] : section(5, join([1, 0], leb128(Math.ceil(memory / pageBytes)))),
    section(7, join([count + 1], text("memory"), [2, 0], ...exported)),
    section(10, join([count], ...functions.map(encodeFunction))),
  );
  return new Uint8Array(module);
}

/** What is used of the runtime's WebAssembly; the compiler's library for servers does not name it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { readonly initial: number }) => WasmMemory;
  readonly Instance: new (
    module: object,
    imports: { readonly given?: { readonly memory: WasmMemory } },
  ) => {
    readonly exports: Readonly<Record<string, (...given: readonly number[]) => number>> & {
      readonly memory: WasmMemory;
    };
  };
};

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** Bytes of a memory that several kernels work in, so that one reads where another has written. */
interface WasmRoom {
  readonly memory: WasmMemory;
  /** Where they begin, a multiple of 16. */
  readonly from: number;
}

/** Pages of such a memory; what nobody touches takes none of the machine's. */
const sharedPages = 16;
const roomStep = 16;
let newest: { readonly memory: WasmMemory; readonly end: number; next: number } | null = null;

/** Takes room for good: in the newest memory, or in a further one where that has none left. */
export function takeRoom(bytes: number): WasmRoom {
  if (newest === null || newest.next + bytes > newest.end) {
    const initial = Math.max(sharedPages, Math.ceil(bytes / pageBytes));
    newest = { memory: new WebAssembly.Memory({ initial }), end: initial * pageBytes, next: 0 };
  }
  const { memory, next: from } = newest;
  newest.next = Math.ceil((from + bytes) / roomStep) * roomStep;
  return { memory, from };
}

/**
 * Finds counts in the memory that kernels share, for one that has room at `ownAt` for those that lie elsewhere: what lies in the
 * memory is taken where it is, the rest is copied. Returns the address of `counts[from … to)`.
 */
export function createCountsIntake(
  { buffer }: WasmMemory,
  ownAt: number,
  most: number,
): (counts: Int16Array, from?: number, to?: number) => number {
  const own = new Int16Array(buffer, ownAt, most);
  /** Who came last, and where they lie; null: elsewhere. The same view comes many times. */
  let last: Int16Array = own;
  let lastAt: number | null = ownAt;
  return (counts, from = 0, to = counts.length) => {
    if (counts !== last) lastAt = counts.buffer === buffer ? counts.byteOffset : null;
    last = counts;
    if (lastAt !== null) return lastAt + from * counts.BYTES_PER_ELEMENT;
    own.set(to - from === counts.length ? counts : counts.subarray(from, to));
    return ownAt;
  };
}

/** As many as a frame brings. */
const sharedCounts = 512;
/** What stands before the first count is a kernel's to change while it runs, and what lies behind the last is read by eights. */
const besideCountsBytes = 16;
let countsOfAll: Int16Array | null = null;

/**
 * Room for a block of counts in the memory that kernels share. One for all who decode: what is written there is valid until
 * anybody writes the next.
 */
export function shareCounts(): Int16Array {
  countsOfAll ??= preferVectors(
    () => {
      const { memory, from } = takeRoom(2 * sharedCounts + 2 * besideCountsBytes);
      return new Int16Array(memory.buffer, from + besideCountsBytes, sharedCounts);
    },
    () => new Int16Array(sharedCounts),
  );
  return countsOfAll;
}

/** A module that runs. */
export interface WasmInstance {
  readonly memory: ArrayBuffer;
  /** @throws Error when it exports none of this name. */
  find(name: string): (...given: readonly number[]) => number;
}

/** Compiles and starts a module, in `given` if it wants one. @throws Error where the processor or the runtime has no vectors. */
export function startModule(bytes: Uint8Array, given?: WasmMemory): WasmInstance {
  const imports = given === undefined ? {} : { given: { memory: given } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  const { buffer } = exports.memory;
  return {
    memory: buffer,
    find: (name) => {
      const found = exports[name];
      if (found === undefined) throw new Error(`the module exports no ${name}`);
      return found;
    },
  };
}

/** A kernel in vectors, where processor, runtime and its make have them; else the one in plain JavaScript. */
export function preferVectors<T>(createVectors: () => T | null, createScript: () => T): T {
  try {
    return createVectors() ?? createScript();
  } catch {
    return createScript();
  }
}

function encodeFunction({ parameters, locals, body }: WasmFunction): Code {
  const groups = Object.entries(locals).map(([type, names]) => {
    return { type: typeBytes[type as ValueType], names: names.split(" ") };
  });
  const names = [...Object.keys(parameters), ...groups.flatMap((group) => group.names)];
  const find = (name: string): Code => {
    const index = names.indexOf(name);
    if (index < 0) throw new Error(`no local ${name}`);
    return leb128(index);
  };
  const get = (name: string): Code => join([0x20], find(name));
  const set = (name: string, value: Code): Code => join(value, [0x21], find(name));
  const advance = (name: string, by: number): Code => set(name, i32.add(get(name), i32.constant(by)));
  const code = body({ get, set, advance });
  const declared = groups.map((group) => join(leb128(group.names.length), [group.type]));
  const content = join([groups.length], ...declared, code, [0x0b]);
  return join(leb128(content.length), content);
}

function section(id: number, content: Code): Code {
  return join([id], leb128(content.length), content);
}

function text(ascii: string): Code {
  return join(
    [ascii.length],
    Array.from(ascii, (letter) => letter.charCodeAt(0)),
  );
}
