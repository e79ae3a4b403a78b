/** Is what was fetched the bundle that was signed, and can this runtime run it? Everything short of running it. */
import type { VerifiedBundle } from "../../core/bundle/bundle.ts";
import { checkCompatibility, checkFit, type RuntimeIdentity } from "../../core/bundle/compatibility.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { type Golden, readGolden } from "../../core/bundle/golden.ts";
import { unpackTar } from "../../core/bundle/tar.ts";
import { verifyBundleFiles } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import type { SentMisfit } from "../../core/serving/find-misfit.ts";
import type { OfferedTarget } from "./tuf-client.ts";

/** A bundle ready to be staged. */
export interface CheckedBundle {
  readonly bundle: VerifiedBundle;
  readonly golden: Golden;
}

/** What a bundle is checked by. */
export interface BundleChecks {
  readonly trustedKeys: readonly TrustedKey[];
  readonly runtime: RuntimeIdentity;
  readonly findMisfit: (next: Manifest) => string | null;
  /** What a device sends that keeps it from serving; null: nothing. */
  readonly findSent: (next: Manifest) => SentMisfit | null;
}

/** The bundle does not fit what a device sends, which may send something else one day. */
export class SentMisfitError extends AuroraError {
  readonly sent: string;

  constructor({ name, version }: Manifest, { misfit, sent }: SentMisfit) {
    super("BUNDLE_INCOMPATIBLE", `does not fit this gateway: ${misfit}`, {
      op: "check fit",
      subject: `${name}@${version}`,
      hint: "The model before it serves. It is tried again once the device sends something else.",
    });
    this.sent = sent;
  }
}

/**
 * Unpacks and checks: the tar's form, the bundle's own signature and digests, that it is the model, version and digest
 * that the metadata names, that this runtime can run it, that its golden vectors fit it, and that it fits what this gateway is
 * for: a slot is not given away for what could not serve.
 * @throws AuroraError BUNDLE_*, or UPDATE when metadata and bundle contradict each other.
 */
export async function checkBundle(
  tar: Uint8Array,
  target: OfferedTarget,
  { trustedKeys, runtime, findMisfit, findSent }: BundleChecks,
): Promise<CheckedBundle> {
  const subject = `${target.name}@${target.version}`;
  const bundle = await verifyBundleFiles(unpackTar(tar), trustedKeys, subject);
  const { manifest, digest } = bundle;
  if (manifest.name !== target.name || manifest.version !== target.version || digest !== target.digest) {
    throw new AuroraError("UPDATE", `the tar holds ${manifest.name}@${manifest.version} (${digest})`, {
      op: "verify update",
      subject,
      hint: "The update repository mixed up its bundles.",
    });
  }
  checkCompatibility(manifest, runtime);
  checkFit(manifest, findMisfit(manifest));
  const sentMisfit = findSent(manifest);
  if (sentMisfit !== null) throw new SentMisfitError(manifest, sentMisfit);
  return { bundle, golden: readGolden(bundle) };
}
