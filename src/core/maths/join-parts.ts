/** Arrays of numbers of one kind. */
type Numbers = Int16Array | Float32Array | Float64Array;

/** One array of all parts, in their order. */
export function joinParts<T extends Numbers>(parts: readonly T[], make: new (length: number) => T): T {
  const joined = new make(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
