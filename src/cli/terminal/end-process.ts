/** Ends the process of a command. */

/** One that failed is over, whatever it left running; one that went well ends when its work does. */
export async function endProcess(exitCode: number): Promise<void> {
  process.exitCode = exitCode;
  if (exitCode === 0) return;
  // What it said must reach a slow reader of a pipe first: the end of a process cuts it off.
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  process.exit(exitCode);
}

/** Waits for what was written; a reader that went away ends the wait, too. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve();
    else stream.write("", () => resolve());
  });
}

/** What a program ends by that writes where nobody reads. */
const sigpipe = 13;

/** Ends the process, without a word, when nobody reads its stdout any more. */
export function endAtClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(128 + sigpipe);
  });
}
