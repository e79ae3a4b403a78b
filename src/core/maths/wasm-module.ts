/**
 * Modules of WebAssembly (core specification 2.0, binary format), encoded where they are started: no tool, no file, some hundred
 * bytes each.
 */
import { type Code, leb128 } from "./wasm-code.ts";

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
}

/** Magic number and version. */
const header: Code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Encodes a module that exports `memory` of so many bytes, rounded up to pages, and the functions. */
export function encodeModule(memoryBytes: number, functions: readonly WasmFunction[]): Uint8Array {
  const types = functions.map(({ parameters, result }) => {
    const given = Object.values(parameters).map((type) => typeBytes[type]);
    return [0x60, given.length, ...given, ...(result === undefined ? [0] : [1, typeBytes[result]])];
  });
  const exported = functions.flatMap(({ name }, index) => [...text(name), 0, index]);
  const count = functions.length;
  return Uint8Array.from([
    ...header,
    ...section(1, [count, ...types.flat()]),
    ...section(3, [count, ...functions.map((_, index) => index)]),
    ...section(5, [1, 0, ...leb128(Math.ceil(memoryBytes / 65_536))]),
    ...section(7, [count + 1, ...text("memory"), 2, 0, ...exported]),
    ...section(10, [count, ...functions.flatMap(encodeFunction)]),
  ]);
}

/** What is used of the runtime's WebAssembly; the compiler's library for servers does not name it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => { readonly exports: Readonly<Record<string, (...given: readonly number[]) => number>> };
};

/** A module that runs. */
export interface WasmInstance {
  readonly memory: ArrayBuffer;
  /** @throws Error when it exports none of this name. */
  find(name: string): (...given: readonly number[]) => number;
}

/** Compiles and starts a module. @throws Error where the processor or the runtime has no vectors. */
export function startModule(bytes: Uint8Array): WasmInstance {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { buffer } = exports.memory as unknown as { readonly buffer: ArrayBuffer };
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
  const code = body({
    get: (name) => [0x20, ...find(name)],
    set: (name, value) => [...value, 0x21, ...find(name)],
  });
  const declared = groups.flatMap((group) => [...leb128(group.names.length), group.type]);
  const content = [groups.length, ...declared, ...code, 0x0b];
  return [...leb128(content.length), ...content];
}

function section(id: number, content: Code): Code {
  return [id, ...leb128(content.length), ...content];
}

function text(ascii: string): Code {
  return [ascii.length, ...Array.from(ascii, (letter) => letter.charCodeAt(0))];
}
