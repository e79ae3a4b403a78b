/** Values as the driver takes them. */

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
