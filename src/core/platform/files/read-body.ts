/** Reads the body of an HTTP message, but never more of it than the caller can bear. */

/** All bytes of `body`, of which there may be `maxBytes` at most. Throws what `refuse` makes of one that is larger, at once. */
export async function readBodyBounded(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  refuse: () => Error,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > maxBytes) throw refuse();
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}
