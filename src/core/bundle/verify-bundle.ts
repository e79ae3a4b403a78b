/**
 * Reads a bundle and finds whatever was changed in it, offline. Verifies before it parses: signature → manifest's
 * digest → manifest's form → every other file's size and digest, and no file more. Refuses; never repairs.
 */
import { AuroraError, hasErrorCode } from "../contract/aurora-error.ts";
import { bundleFileNames, type Manifest, manifestSchema } from "../contract/bundle/manifest.ts";
import { sayIssue } from "../contract/config/describe-issue.ts";
import { sha256Hex } from "../platform/files/sha256.ts";
import {
  type Bundle,
  bundleLimits,
  manifestFileName,
  signatureFileName,
  type VerifiedBundle,
} from "./bundle.ts";
import { canonicalJsonBytes } from "./canonical-json.ts";
import type { TrustedKey } from "./dsse.ts";
import { changedHint, type FileSource, folderSource, memorySource } from "./file-source.ts";
import { equalBytes, verifyManifestSignature } from "./sign-manifest.ts";

/**
 * Reads the bundle in `dir` and checks its form and digests, not who signed it.
 * @throws AuroraError BUNDLE_FORMAT or BUNDLE_DIGEST, naming the file.
 */
export async function readBundle(dir: string): Promise<Bundle> {
  const source = folderSource(dir);
  return readBody(source, await readHead(source));
}

/**
 * Reads the bundle in `dir`, which one of `trustedKeys` must have signed.
 * @throws AuroraError BUNDLE_SIGNATURE, BUNDLE_FORMAT or BUNDLE_DIGEST, naming the file.
 */
export async function verifyBundle(dir: string, trustedKeys: readonly TrustedKey[]): Promise<VerifiedBundle> {
  return verifySource(folderSource(dir), trustedKeys);
}

/** As {@link verifyBundle}, for files in memory (an unpacked tar); `subject` names them in errors. */
export async function verifyBundleFiles(
  files: ReadonlyMap<string, Uint8Array>,
  trustedKeys: readonly TrustedKey[],
  subject: string,
): Promise<VerifiedBundle> {
  return verifySource(memorySource(files, subject), trustedKeys);
}

/**
 * Checks that a manifest has the one accepted form and lists the files that every bundle has.
 * @throws AuroraError BUNDLE_FORMAT.
 */
export function parseManifest(bytes: Uint8Array, subject: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw badFormat(subject, `${manifestFileName} is not JSON`, cause);
  }
  const parsed = manifestSchema().safeParse(json);
  if (!parsed.success) {
    throw badFormat(subject, `${manifestFileName}: ${sayIssue(parsed.error.issues[0], json)}`);
  }
  const manifest = parsed.data;
  if (!equalBytes(canonicalJsonBytes(manifest), bytes)) {
    throw badFormat(subject, `${manifestFileName} is not in canonical form (RFC 8785)`);
  }
  const names = manifest.files.map((file) => file.path);
  if (
    new Set(names).size !== names.length ||
    names.some((name, index) => index > 0 && name < names[index - 1]!)
  ) {
    throw badFormat(subject, `${manifestFileName}: files must be sorted by path, each once`);
  }
  if (names.includes(manifestFileName) || names.includes(signatureFileName)) {
    throw badFormat(subject, `${manifestFileName}: files must not list the manifest or its signature`);
  }
  const missing = Object.values(bundleFileNames).filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw badFormat(subject, `${manifestFileName}: files lacks ${missing.join(", ")}`);
  }
  return manifest;
}

async function verifySource(source: FileSource, trustedKeys: readonly TrustedKey[]): Promise<VerifiedBundle> {
  const head = await readHead(source);
  const signedBy = findSigners(head, trustedKeys, source.subject);
  return { ...(await readBody(source, head)), signedBy };
}

/** Who signed; an error says of which bundle it speaks, for a gateway may have many. */
function findSigners(
  { signatureBytes, manifestBytes }: BundleHead,
  trustedKeys: readonly TrustedKey[],
  subject: string,
): readonly string[] {
  try {
    return verifyManifestSignature(signatureBytes, sha256Hex(manifestBytes), trustedKeys);
  } catch (cause) {
    if (!hasErrorCode(cause, "BUNDLE_SIGNATURE")) throw cause;
    const { op, message, hint } = cause;
    const file = `${subject}/${signatureFileName}`;
    throw new AuroraError("BUNDLE_SIGNATURE", message, { op, subject: file, hint, cause });
  }
}

type BundleHead = Pick<Bundle, "manifestBytes" | "signatureBytes">;

async function readHead(source: FileSource): Promise<BundleHead> {
  return {
    signatureBytes: await source.read(signatureFileName, bundleLimits.signatureBytes, "BUNDLE_FORMAT"),
    manifestBytes: await source.read(manifestFileName, bundleLimits.manifestBytes, "BUNDLE_FORMAT"),
  };
}

async function readBody(source: FileSource, { manifestBytes, signatureBytes }: BundleHead): Promise<Bundle> {
  const manifest = parseManifest(manifestBytes, source.subject);
  const stated = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const totalBytes = stated + manifestBytes.length + signatureBytes.length;
  const most = bundleLimits.totalBytes;
  if (totalBytes > most) {
    throw badFormat(source.subject, `is ${totalBytes} bytes large, at most ${most} are read`);
  }
  const expected = new Set([manifestFileName, signatureFileName, ...manifest.files.map((file) => file.path)]);
  const extra = (await source.names()).filter((name) => !expected.has(name));
  if (extra.length > 0) {
    throw badFormat(
      source.subject,
      `holds ${extra.slice(0, 5).join(", ")}, which the manifest does not list`,
    );
  }
  const files = new Map<string, Uint8Array>();
  for (const file of manifest.files) {
    const bytes = await source.read(file.path, file.sizeBytes, "BUNDLE_DIGEST");
    if (bytes.length !== file.sizeBytes || sha256Hex(bytes) !== file.sha256) {
      throw new AuroraError(
        "BUNDLE_DIGEST",
        `${file.path} is not the file that the manifest lists (${bytes.length} bytes of ${file.sizeBytes}, or other content)`,
        {
          op: "verify bundle",
          subject: source.subject,
          hint: changedHint,
        },
      );
    }
    files.set(file.path, bytes);
  }
  return { manifest, digest: sha256Hex(manifestBytes), files, manifestBytes, signatureBytes };
}

function badFormat(subject: string, message: string, cause?: unknown): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", message, { op: "read bundle", subject, cause });
}
