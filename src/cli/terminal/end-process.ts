/** How a command ends: what is said of an error, the exit code, and a reader that has gone away. */
import { type AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { atErrorLevel } from "../../core/platform/journal-level.ts";
import { printable } from "../../core/platform/printable.ts";
import { redactPasswords } from "../../core/platform/redact.ts";
import { printJson } from "./print-reply.ts";

/** A user's error as `--json` says it. */
export interface ErrorReport {
  /** One of the codes in `src/ERRORS.md`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** What is said of a user's error, without the passwords of addresses that it repeats. */
export function describeError({ code, subject, message, hint }: AuroraError): ErrorReport {
  // Many messages are half a sentence about their subject: "is missing".
  const where = subject === undefined || message.includes(subject) ? "" : `${subject}: `;
  return { code, message: say(`${where}${message}`), hint: say(hint) };
}

/** Writes `{"error": {code, message, hint}}` to stdout, where JSON was asked for. */
export function printJsonError(error: ErrorReport): void {
  printJson({ error });
}

/**
 * Writes `error` to stderr, and where JSON was asked for to stdout as well.
 * @returns the exit code: 2 for wrong usage, 1 for everything else.
 */
export function reportError(error: unknown, { json = false }: { readonly json?: boolean } = {}): number {
  if (hasErrorCode(error)) {
    const report = describeError(error);
    if (json) printJsonError(report);
    process.stderr.write(atErrorLevel(`error: ${report.message}\nhint: ${report.hint}\n`));
    return report.code === "USAGE" ? 2 : 1;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    atErrorLevel(`bug: ${say(text)}\nhint: This should not happen. Please report it with the lines above.\n`),
  );
  return 1;
}

const say = (text: string): string => printable(redactPasswords(text));

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

/**
 * Ends the process when its stdout takes nothing more: without a word when nobody reads it (`| head`, a pager that was left), with
 * one when its disk is full. What it says on stderr it says as long as somebody takes it.
 */
export function endAtClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(128 + sigpipe);
    process.stderr.write(
      `error: cannot write what belongs on stdout: ${error.message}\nhint: Check the disk, or the device, that it goes to.\n`,
    );
    process.exit(1);
  });
  process.stderr.on("error", () => {});
}
