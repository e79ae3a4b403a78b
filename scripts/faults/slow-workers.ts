/** Loaded before a daemon (`node --import`): its threads wait at each look into shared memory, as on a core that serves others too. */
import { isMainThread } from "node:worker_threads";

const waitMs = 0.3;

if (!isMainThread) {
  const { load } = Atomics;
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  Atomics.load = ((...place: Parameters<typeof load>) => {
    Atomics.wait(nobody, 0, 0, waitMs);
    return load(...place);
  }) as typeof load;
}
