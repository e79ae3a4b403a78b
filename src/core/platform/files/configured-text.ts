/** Reads a file that a configuration names: a key, a certificate, a password. */
import { AuroraError } from "../../contract/aurora-error.ts";
import { readFileBounded } from "./bounded-read.ts";

/** Bound of a certificate with its chain, or a key. */
export const maxPemBytes = 262_144;

/** Many in one file. */
const maxAuthoritiesBytes = 4 * 1024 * 1024;

const maxPasswordBytes = 1_024;

/** @throws AuroraError CONFIG_INVALID for one that is not there, may not be read, or has more than `maxBytes` */
export async function readConfiguredText(path: string, maxBytes: number): Promise<string> {
  const bytes = await readFileBounded(path, maxBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    hint: "Check the path and that this user may read the file.",
  });
  return new TextDecoder().decode(bytes);
}

/**
 * Certificates (PEM) of the authorities that one side of TLS trusts.
 * @throws AuroraError CONFIG_INVALID as for any other text, and for an empty file, which TLS would take for the authorities that Node knows
 */
export async function readAuthorities(path: string): Promise<string> {
  const pem = await readConfiguredText(path, maxAuthoritiesBytes);
  if (pem !== "") return pem;
  throw new AuroraError("CONFIG_INVALID", `${path} is empty`, {
    op: "read authorities",
    subject: path,
    hint: "Put the authority's certificate there, in PEM form.",
  });
}

/** The password in a file, without white space around it. @throws AuroraError CONFIG_INVALID as for any other text */
export async function readPasswordFile(path: string): Promise<string> {
  return (await readConfiguredText(path, maxPasswordBytes)).trim();
}
