/** Says what went wrong: message and hint for the user's errors, the stack for a bug of ours. */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";

/**
 * Writes `error` to stderr.
 * @returns the exit code: 2 for wrong usage, 1 for everything else.
 */
export function reportError(error: unknown): number {
  if (hasErrorCode(error)) {
    const { subject, message } = error;
    // Many messages are half a sentence about their subject: "is missing".
    const where = subject === undefined || message.includes(subject) ? "" : `${subject}: `;
    process.stderr.write(`error: ${printable(`${where}${message}`)}\n`);
    process.stderr.write(`hint: ${printable(error.hint)}\n`);
    return error.code === "USAGE" ? 2 : 1;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `bug: ${text}\nhint: This should not happen. Please report it with the lines above.\n`,
  );
  return 1;
}

export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be shown
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd");
}
