/** The orderly end of a daemon: what was opened is closed in the opposite order, and no wait for others is endless. */
import type { Logger } from "../logger.ts";

/** Closes each thing exactly once, whatever the others do. */
export interface Closers {
  add(close: () => void | Promise<void>): void;
  /** Closes everything, last opened first; what fails is logged. Calling again does nothing more. */
  closeAll(): Promise<void>;
}

function createClosers(logger: Logger): Closers {
  const open: (() => void | Promise<void>)[] = [];
  return {
    add: (close) => {
      open.push(close);
    },
    closeAll: async () => {
      for (let close = open.pop(); close !== undefined; close = open.pop()) {
        try {
          await close();
        } catch (error) {
          logger.warn("not closed cleanly", { error });
        }
      }
    },
  };
}

/** Opens something as a whole or not at all: where `open` rejects, what it has added is closed before that is passed on. */
export async function openWhole<T>(logger: Logger, open: (closers: Closers) => Promise<T>): Promise<T> {
  const closers = createClosers(logger);
  try {
    return await open(closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** Resolves when `work` has settled, at the latest after `limitMs`; the work itself goes on unheeded. Never rejects. */
export async function waitAtMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([
    work.then(
      () => {},
      () => {},
    ),
    limit,
  ]);
  clearTimeout(timer);
}
