/** The orderly end of a daemon: what was opened is closed in the opposite order, and no wait for others is endless. */
import type { Logger } from "../logger.ts";

/** Closes each thing exactly once, whatever the others do. */
export interface Closers {
  /** Under a name that tells an operator what a stop waits for. */
  add(name: string, part: NamedPart["part"]): void;
  /** Closes everything, last opened first; what fails is logged. Calling again does nothing more. */
  closeAll(): Promise<void>;
  /** Names of what is not closed yet, what is being closed now first. */
  unclosed(): readonly string[];
}

/** Something that is itself made of parts. */
export interface ClosedPart {
  close(): Promise<void>;
  /** Names of what `close` has not closed yet. */
  unclosed(): readonly string[];
}

interface NamedPart {
  readonly name: string;
  /** Closes it, or knows how. */
  readonly part: (() => void | Promise<void>) | ClosedPart;
}

/** A stop that has waited for one thing for so long says for what, ms. */
const patienceMs = 5_000;

function createClosers(logger: Logger): Closers {
  const open: NamedPart[] = [];
  let closing: NamedPart | undefined;
  return {
    add: (name, part) => {
      open.push({ name, part });
    },
    closeAll: async () => {
      for (closing = open.pop(); closing !== undefined; closing = open.pop()) {
        const { name, part } = closing;
        const began = performance.now();
        const tell = setTimeout(() => logger.warn("the stop waits", { for: name }), patienceMs);
        try {
          await (typeof part === "function" ? part() : part.close());
        } catch (error) {
          logger.warn("not closed cleanly", { part: name, error });
        }
        clearTimeout(tell);
        // Of a write that lets nothing else run, too.
        const tookMs = performance.now() - began;
        if (tookMs >= patienceMs)
          logger.warn("the stop waited", { for: name, seconds: Math.round(tookMs / 1000) });
      }
    },
    unclosed: () => [...(closing === undefined ? [] : [closing]), ...open.toReversed()].flatMap(namesOf),
  };
}

/** Of what has parts, theirs. */
function namesOf({ name, part }: NamedPart): readonly string[] {
  const within = typeof part === "function" ? [] : part.unclosed();
  return within.length === 0 ? [name] : within.map((each) => `${name}/${each}`);
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
