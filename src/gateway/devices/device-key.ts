/** Keys by which devices know their gateway's models: 32 bytes each, in a file of its own, never logged. */
import { deviceKeyBytes } from "../../../firmware-bridge/model-mac.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";

/** Digits with a line end and some white space are fewer. */
const maxKeyFileBytes = 4096;

/**
 * The key in a file: 64 hexadecimal digits, or the 32 bytes.
 * @throws AuroraError CONFIG_INVALID when there is no such file, or something else in it.
 */
export async function readDeviceKey(path: string): Promise<Uint8Array> {
  const bytes = await readFileBounded(path, maxKeyFileBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    op: "read device key",
    hint: "Write 64 hexadecimal digits to it, the same that the device was flashed with.",
  });
  if (bytes.length === deviceKeyBytes) return bytes;
  const text = Buffer.from(bytes).toString("latin1").trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Uint8Array.from(Buffer.from(text, "hex"));
  throw new AuroraError("CONFIG_INVALID", `${path} holds no device key`, {
    op: "read device key",
    subject: path,
    hint: "A device key is 64 hexadecimal digits, or 32 bytes.",
  });
}
