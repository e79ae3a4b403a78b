/** Reads a whole `.npy` file, for benches and tests: little-endian, in C order. The product reads a channel at a time (`npy-samples.ts`). */
import { parseNpyHeader } from "../src/training/dataset/npy.ts";

type NpyData = Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

const elementTypes: Readonly<Record<string, new (buffer: ArrayBuffer) => NpyData>> = {
  "|i1": Int8Array,
  "|u1": Uint8Array,
  "<i2": Int16Array,
  "<i4": Int32Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
};

/** The array in a file's bytes, which `subject` names. @throws Error where they are anything else */
export function parseNpy(
  bytes: Uint8Array,
  subject: string,
): { readonly shape: readonly number[]; readonly data: NpyData } {
  const refuse = (expected: string, actual: string): never => {
    throw new Error(`${subject}: expected ${expected}, got ${actual}`);
  };
  const { descr, isFortran, shape, dataAt } = parseNpyHeader(bytes, refuse);
  const Elements = elementTypes[descr];
  if (Elements === undefined || isFortran) return refuse(Object.keys(elementTypes).join(", "), descr);
  return { shape, data: new Elements(new Uint8Array(bytes.subarray(dataAt)).buffer) };
}
