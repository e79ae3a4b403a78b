/** Keeps a command from writing over what it reads, or over what else it writes. */
import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";

/**
 * @param option what names `out`, for the complaint.
 * @throws AuroraError USAGE where `out` is one of the `inputs`, by whatever way to it.
 */
export function expectOtherOutput(inputs: readonly string[], out: string, option = "--out"): void {
  const place = placeOf(out);
  if (!inputs.some((file) => placeOf(file) === place)) return;
  throw new AuroraError("USAGE", `${out} is an input, and ${option} would replace it`, {
    op: "score files",
    subject: out,
    hint: `give ${option} another name`,
  });
}

/** The path without links and detours; of what is not there yet, that of its folder. */
function placeOf(path: string): string {
  const plain = resolve(path);
  for (const [folder, rest] of [
    [plain, ""],
    [dirname(plain), basename(plain)],
  ] as const) {
    try {
      return join(realpathSync(folder), rest);
    } catch {
      // Not there: the next best, and at last the path as it was written.
    }
  }
  return plain;
}
