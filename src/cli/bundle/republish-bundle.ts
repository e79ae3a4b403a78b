/**
 * Makes of a bundle the same model under a higher version: a gateway takes no lower one, so that the way back leads forward. Student,
 * features, thresholds, reference, background, golden vectors and evaluation keep their bytes; what names the version is written anew.
 */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { canonicalJsonBytes } from "../../core/bundle/canonical-json.ts";
import { compareVersions } from "../../core/bundle/version.ts";
import type { BundleContents } from "../../core/bundle/write-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { bundleFileNames, mcuModelFileName, semverPattern } from "../../core/contract/bundle/manifest.ts";
import { renumberMcuModel } from "../../core/inference/mcu-codec.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";

/** How it is called. */
interface Renumbering {
  /** The higher version. */
  readonly version: string;
  /** Why, for the manifest and the card; null: that it is a republication. */
  readonly changelog: string | null;
}

/**
 * What the new bundle holds, to be signed.
 * @throws AuroraError USAGE for a version that is none, or not higher; BUNDLE_FORMAT for a model for microcontrollers that is damaged,
 * or cannot bear the version
 */
export function renumberBundle(bundle: Bundle, { version, changelog }: Renumbering): BundleContents {
  const { files: _files, ...manifest } = bundle.manifest;
  const { name, version: before, title } = manifest;
  if (!semverPattern.test(version) || compareVersions(version, before) <= 0) {
    throw new AuroraError("USAGE", `${version} is not a version higher than ${before}`, {
      op: "republish bundle",
      subject: `${name}@${before}`,
      hint: "Give one that is higher than what serves: gateways take no other (`--as 1.2.0`).",
    });
  }
  const words = changelog ?? `${before} once more, under a higher version: the same model.`;
  const files = new Map(bundle.files);
  const rewrite = (file: string, change: (bytes: Uint8Array) => Uint8Array): void => {
    const bytes = files.get(file);
    if (bytes !== undefined) files.set(file, change(bytes));
  };
  rewrite(mcuModelFileName, (bytes) => renumberMcuModel(bytes, version));
  rewrite(bundleFileNames.bom, (bytes) => renumberBom(bytes, `${name}@${before}`, version));
  rewrite(bundleFileNames.card, (bytes) => {
    const head = `# ${title} ${version}\n\n\`${name}@${version}\`: ${words}\n\nEverything below was said of \`${name}@${before}\` (digest \`${bundle.digest}\`), whose model this is.\n\n`;
    return new TextEncoder().encode(head + new TextDecoder().decode(bytes).replace(/^# /, "## "));
  });
  const republished = { version: before, digest: bundle.digest };
  return {
    manifest: { ...manifest, version, changelog: words, lineage: { ...manifest.lineage, republished } },
    files,
  };
}

/** The bill of materials of `model` under another version; as it is where it is not one of ours. */
function renumberBom(bytes: Uint8Array, model: string, version: string): Uint8Array {
  const bom = parseJsonBytes(bytes) as {
    readonly metadata?: { readonly component?: Readonly<Record<string, unknown>> };
    readonly dependencies?: readonly Readonly<Record<string, unknown>>[];
  } | null;
  const component = bom?.metadata?.component;
  if (component?.["bom-ref"] !== model) return bytes;
  const ref = `${String(component.name)}@${version}`;
  const dependencies = (bom?.dependencies ?? []).map((one) => (one.ref === model ? { ...one, ref } : one));
  return canonicalJsonBytes({
    ...bom,
    metadata: { ...bom?.metadata, component: { ...component, "bom-ref": ref, version } },
    dependencies,
  });
}
