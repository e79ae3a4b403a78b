/** Reads a file that a configuration names: a key, a certificate, a password. */
import { readFileBounded } from "./bounded-read.ts";

/** @throws AuroraError CONFIG_INVALID for one that is not there, may not be read, or has more than `maxBytes` */
export async function readConfiguredText(path: string, maxBytes: number): Promise<string> {
  const bytes = await readFileBounded(path, maxBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    hint: "Check the path and that this user may read the file.",
  });
  return new TextDecoder().decode(bytes);
}
