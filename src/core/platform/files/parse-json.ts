/** JSON of a file that anybody may have written. */

/** The value; undefined, which no schema takes, for what is not JSON. */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
