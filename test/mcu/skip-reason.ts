/** Says what a check of the C code misses on this machine. */
import type { CheckTarget } from "../../scripts/mcu/check-program.ts";
import { findMissingPackages, hasProgram, hostCompiler } from "../../scripts/mcu/toolchain.ts";

const missing = findMissingPackages();

/** Why a target cannot be tried here, or null. */
export function reasonToSkip(target: CheckTarget): string | null {
  if (target.startsWith("host")) return hasProgram(hostCompiler()) ? null : "no C compiler";
  return missing.length === 0 ? null : `without the Debian packages ${missing.join(", ")}`;
}
