/** Gets every answer: from flags, else from a person, else by default; what nobody says and nothing suggests is an error. */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { AnswerName, InitAnswers, InitQuestion } from "./init-answers.ts";

/** Asks a person; resolves with the line, or null where nobody is there any more. */
export type Ask = (question: string) => Promise<string | null>;

/** How often a person may give an answer that is wrong. */
const maxAttempts = 5;

/**
 * @param given what flags say
 * @param ask undefined: nobody is asked
 * @throws AuroraError USAGE for a flag that is wrong, and for an answer that is missing.
 */
export async function askAnswers(
  questions: readonly InitQuestion[],
  given: Readonly<Partial<Record<AnswerName, string>>>,
  ask: Ask | undefined,
): Promise<InitAnswers> {
  const answers: Partial<Record<AnswerName, string>> = {};
  const wrong: string[] = [];
  for (const question of questions) {
    const { name, usual } = question;
    const flag = given[name];
    if (flag !== undefined) {
      const checked = question.check(flag);
      if (checked.ok) answers[name] = checked.value;
      else wrong.push(`--${name} ${flag}: ${checked.error}`);
    } else if (ask === undefined) {
      if (usual === null) wrong.push(`--${name} is missing: ${question.about}`);
      else answers[name] = usual;
    }
  }
  if (wrong.length > 0) {
    throw new AuroraError("USAGE", wrong.join("\n"), {
      op: "write configuration",
      hint: "`aurora init --help` lists the flags; on a terminal, without --yes, what is missing is asked for.",
    });
  }
  for (const question of questions) {
    if (answers[question.name] === undefined && ask !== undefined) {
      answers[question.name] = await askOne(question, ask);
    }
  }
  return answers as InitAnswers;
}

async function askOne({ question, usual, check }: InitQuestion, ask: Ask): Promise<string> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const line = await ask(`${question}${usual === null ? "" : ` [${usual}]`}: `);
    if (line === null) break;
    const checked = check(line.trim() === "" ? (usual ?? "") : line.trim());
    if (checked.ok) return checked.value;
    process.stderr.write(`  ${checked.error}\n`);
  }
  throw new AuroraError("USAGE", "no answer: nothing was written", { op: "write configuration" });
}
