/** Long work that can be left between two of its steps, so that whoever does it on a shared thread can give way. Pure: it never waits. */

/** Yields nothing: between two steps somebody else may have a turn. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Goes through to the end without a break. */
export function finishSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
