/** Writes MAT-files of level 5 for tests, in either byte order, packed or not. */
import { deflateSync } from "node:zlib";

/** A value of a file. */
export type MatValue =
  | {
      readonly kind: "numeric";
      readonly data: MatData;
      readonly dimensions: readonly number[];
      readonly as?: string;
    }
  | { readonly kind: "struct"; readonly fields: Readonly<Record<string, MatValue>> }
  /** Two bytes a letter, as MATLAB writes it, or UTF-8. */
  | { readonly kind: "text"; readonly text: string; readonly wide: boolean }
  | { readonly kind: "cell"; readonly items: readonly MatValue[] };

/** Numbers, stored as they are. */
export type MatData =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

const kinds = [
  "Int8Array",
  "Uint8Array",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
];
const types = [1, 2, 3, 4, 5, 6, 7, 9];
const classes = [8, 9, 10, 11, 12, 13, 7, 6];

/** The bytes of a file that holds `variables`; `asDouble`: integers are stored under the class double, as MATLAB does. */
export function encodeMat(
  variables: Readonly<Record<string, MatValue>>,
  options: { readonly little?: boolean; readonly packed?: boolean; readonly asDouble?: boolean } = {},
): Buffer {
  const { little = true, packed = false, asDouble = false } = options;
  const u32 = (...values: number[]): Buffer => {
    const out = Buffer.alloc(4 * values.length);
    for (const [index, value] of values.entries()) {
      if (little) out.writeUInt32LE(value >>> 0, 4 * index);
      else out.writeUInt32BE(value >>> 0, 4 * index);
    }
    return out;
  };
  const part = (type: number, data: Buffer): Buffer => {
    if (data.length > 0 && data.length <= 4) {
      const padded = Buffer.alloc(4);
      data.copy(padded);
      return Buffer.concat([u32((data.length << 16) | type), padded]);
    }
    return Buffer.concat([u32(type, data.length), data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
  };
  const numbers = (data: MatData): Buffer => {
    const bytes = Buffer.from(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
    if (little || data.BYTES_PER_ELEMENT === 1) return bytes;
    return data.BYTES_PER_ELEMENT === 2
      ? bytes.swap16()
      : data.BYTES_PER_ELEMENT === 4
        ? bytes.swap32()
        : bytes.swap64();
  };
  const matrix = (name: string, value: MatValue): Buffer => {
    const head = (classNumber: number, dimensions: readonly number[]): Buffer[] => [
      part(6, u32(classNumber, 0)),
      part(5, u32(...dimensions)),
      part(1, Buffer.from(name)),
    ];
    const body = (): Buffer[] => {
      switch (value.kind) {
        case "numeric": {
          const kind = kinds.indexOf(value.data.constructor.name);
          return [
            ...head(asDouble ? 6 : classes[kind]!, value.dimensions),
            part(types[kind]!, numbers(value.data)),
          ];
        }
        case "struct": {
          const names = Object.keys(value.fields);
          const fixed = Buffer.concat(
            names.map((field) => Buffer.concat([Buffer.from(field), Buffer.alloc(32)]).subarray(0, 32)),
          );
          return [
            ...head(2, [1, 1]),
            part(5, u32(32)),
            part(1, fixed),
            ...Object.values(value.fields).map((field) => matrix("", field)),
          ];
        }
        case "text": {
          const wide = Uint16Array.from(value.text, (letter) => letter.charCodeAt(0));
          return [
            ...head(4, [1, value.text.length]),
            value.wide ? part(4, numbers(wide)) : part(16, Buffer.from(value.text)),
          ];
        }
        case "cell":
          return [...head(1, [1, value.items.length]), ...value.items.map((item) => matrix("", item))];
      }
    };
    const data = Buffer.concat(body());
    return Buffer.concat([u32(14, data.length), data]);
  };
  const header = Buffer.alloc(128, " ");
  header.write("MATLAB 5.0 MAT-file, written by a test");
  if (little) header.writeUInt16LE(0x0100, 124);
  else header.writeUInt16BE(0x0100, 124);
  header.write(little ? "IM" : "MI", 126);
  const elements = Object.entries(variables).map(([name, value]) => {
    const element = matrix(name, value);
    if (!packed) return element;
    const squeezed = deflateSync(element);
    return Buffer.concat([u32(15, squeezed.length), squeezed]);
  });
  return Buffer.concat([header, ...elements]);
}

/** A column vector. */
export function column(data: MatData): MatValue {
  return { kind: "numeric", data, dimensions: [data.length, 1] };
}
