/** The bundle that a command names: a folder, or `name@version` of those that a collector offers. */
import { existsSync } from "node:fs";
import type { Bundle } from "../../core/bundle/bundle.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { unpackTar } from "../../core/bundle/tar.ts";
import { verifyBundle, verifyBundleFiles } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { maxPublishedBytes } from "../../core/contract/publication.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { fetchCollectorFile } from "../ask/ask-collector.ts";
import { createRegistryClient } from "./registry-client.ts";

const op = "find bundle";

/**
 * Reads and verifies it: one of `trustedKeys` must have signed it.
 * @param collector where `name@version` is looked for; null: only folders are
 * @throws AuroraError BUNDLE_*; USAGE where it is neither a folder nor offered; COLLECTOR
 */
export async function findSignedBundle(
  text: string,
  collector: string | null,
  trustedKeys: readonly TrustedKey[],
): Promise<Bundle> {
  if (existsSync(text)) return verifyBundle(text, trustedKeys);
  const [, name, version] = /^([a-z0-9][a-z0-9-]{0,62})@(\S+)$/.exec(text) ?? [];
  if (name === undefined || collector === null) {
    throw new AuroraError("USAGE", `there is no folder ${text}`, {
      op,
      subject: text,
      hint: "Name the bundle's folder; or, of those that a collector offers, NAME@VERSION with --collector URL.",
    });
  }
  const { bundles } = await createRegistryClient(collector).view();
  const found = bundles.find((bundle) => bundle.name === name && bundle.version === version);
  if (found === undefined) {
    const versions = bundles.flatMap((bundle) => (bundle.name === name ? [bundle.version] : []));
    throw new AuroraError("USAGE", `the collector at ${collector} does not offer ${text}`, {
      op,
      subject: text,
      hint: versions.length === 0 ? "It offers nothing of this name." : `It offers ${versions.join(", ")}.`,
    });
  }
  const path = `tuf/targets/${name}/${found.sha256}.${version}.tar`;
  const tar = await fetchCollectorFile({ collector, path, op }, maxPublishedBytes);
  if (tar === null || sha256Hex(tar) !== found.sha256) {
    throw new AuroraError("BUNDLE_DIGEST", `what the collector at ${collector} sent is not ${text}`, {
      op,
      subject: text,
      hint: "It was cut on its way, or the collector's copy is damaged: try again.",
    });
  }
  return verifyBundleFiles(unpackTar(tar), trustedKeys, text);
}
