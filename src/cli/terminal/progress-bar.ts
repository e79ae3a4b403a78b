/** How far a long command has come: a bar on stderr, drawn only on a terminal, and what it says kept in a file. */
import { appendFileSync } from "node:fs";
import { printable, printableLine } from "../../core/platform/printable.ts";

/** Something that shows how far work has come. */
export interface ProgressBar {
  /** `done` of `total` of the work called `what`. */
  update(done: number, total: number, what: string): void;
  /** Writes a line above the bar. */
  log(message: string): void;
  end(): void;
}

const width = 30;
/** A terminal is drawn to at most this often, so that fast work is not slowed by its display. */
const minIntervalMs = 80;

export function createProgressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  const terminal = stream.isTTY === true;
  let drawn = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (drawn) stream.write("\r\u001b[2K");
    drawn = false;
  };
  return {
    update: (done, total, what) => {
      if (!terminal) return;
      const nowMs = performance.now();
      if (drawn && done < total && nowMs - lastMs < minIntervalMs) return;
      lastMs = nowMs;
      const filled = Math.round((width * done) / Math.max(1, total));
      stream.write(
        `\r\u001b[2K[${"#".repeat(filled)}${".".repeat(width - filled)}] ${done}/${total} ${printableLine(what)}`,
      );
      drawn = true;
    },
    log: (message) => {
      clear();
      stream.write(`${printable(message)}\n`);
    },
    end: clear,
  };
}

/** A log that goes on to `log`, and to the end of the file at `path` with the time; `now` is the present. */
export function keepLog(path: string, log: (line: string) => void, now: () => Date): (line: string) => void {
  return (line) => {
    log(line);
    try {
      appendFileSync(path, `${now().toISOString()} ${line}\n`);
    } catch {
      // Whoever looks on has read it; that nothing can be written there the work itself will say.
    }
  };
}
