/** Files of invented vibration for the commands, and the options that say what they are. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere, type Finished } from "../aurora.ts";
import { encodeNpy, shippedBundle, sidecarArguments, simulateFault } from "./recordings.ts";

export const { counts, sidecar } = simulateFault(8);
export const flags = sidecarArguments(sidecar);
export const withFlag = (name: string, value: string): readonly string[] =>
  flags.map((flag, index) => (flags[index - 1] === name ? value : flag));

/** Call it inside a test. */
export function createFolder(): { folder: string; good: string; short: string; out: string } {
  const folder = createTemporaryFolder();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("good.npy"), encodeNpy(counts, [counts.length]));
  writeFileSync(at("short.npy"), encodeNpy(counts.slice(0, 100), [100]));
  return { folder, good: at("good.npy"), short: at("short.npy"), out: at("out.csv") };
}

/** `aurora score` of the shipped bundle in this process: files into the table `out`, with what else is said. */
export function scoreHere(
  inputs: readonly string[],
  out: string,
  options: readonly string[] = flags,
): Promise<Finished> {
  return auroraHere("score", shippedBundle, "--input", ...inputs, "--out", out, ...options);
}
