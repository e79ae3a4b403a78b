/**
 * What is made when it is asked for, and let go of when nobody uses it. Schemas are: each of the objects that one is made of takes a
 * kilobyte, and most are asked for when a process starts, or when a message comes that seldom does.
 */

/** Returns the last that `make` made, as long as it is there: it goes at the first full collection after its last user. */
export function onDemand<T extends WeakKey>(make: () => T): () => T {
  let last: WeakRef<T> | undefined;
  return () => {
    const kept = last?.deref();
    if (kept !== undefined) return kept;
    const made = make();
    last = new WeakRef(made);
    return made;
  };
}
