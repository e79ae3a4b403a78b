/**
 * A small private authority for a site that has none: its own certificate, one for the broker's host, one for each client. Each is
 * a folder that is there whole or not at all; nothing that exists is made anew, and nothing is revoked.
 */
import { X509Certificate } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { makeFolder, renameAtomic, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
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

/** Makes the authority. @throws AuroraError USAGE where there is one. */
export async function createAuthority(
  { dir, days, nowMs }: AuthorityRequest,
  name: string,
): Promise<{ readonly caFile: string; readonly keyFile: string }> {
  const [caFile, keyFile] = [join(dir, caName), join(dir, caKeyName)];
  for (const file of [caFile, keyFile]) await refuseExisting(file, "an authority is made once, and kept");
  const { certPem, keyPem } = issueCertificate({ name, use: "authority", fromMs: nowMs, days });
  await makeFolder(dir, folderMode);
  // The key first: a certificate without its key would look like an authority, and be of no use.
  await writeFileAtomic(keyFile, keyPem, { mode: keyMode });
  try {
    await writeFileAtomic(caFile, certPem);
  } catch (error) {
    // It would be there already when it is tried again.
    await rm(keyFile, { force: true });
    throw error;
  }
  return { caFile, keyFile };
}

/**
 * Makes a key and its certificate, in a folder of the authority's that bears the name.
 * @throws AuroraError USAGE where there is one of this name, or the client is a gateway, its device or a reader that the enrolment in
 * the same folder lists as revoked; KEY where there is no authority, or its key is of another; CONFIG_INVALID where that list is damaged.
 */
export async function issueForSite(wish: CertificateWish): Promise<MadeCertificate> {
  const authority = await readAuthority(wish.dir);
  if (wish.use === "client") await refuseRevoked(wish);
  // A device's name has a slash, which no folder's has; an @ is in no name.
  const folder = wish.name.replace("/", "@");
  const dir = join(wish.dir, folder);
  await refuseExisting(
    dir,
    "move the folder away to renew it; what was made before stays good until it expires",
  );
  const leftDays = Math.floor((Date.parse(authority.validTo) - wish.nowMs) / dayMs);
  if (leftDays < 1) {
    throw new AuroraError("KEY", `the authority in ${wish.dir} expired on ${authority.validTo}`, {
      op,
      subject: wish.dir,
      hint: "Make another one with `aurora keys authority`, and give everybody its ca.pem.",
    });
  }
  const days = Math.min(wish.days, leftDays);
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
  readonly name: string;
  readonly validTo: string;
}

async function readAuthority(dir: string): Promise<Authority> {
  const read = async (name: string): Promise<string> => {
    const bytes = await readFileBounded(join(dir, name), maxPemBytes, {
      missing: "KEY",
      tooLarge: "KEY",
      op: "read",
      hint: `\`aurora keys authority ${dir}\` makes an authority.`,
    });
    return new TextDecoder().decode(bytes);
  };
  const [certPem, keyPem] = [await read(caName), await read(caKeyName)];
  try {
    const certificate = new X509Certificate(certPem);
    const name = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
    if (name !== undefined && certificate.ca) return { certPem, keyPem, name, validTo: certificate.validTo };
  } catch {
    // OpenSSL says no more than that it is none; the error below does.
  }
  throw new AuroraError("KEY", `${join(dir, caName)} is no authority's certificate`, {
    op,
    subject: dir,
    hint: "Name the folder that `aurora keys authority` made.",
  });
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
