/** What a bundle is, and whether it is what was signed, in words for a terminal. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { parseEnvelope } from "../../core/bundle/dsse.ts";
import type { TrustedKeyFile } from "../../core/bundle/keys.ts";
import { verifyBundle } from "../../core/bundle/verify-bundle.ts";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { ungatedWords } from "../../core/contract/bundle/lineage.ts";
import { sha256Pattern } from "../../core/contract/bundle/plain-name.ts";
import { printableLine } from "../../core/platform/printable.ts";
import { describeError } from "./end-process.ts";

/** The manifest's main points, one a line, whose signature it says that it bears, and the files. */
export function renderBundle(bundle: Bundle): string {
  const { manifest } = bundle;
  const { republished, ungated } = manifest.lineage;
  const files = manifest.files.map(
    (file) => `  ${file.path.padEnd(20)} ${String(file.sizeBytes).padStart(9)} bytes`,
  );
  const heldOut = manifest.lineage.data.map(
    (one) => `${one.name}: ${one.heldOutGroups.join(", ") || "nothing"}`,
  );
  return [
    `${manifest.name}@${manifest.version}: ${manifest.title}`,
    `digest      ${bundle.digest}`,
    `task        ${manifest.task}${manifest.horizonHours === null ? "" : `, ${manifest.horizonHours} h ahead`}`,
    `runtime     ${manifest.runtime}, features catalogue ${manifest.features.catalogueVersion}`,
    `channels    ${manifest.channels.map((one) => `${one.name} (${one.unit})`).join(", ")}`,
    `window      ${manifest.window.length} ${manifest.window.unit}, hop ${manifest.window.hop}`,
    `features    ${manifest.features.list.length} in ${manifest.groups.length} groups: ${manifest.groups.join(", ")}`,
    `outputs     ${manifest.outputs.map((one) => one.failureMode).join(", ")}`,
    `held out    ${heldOut.join("; ")}`,
    `changelog   ${manifest.changelog}`,
    ...(republished === undefined
      ? []
      : [`model of    ${manifest.name}@${republished.version} (${republished.digest})`]),
    ...(ungated === true ? [`UNGATED     ${ungatedWords}`] : []),
    `signature   ${describeSignature(bundle)}`,
    "files",
    ...files,
  ]
    .map(printableLine)
    .join("\n");
}

/** Whose signature it claims to bear: what any hand could have written, and is looked at no further here. */
function describeSignature({ signatureBytes }: Bundle): string {
  try {
    const ids = parseEnvelope(signatureBytes).signatures.map(({ keyid }) =>
      // Nobody has checked the words of a stranger, which a terminal would obey.
      keyid !== undefined && sha256Pattern.test(keyid) ? `key ${keyid}` : "a key whose id is none",
    );
    return `by ${ids.join(", ")}; not verified here (aurora bundle verify)`;
  } catch (error) {
    if (!hasErrorCode(error, "BUNDLE_FORMAT")) throw error;
    return `cannot be read: ${error.message}`;
  }
}

/** Lines of a part of an evaluation that are said one by one. */
const evaluationLines = 24;

/** A line a difference; a part of the evaluation with many of them is one line. */
export function renderChanges(
  changes: readonly { readonly path: string; readonly sentence: string }[],
): string {
  const partOf = (path: string): string | undefined => /^evaluation\.[^.]+/.exec(path)?.[0];
  const counts = new Map<string | undefined, number>();
  for (const { path } of changes) counts.set(partOf(path), (counts.get(partOf(path)) ?? 0) + 1);
  const lines = changes.map(({ path, sentence }) => {
    const part = partOf(path);
    const count = counts.get(part)!;
    if (part === undefined || count <= evaluationLines) return sentence;
    return `${part}: ${count} differences (--json says each)`;
  });
  return [...new Set(lines)].map(printableLine).join("\n");
}

/** One bundle in `aurora bundle verify --json`. */
type BundleCheck =
  | {
      readonly dir: string;
      readonly ok: true;
      readonly name: string;
      readonly version: string;
      readonly digest: string;
      readonly signedBy: readonly string[];
      /** There where it was written without asking its gate. */
      readonly ungated?: true | undefined;
    }
  | {
      readonly dir: string;
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    };

/** Verifies the bundle at `dir`; a bug is thrown on. */
export async function checkSignedBundle(dir: string, keys: readonly TrustedKeyFile[]): Promise<BundleCheck> {
  try {
    const { manifest, digest, signedBy } = await verifyBundle(dir, keys);
    const { name, version, lineage } = manifest;
    return { dir, ok: true, name, version, digest, signedBy, ungated: lineage.ungated };
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    // A file of it, not the folder, which stands before it.
    const { message } = error.subject === dir ? error : describeError(error);
    return { dir, ok: false, code: error.code, message, hint: error.hint };
  }
}

/** That it is good and by whose key, named by the file of `keys` that holds it; or why it was refused, and a hint. */
export function renderBundleCheck(check: BundleCheck, keys: readonly TrustedKeyFile[]): string {
  if (!check.ok) return `${check.dir}: REFUSED (${check.code}): ${check.message}\nhint: ${check.hint}\n`;
  const signers = check.signedBy.map((id) => `${id} (${keys.find(({ keyId }) => keyId === id)?.path})`);
  return [
    `${check.dir}: good, ${check.name}@${check.version}, digest ${check.digest}`,
    `signed by ${signers.join(", ")}`,
    ...(check.ungated === true ? [`UNGATED: ${ungatedWords}`] : []),
    "",
  ].join("\n");
}
