/** Whoever reads has seen enough (`| head`, a pager that was left): over as for every other program of the shell. */

/** What a program ends by that writes where nobody reads. */
const sigpipe = 13;

/** Ends the process, without a word, when nobody reads its stdout any more. */
export function endAtClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(128 + sigpipe);
  });
}
