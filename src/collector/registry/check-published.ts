/** Is what came the bundle that was ordered, and may gateways be given it? Everything short of running it. */
import type { VerifiedBundle } from "../../core/bundle/bundle.ts";
import { checkCompatibility, findOtherKind, type ModelKind } from "../../core/bundle/compatibility.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { readGolden } from "../../core/bundle/golden.ts";
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
  /** What is known here, by digest. */
  readonly known: ReadonlyMap<string, { readonly manifest: ModelKind }>;
}

/**
 * The bytes' digest, which the publisher signed, is checked before anything of them is read; the bundle's own signature before
 * its manifest.
 * @throws AuroraError BUNDLE_DIGEST, also when order and bundle contradict each other, BUNDLE_FORMAT, BUNDLE_SIGNATURE,
 * BUNDLE_INCOMPATIBLE
 */
export async function checkPublished(
  tar: Uint8Array,
  order: PublishOrder,
  { trustedKeys, runtimeVersion, known }: PublishTrust,
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
      "BUNDLE_DIGEST",
      `the order names ${subject}, the bundle is ${manifest.name}@${manifest.version}`,
      {
        op: "publish bundle",
        subject,
      },
    );
  }
  checkCompatibility(manifest, { runtimeVersion });
  checkKind(
    manifest,
    [...known.values()].map((model) => model.manifest),
  );
  readGolden(bundle);
  decodeReference(bundle.files.get(bundleFileNames.reference)!);
  return bundle;
}

/**
 * Gateways go from one version of a name to the next by themselves, and one of another kind would fit none of them. One that is like
 * any version before is taken: the newest may be the one that is to be mended.
 */
function checkKind(manifest: ModelKind, known: readonly ModelKind[]): void {
  const { name, version } = manifest;
  const others = known
    .filter((each) => each.name === name)
    .map((before) => ({ before, why: findOtherKind(manifest, before) }));
  const [first] = others;
  if (first === undefined || others.some(({ why }) => why === null)) return;
  throw new AuroraError(
    "BUNDLE_INCOMPATIBLE",
    `is another model than ${name}@${first.before.version}: ${first.why}`,
    {
      op: "publish bundle",
      subject: `${name}@${version}`,
      hint: "Publish a model of another kind under another name.",
    },
  );
}
