/** JSON that anybody may have written. */

/** As {@link parseJsonText}, of a file's bytes. */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  return parseJsonText(new TextDecoder().decode(bytes));
}

/** The value; undefined, which no schema takes, for what is not JSON. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
