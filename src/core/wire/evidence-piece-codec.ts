/** A piece of raw evidence ↔ its message: the digest as bytes, the samples as they are. Reads nothing of either. */
import { sha256Pattern } from "../contract/bundle/plain-name.ts";
import { maxAboutBytes, maxPieceBytes } from "../contract/evidence.ts";
import type { EvidencePiece } from "../contract/uplink-record.ts";
import { asCount, asText, compact, type Plain, WireRangeError } from "./uplink-schema.ts";

const digestBytes = 32;

export function packEvidencePiece({ id, offset, about, bytes }: EvidencePiece): Plain {
  if (!sha256Pattern.test(id)) throw new WireRangeError("id is not a digest");
  return {
    ...compact({ offset: asCount(offset, "offset"), about: asText(about, "about", maxAboutBytes) }),
    id: Uint8Array.from({ length: digestBytes }, (_, index) =>
      Number.parseInt(id.slice(2 * index, 2 * index + 2), 16),
    ),
    data: asBytes(bytes, "data", maxPieceBytes),
  };
}

/** Nothing of it is a view on the input. */
export function unpackEvidencePiece(plain: Plain): EvidencePiece {
  const id = asBytes(plain.id, "id", digestBytes);
  if (id.length !== digestBytes) throw new WireRangeError(`id has ${id.length} bytes, not ${digestBytes}`);
  return {
    kind: "evidence-piece",
    id: Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    offset: asCount(plain.offset, "offset"),
    about: asText(plain.about, "about", maxAboutBytes),
    bytes: asBytes(plain.data, "data", maxPieceBytes),
  };
}

/** A copy. */
function asBytes(value: unknown, name: string, max: number): Uint8Array {
  // A field that was not sent is an empty list.
  const bytes = value instanceof Uint8Array ? value : Array.isArray(value) ? value : null;
  if (bytes === null) throw new WireRangeError(`${name} is not bytes`);
  if (bytes.length > max)
    throw new WireRangeError(`${name} has ${bytes.length} bytes, at most ${max} allowed`);
  return Uint8Array.from(bytes);
}
