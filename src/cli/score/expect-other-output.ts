/** Keeps a command from writing over what it reads. */
import { resolve } from "node:path";
import { AuroraError } from "../../contract/aurora-error.ts";

/** @throws AuroraError USAGE where `out` is one of the `inputs`. */
export function expectOtherOutput(inputs: readonly string[], out: string): void {
  if (!inputs.some((file) => resolve(file) === resolve(out))) return;
  throw new AuroraError("USAGE", `${out} is an input, and --out would replace it`, {
    op: "score files",
    subject: out,
    hint: "give --out another name",
  });
}
