/** Reads JSON whose form the next reader checks, but which must be an object for it. */

/** A value as JSON has it. */
type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** An object as JSON has it. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** The object that `bytes` (UTF-8) say. @throws SyntaxError, or TypeError when it is another value. */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  const value: JsonValue = JSON.parse(Buffer.from(bytes).toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("not a JSON object");
  return value;
}
