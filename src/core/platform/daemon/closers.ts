/** What was opened is closed in the opposite order, each exactly once, whatever the others do. */
import type { Logger } from "../logger.ts";

/** Gathers what has to be closed. */
export interface Closers {
  /** Adds something that was just opened. */
  add(close: () => void | Promise<void>): void;
  /** Closes everything, last opened first; what fails is logged. Calling again does nothing more. */
  closeAll(): Promise<void>;
}

/** Creates an empty list. */
export function createClosers(logger: Logger): Closers {
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
