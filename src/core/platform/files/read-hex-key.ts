/** Reads a secret key of 32 bytes that a file holds as 64 hexadecimal digits. */
import { AuroraError } from "../../contract/aurora-error.ts";
import { readFileBounded } from "./bounded-read.ts";

/** Digits, and whatever an editor puts behind them. */
const maxFileBytes = 128;

/** The 32 bytes. @throws AuroraError CONFIG_INVALID for a file that is not there, cannot be read or holds something else. */
export async function readHexKey(path: string): Promise<Uint8Array> {
  const op = "read key";
  const bytes = await readFileBounded(path, maxFileBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    op,
    hint: "`aurora fleet enrol` writes it; this user must be able to read it.",
  });
  const key = parseHexKey(Buffer.from(bytes).toString("latin1"));
  if (key !== null) return key;
  throw new AuroraError("CONFIG_INVALID", `${path} does not hold 64 hexadecimal digits`, {
    op,
    subject: path,
    hint: "`aurora fleet enrol` writes such a file.",
  });
}

/** The 32 bytes of a file's text; null where it is something else than 64 digits. */
export function parseHexKey(text: string): Uint8Array | null {
  const digits = text.trim();
  return /^[0-9a-f]{64}$/i.test(digits) ? Uint8Array.from(Buffer.from(digits, "hex")) : null;
}
