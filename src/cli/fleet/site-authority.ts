/**
 * A small private authority for a site that has none: its own certificate, one for the broker's host, one for each client. Each is
 * a folder that is there whole or not at all; nothing that exists is made anew, and nothing is revoked.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { makeFolder, renameAtomic, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { loadEnrolment } from "./enrolment.ts";
import { type IssuedCertificate, issueCertificate } from "./issue-certificate.ts";

interface AuthorityRequest {
  /** Folder of the authority. */
  readonly dir: string;
  readonly days: number;
  readonly nowMs: number;
}

export interface CertificateWish extends AuthorityRequest {
  /** The broker's host, or the user name that the broker knows a client by; of a device `GATEWAY/DEVICE`. */
  readonly name: string;
  readonly use: "server" | "client";
}

/** What was made, as paths. */
interface MadeCertificate {
  readonly dir: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly expiresMs: number;
}

const maxPemBytes = 65_536;
const op = "make certificate";
/** For their owner only. */
const folderMode = 0o700;
const keyMode = 0o600;
const [caName, caKeyName] = ["ca.pem", "ca.key"];
/** The key of an authority whose certificate may not be there yet. */
const unfinishedKeyName = ".ca.key.new";

/** Makes the authority. @throws AuroraError USAGE where there is one. */
export async function createAuthority(
  { dir, days, nowMs }: AuthorityRequest,
  name: string,
): Promise<{ readonly caFile: string; readonly keyFile: string }> {
  const [caFile, keyFile] = [join(dir, caName), join(dir, caKeyName)];
  await refuseExisting(caFile, "an authority is made once, and kept");
  await refuseExisting(keyFile, "bring its ca.pem back; a key that has issued nothing may be moved away");
  const { certPem, keyPem } = issueCertificate({ name, use: "authority", fromMs: nowMs, days });
  await makeFolder(dir, folderMode);
  // Under this name it is begun anew until the certificate is there, and from then on it is the key.
  const unfinished = join(dir, unfinishedKeyName);
  await writeFileAtomic(unfinished, keyPem, { mode: keyMode });
  await writeFileAtomic(caFile, certPem);
  await renameAtomic(unfinished, keyFile);
  return { caFile, keyFile };
}

/** Is any of its files there? */
export async function hasAuthority(dir: string): Promise<boolean> {
  const names = await nodeFileSystem.list(dir);
  return [caName, caKeyName].some((name) => names.includes(name));
}

/**
 * Makes a key and its certificate, in a folder of the authority's that bears the name.
 * @throws AuroraError USAGE where there is one of this name, or the client is a gateway, its device or a reader that the enrolment in
 * the same folder lists as revoked; KEY where there is no authority, or its key is of another; CONFIG_INVALID where that list is damaged.
 */
export async function issueForSite(wish: CertificateWish): Promise<MadeCertificate> {
  const authority = await openAuthority(wish);
  if (wish.use === "client") await refuseRevoked(wish);
  // A device's name has a slash, which no folder's has; an @ is in no name.
  const folder = wish.name.replace("/", "@");
  const dir = join(wish.dir, folder);
  await refuseExisting(
    dir,
    "move the folder away to renew it; what was made before stays good until it expires",
  );
  const days = Math.min(wish.days, authority.leftDays);
  const { certPem, keyPem } = issueCertificate(
    { name: wish.name, use: wish.use, fromMs: wish.nowMs, days },
    authority,
  );
  const unfinished = join(wish.dir, `.${folder}.${process.pid}.tmp`);
  try {
    await makeFolder(unfinished, folderMode);
    await writeFileAtomic(join(unfinished, "key.pem"), keyPem, { mode: keyMode });
    await writeFileAtomic(join(unfinished, "cert.pem"), certPem);
    await writeFileAtomic(join(unfinished, caName), authority.certPem);
    await renameAtomic(unfinished, dir);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return {
    dir,
    caFile: join(dir, caName),
    certFile: join(dir, "cert.pem"),
    keyFile: join(dir, "key.pem"),
    expiresMs: wish.nowMs + days * dayMs,
  };
}

interface Authority extends IssuedCertificate {
  /** All that is trusted, of which one is the key's: another authority may stand beside it. */
  readonly certPem: string;
  readonly name: string;
  /** How long it holds, at least 1. */
  readonly leftDays: number;
}

/** @throws AuroraError KEY where one of its files is not there, they do not belong together, or it has expired */
export async function openAuthority({
  dir,
  nowMs,
}: Pick<AuthorityRequest, "dir" | "nowMs">): Promise<Authority> {
  const [caFile, keyFile] = [join(dir, caName), join(dir, caKeyName)];
  const certPem = await readPem(
    caFile,
    `Bring it back for this; where there never was an authority, \`aurora keys authority ${dir}\` makes one.`,
  );
  const names = await nodeFileSystem.list(dir);
  if (names.includes(unfinishedKeyName) && !names.includes(caKeyName))
    await renameAtomic(join(dir, unfinishedKeyName), keyFile);
  const keyPem = await readPem(keyFile, "Bring it back for this, from where it is kept.");
  const authorities = readCertificates(certPem).filter(({ ca }) => ca);
  if (authorities.length === 0)
    throw keyError(
      `${caFile} is no authority's certificate`,
      dir,
      "Name the folder that `aurora keys authority` made.",
    );
  const key = readPrivateKey(keyPem);
  if (key === null)
    throw keyError(
      `${keyFile} is no unencrypted private key`,
      dir,
      "Bring back the key that was made with the authority, in PEM; `openssl pkey` takes a passphrase off.",
    );
  const endOf = ({ validTo }: X509Certificate): number => Date.parse(validTo);
  // A certificate that was renewed with the same key may stand beside the old one.
  const [own] = authorities
    .filter((certificate) => certificate.checkPrivateKey(key))
    .sort((one, other) => endOf(other) - endOf(one));
  if (own === undefined)
    throw keyError(
      `${keyFile} is not the key of ${authorities.length > 1 ? "an authority" : "the authority"} in ${caFile}`,
      dir,
      "Bring back the key that was made with it.",
    );
  const name = /^CN=(.+)$/.exec(own.subject)?.[1];
  if (name === undefined)
    throw keyError(
      `the authority in ${caFile} is called ${own.subject.replaceAll("\n", ", ")}: only one whose name is a CN alone issues here`,
      dir,
      "Issue with the tools that made it, or make an authority of its own for this with `aurora keys authority`.",
    );
  const leftDays = Math.floor((endOf(own) - nowMs) / dayMs);
  if (leftDays < 1)
    throw keyError(
      `the authority in ${dir} expired on ${own.validTo}`,
      dir,
      "Make another one with `aurora keys authority`, and give everybody its ca.pem.",
    );
  return { certPem, keyPem, name, leftDays };
}

async function readPem(path: string, hint: string): Promise<string> {
  const bytes = await readFileBounded(path, maxPemBytes, {
    missing: "KEY",
    tooLarge: "KEY",
    op: "read",
    hint,
  });
  return new TextDecoder().decode(bytes);
}

/** Those of a file that may hold several; none where one of them is damaged. */
function readCertificates(pem: string): readonly X509Certificate[] {
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return texts.map((text) => new X509Certificate(text));
  } catch {
    // OpenSSL says no more than that it is none.
    return [];
  }
}

function readPrivateKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

function keyError(message: string, dir: string, hint: string): AuroraError {
  return new AuroraError("KEY", message, { op, subject: dir, hint });
}

/** A site's own authority has no list of who is enrolled, and refuses nobody. */
async function refuseRevoked({ dir, name }: CertificateWish): Promise<void> {
  const id = name.split("/", 1)[0]!;
  if ((await loadEnrolment(dir))?.revoked?.includes(id) !== true) return;
  throw new AuroraError("USAGE", `${id} was revoked`, {
    op,
    subject: dir,
    hint: "The broker grants it nothing, whatever certificate it shows: enrol it under another id (`aurora fleet enrol`).",
  });
}

async function refuseExisting(path: string, hint: string): Promise<void> {
  if ((await stat(path).catch(() => undefined)) === undefined) return;
  throw new AuroraError("USAGE", `${path} is there already`, { op, subject: path, hint });
}
