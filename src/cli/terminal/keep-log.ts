/** Keeps what a long command says in a file, so that it is there after a kill and when the terminal is gone. */
import { appendFileSync } from "node:fs";

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
