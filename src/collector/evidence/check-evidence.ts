/** Is evidence what it says? Digests first: nothing is parsed or unpacked before its bytes are known to be the announced ones. */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import { type EvidenceAbout, evidenceAboutSchema } from "../../core/contract/evidence.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import { encodeNpy } from "../../core/platform/files/encode-npy.ts";
import { unpackSamples } from "../../core/platform/files/sample-codec.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";

/** Who sent it, and of which site it may speak (null: of any). */
interface EvidenceSender {
  readonly gateway: string;
  readonly site: string | null;
}

/** The description of the evidence `id`, or what is wrong with it. */
export function readAbout(
  { id, about }: { readonly id: string; readonly about: string },
  sender: EvidenceSender,
): Result<EvidenceAbout, string> {
  if (sha256Hex(Buffer.from(about)) !== id) return failed("the description is not the one of its id");
  let json: unknown;
  try {
    json = JSON.parse(about);
  } catch {
    return failed("the description is not JSON");
  }
  const parsed = evidenceAboutSchema().safeParse(json);
  if (!parsed.success) {
    return failed(`the description: ${sayIssue(parsed.error.issues[0], json)}`);
  }
  const { gateway, site } = parsed.data.evidence;
  if (gateway !== sender.gateway) return failed("another gateway's evidence");
  if (sender.site !== null && sender.site !== site) {
    return failed(`it may only speak of site ${sender.site}, not of ${site}`);
  }
  return ok(parsed.data);
}

/** The `.npy` that the packed samples make, or what is wrong with them. */
export async function unpackEvidence(
  { evidence }: EvidenceAbout,
  packed: Uint8Array,
): Promise<Result<Uint8Array, string>> {
  if (sha256Hex(packed) !== evidence.packed.sha256) return failed("the samples are not those of its digest");
  let counts: Int16Array;
  try {
    counts = await unpackSamples(packed, evidence.samples);
  } catch (error) {
    if (!hasErrorCode(error, "DATA_FORMAT")) throw error;
    return failed(error.message);
  }
  const npy = encodeNpy([counts]);
  return sha256Hex(npy) === evidence.npySha256 ? ok(npy) : failed("the file is not that of its digest");
}
