/** Files of invented vibration for the commands, and the options that say what they are. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { encodeNpy, sidecarArguments, simulateFault } from "./recordings.ts";

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
