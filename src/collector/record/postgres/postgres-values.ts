/** Values as the driver takes and gives them. */

/** What can be bound; a list becomes an array of the server. A text may not hold a NUL character. */
export type SqlParameter = number | string | boolean | Uint8Array | null | readonly SqlParameter[];

/** Bytes are a Buffer for the driver, and a list its text, which the driver would write slowly. */
export function toParameter(value: SqlParameter): unknown {
  if (value instanceof Uint8Array) return toBuffer(value);
  return Array.isArray(value) ? encodeArray(value) : value;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Rows as one list a column. */
export function transpose(rows: readonly (readonly SqlParameter[])[], width: number): SqlParameter[] {
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] as SqlParameter));
}

/** Some fields of objects, each as one list. */
export function columnsOf<F extends string>(
  objects: readonly Readonly<Record<NoInfer<F>, SqlParameter>>[],
  ...fields: readonly F[]
): SqlParameter[] {
  return fields.map((field) => objects.map((each) => each[field]));
}

/** An array's text (PostgreSQL documentation, 8.15.6). */
export function encodeArray(values: readonly SqlParameter[]): string {
  return `{${values.map(encodeElement).join(",")}}`;
}

function encodeElement(value: SqlParameter): string {
  if (value === null) return "NULL";
  if (typeof value === "string") {
    return `"${/["\\]/.test(value) ? value.replaceAll(/["\\]/g, "\\$&") : value}"`;
  }
  if (value instanceof Uint8Array) return `"\\\\x${toBuffer(value).toString("hex")}"`;
  return Array.isArray(value) ? encodeArray(value) : String(value);
}

type Parser = (value: string) => unknown;

/** Reads the text of a column by its type, of those that the record's tables have (pg_type.dat); all others stay text. */
export function createParsers(readBytes: (value: string) => Uint8Array): (oid: number) => Parser {
  const parsers: Readonly<Record<number, Parser>> = {
    16: (value) => value === "t",
    17: (value) => new Uint8Array(readBytes(value)),
    20: Number,
    21: Number,
    23: Number,
    700: Number,
    701: Number,
    1022: readNumbers,
    1700: Number,
  };
  return (oid) => parsers[oid] ?? ((value) => value);
}

/** An array of numbers, in which some may not be known. */
function readNumbers(value: string): (number | null)[] {
  if (value === "{}") return [];
  return value
    .slice(1, -1)
    .split(",")
    .map((text) => (text === "NULL" ? null : Number(text)));
}
