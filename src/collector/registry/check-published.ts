/** Is what came the bundle that was ordered, and may gateways be given it? Everything short of running it. */
import type { VerifiedBundle } from "../../core/bundle/bundle.ts";
import { readGolden } from "../../core/bundle/check-golden.ts";
import { checkCompatibility } from "../../core/bundle/compatibility.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { unpackTar } from "../../core/bundle/tar.ts";
import { verifyBundleFiles } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import type { PublishOrder } from "../../core/contract/publication.ts";
import { decodeReference } from "../../core/drift/reference-codec.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";

/** Whose bundles are taken, and by which runtime. */
export interface PublishTrust {
  readonly trustedKeys: readonly TrustedKey[];
  /** Of this collector, which is updated before its gateways. */
  readonly runtimeVersion: string;
}

/**
 * The bytes' digest, which the publisher signed, is checked before anything of them is read; the bundle's own signature before
 * its manifest.
 * @throws AuroraError BUNDLE_DIGEST, BUNDLE_FORMAT, BUNDLE_SIGNATURE, BUNDLE_INCOMPATIBLE; UPDATE when order and bundle
 * contradict each other
 */
export async function checkPublished(
  tar: Uint8Array,
  order: PublishOrder,
  { trustedKeys, runtimeVersion }: PublishTrust,
): Promise<VerifiedBundle> {
  const subject = `${order.name}@${order.version}`;
  if (tar.length !== order.tar.bytes || sha256Hex(tar) !== order.tar.sha256) {
    throw new AuroraError("BUNDLE_DIGEST", "what came is not what its publisher signed", {
      op: "publish bundle",
      subject,
      hint: "It was cut or damaged on its way: publish it again.",
    });
  }
  const bundle = await verifyBundleFiles(unpackTar(tar), trustedKeys, subject);
  const { manifest, digest } = bundle;
  if (manifest.name !== order.name || manifest.version !== order.version || digest !== order.digest) {
    throw new AuroraError(
      "UPDATE",
      `the order names ${subject}, the bundle is ${manifest.name}@${manifest.version}`,
      {
        op: "publish bundle",
        subject,
      },
    );
  }
  checkCompatibility(manifest, { runtimeVersion });
  readGolden(bundle);
  decodeReference(bundle.files.get(bundleFileNames.reference)!);
  return bundle;
}
