/** Where things are kept by what they are made of. */
interface Kept<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

/** What is kept under a key; where nothing is, what `make` gives is kept from now on. */
export function findOrMake<K, V extends NonNullable<unknown>>(kept: Kept<K, V>, key: K, make: () => V): V {
  const found = kept.get(key);
  if (found !== undefined) return found;
  const made = make();
  kept.set(key, made);
  return made;
}
