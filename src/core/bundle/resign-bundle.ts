/** Signs a bundle that exists with other keys. Its content, and so its digest, stays; its old signatures go. */
import { join } from "node:path";
import { writeFileAtomic } from "../platform/files/atomic-file.ts";
import { type Bundle, signatureFileName } from "./bundle.ts";
import type { Signer } from "./dsse.ts";
import { signManifest } from "./sign-manifest.ts";
import { readBundle } from "./verify-bundle.ts";

/**
 * Replaces `manifest.dsse.json` in `dir`. Every signer signs; whoever verifies must trust all of them.
 * @throws AuroraError BUNDLE_FORMAT or BUNDLE_DIGEST when the bundle itself is not whole: nothing is signed then.
 */
export async function resignBundle(dir: string, signers: readonly Signer[]): Promise<Bundle> {
  const bundle = await readBundle(dir);
  const signatureBytes = signManifest(bundle.digest, signers);
  await writeFileAtomic(join(dir, signatureFileName), signatureBytes);
  return { ...bundle, signatureBytes };
}
