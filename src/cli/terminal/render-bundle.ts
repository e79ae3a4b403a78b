/** What a bundle is, and whether it is what was signed, in words for a terminal. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { verifyBundle } from "../../core/bundle/verify-bundle.ts";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { ungatedWords } from "../../core/contract/bundle/lineage.ts";
import { describeError } from "./end-process.ts";

/** The manifest's main points, one a line, and the files. */
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
    "files",
    ...files,
  ].join("\n");
}

/** One bundle in `aurora bundle verify --json`. */
export type BundleCheck =
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
export async function checkSignedBundle(dir: string, keys: readonly TrustedKey[]): Promise<BundleCheck> {
  try {
    const { manifest, digest, signedBy } = await verifyBundle(dir, keys);
    const { name, version, lineage } = manifest;
    const ungated = lineage.ungated === true ? ({ ungated: true } as const) : {};
    return { dir, ok: true, name, version, digest, signedBy, ...ungated };
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    // A file of it, not the folder, which stands before it.
    const { message } = error.subject === dir ? error : describeError(error);
    return { dir, ok: false, code: error.code, message, hint: error.hint };
  }
}

/** One line, and a hint where it was refused. */
export function renderBundleCheck(check: BundleCheck): string {
  return check.ok
    ? `${check.dir}: good, ${check.name}@${check.version}, digest ${check.digest}\n${check.ungated === true ? `UNGATED: ${ungatedWords}\n` : ""}`
    : `${check.dir}: REFUSED (${check.code}): ${check.message}\nhint: ${check.hint}\n`;
}
