/** Reads the body of an HTTP answer, but never more of it than the caller can bear. */
import { AuroraError } from "../contract/aurora-error.ts";

/** The bytes of `response`, of which there may be `maxBytes` at most. Fails with WIRE_FORMAT; what else came is let go. */
export async function readBodyBounded(response: Response, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > maxBytes)
      throw new AuroraError("WIRE_FORMAT", `an answer of more than ${maxBytes} bytes`, {
        op: "read answer",
        subject: response.url,
      });
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}
