/** A user's error as the one JSON object on stdout, where `--json` promised one; the words for people go to stderr as ever. */

import { hasErrorCode } from "../../../core/contract/aurora-error.ts";
import { describeFileError } from "./file-summary.ts";

/** Runs `work`; what it fails with is printed as `{"error": {code, message, hint}}` where JSON was asked for, and thrown on. */
export async function withJsonError<T>(
  { json }: { readonly json?: boolean },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (json === true && hasErrorCode(error)) {
      process.stdout.write(`${JSON.stringify({ error: describeFileError(error) })}\n`);
    }
    throw error;
  }
}
