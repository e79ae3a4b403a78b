/**
 * Answers to `aurora init` that come by a pipe or from a file: a line each, in the order of the questions that no flag answers.
 * Nothing is asked then, and none of them is passed over in silence. Waits for whoever writes, but not for ever.
 */
import { fstatSync } from "node:fs";
import type { Readable } from "node:stream";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import type { AnswerName, InitQuestion } from "./init-answers.ts";

type Answers = Readonly<Partial<Record<AnswerName, string>>>;

const maxAnswersBytes = 65_536;

/** Does something stand on stdin that may be answers? */
export function hasPipe(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFIFO() || stats.isFile() || stats.isSocket();
  } catch {
    // Closed.
    return false;
  }
}

/** All that comes within `maxMs`; null: it was not over by then. */
export async function readAnswers(input: Readable, maxMs: number): Promise<string | null> {
  const timer = setTimeout(() => input.destroy(), maxMs);
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of input) {
      pieces.push(Buffer.from(piece));
      length += pieces.at(-1)!.length;
      if (length > maxAnswersBytes) break;
    }
  } catch {
    // Cut off, by the clock or by its writer: an answer may be missing.
    return null;
  } finally {
    clearTimeout(timer);
  }
  return length > maxAnswersBytes ? null : Buffer.concat(pieces).toString("utf8");
}

/** Gives each line to its question; an empty one, or none, leaves the default. */
export function placeAnswers(
  questions: readonly InitQuestion[],
  given: Answers,
  text: string,
): Result<Answers, string> {
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  if (lines.length === 1 && lines[0] === "") return ok(given);
  const open = questions.filter(({ name }) => given[name] === undefined);
  if (lines.length > open.length) {
    const asked = open.map(({ name }) => name).join(", ") || "nothing";
    return failed(`${lines.length} lines came on stdin for ${open.length} questions (${asked})`);
  }
  const answers: Partial<Record<AnswerName, string>> = { ...given };
  for (const [at, line] of lines.entries()) if (line.trim() !== "") answers[open[at]!.name] = line.trim();
  return ok(answers);
}
