/** Work that must not overlap: each piece begins when the one before has ended, whatever became of it. Knows nothing of the work. */

interface WorkQueue {
  /** Does `work` in its turn; settles as it does. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when what was asked for before has ended. */
  idle(): Promise<void>;
  /** Whoever asks for work is to ask for no more; what is asked for all the same is done. */
  readonly isClosed: boolean;
  /** From now on it is closed; resolves as `idle`. */
  close(): Promise<void>;
}

/** Creates a queue in which nothing waits. */
export function createWorkQueue(): WorkQueue {
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const idle = async (): Promise<void> => {
    await last;
  };
  return {
    run: (work) => {
      const done = last.then(work);
      last = done.catch(() => undefined); // who asked for it hears of it
      return done;
    },
    idle,
    get isClosed() {
      return isClosed;
    },
    close: () => {
      isClosed = true;
      return idle();
    },
  };
}
