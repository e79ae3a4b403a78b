/** Looks whether the files that a configuration names are there, may be read and hold what they must. Shows nothing of them. */
import { createPrivateKey, createPublicKey } from "node:crypto";
import { access, constants, readdir, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { type ConfigFinding, findNearest } from "../../contract/config/config-finding.ts";
import type { ConfiguredFile, FileContent } from "../../contract/config/configured-files.ts";
import { readFileBounded } from "../files/bounded-read.ts";
import { parseHexKey } from "../files/read-hex-key.ts";
import { readPemCertificates } from "./pem-certificates.ts";

/** Many authorities in one file. */
export const maxFileBytes: number = 4 * 1024 * 1024;
/** Names of a folder that are looked through for one that was meant. */
const maxNames = 1000;

/** What is wrong with them, in their order. */
export async function checkConfiguredFiles(files: readonly ConfiguredFile[]): Promise<ConfigFinding[]> {
  const findings: ConfigFinding[] = [];
  for (const file of files) {
    const found = await checkFile(file);
    if (found !== undefined) findings.push({ path: file.path, value: file.file, ...found });
  }
  return findings;
}

type Complaint = Omit<ConfigFinding, "path">;

async function checkFile(configured: ConfiguredFile): Promise<Complaint | undefined> {
  const { file, content } = configured;
  try {
    const isFolder = (await stat(file)).isDirectory();
    if (isFolderContent(content)) {
      if (!isFolder) return { problem: "this is a file, and a folder is needed" };
      if (content !== "state-folder") await readdir(file);
      return undefined;
    }
    if (isFolder) return { problem: "this is a folder, and a file is needed" };
    const bytes = await readFileBounded(file, maxFileBytes);
    return await checkContent(Buffer.from(bytes).toString("utf8"), configured);
  } catch (error) {
    return describeRefusal(error, configured);
  }
}

type FolderContent = Extract<FileContent, "folder" | "state-folder" | "keys-folder">;

function isFolderContent(content: FileContent): content is FolderContent {
  return content === "folder" || content === "state-folder" || content === "keys-folder";
}

async function describeRefusal(
  error: unknown,
  { file, content }: ConfiguredFile,
): Promise<Complaint | undefined> {
  const cause = error instanceof Error && "cause" in error ? (error.cause ?? error) : error;
  const { code, message } = cause as NodeJS.ErrnoException;
  const what = isFolderContent(content) ? "folder" : "file";
  // A daemon makes its own, and another user may not look at it.
  if (/^(ENOENT|EACCES)$/.test(code ?? "") && content === "state-folder") return undefined;
  if (code === "ENOENT" || code === "ENOTDIR") {
    // A service is started in another folder than whoever wrote a path that does not begin with a slash.
    const problem = `there is no such ${what}${isAbsolute(file) ? "" : `, seen from ${resolve()}`}`;
    const names = await readdir(dirname(file)).catch(() => undefined);
    if (names === undefined) return { problem: `${problem}, nor the folder that it would be in` };
    const meant = findNearest(basename(file), names.slice(0, maxNames));
    return meant === undefined
      ? { problem }
      : { problem, write: `did you mean ${join(dirname(file), meant)}?` };
  }
  if (code === "EACCES" || code === "EPERM") {
    const user = process.getuid?.() ?? "this one";
    const folder = await findClosedFolder(dirname(resolve(file)));
    if (folder !== undefined) {
      const problem = `user ${user} may not enter the folder ${folder}, in which this ${what} is`;
      return { problem, write: adviseOfClosedFolder(folder, what) };
    }
    return { problem: `user ${user} may not read this ${what}`, write: "change its owner or its rights" };
  }
  return { problem: `the ${what} cannot be read: ${message}` };
}

/** What `ProtectHome` of a unit closes to its service, whatever the folder's own rights. */
const closedHomes: readonly string[] = ["/home", "/root", "/run/user"];

/** @param what is in it */
function adviseOfClosedFolder(folder: string, what: "file" | "folder"): string {
  // Every process that systemd starts has an INVOCATION_ID, and one that tells when it is ready a NOTIFY_SOCKET.
  const isService = (process.env.NOTIFY_SOCKET ?? process.env.INVOCATION_ID) !== undefined;
  return isService && closedHomes.includes(folder)
    ? `systemd keeps ${folder} closed to the service: move the ${what} to /etc/aurora`
    : "change that folder's owner or rights";
}

/** The first folder from the top that this user may not enter: `aurora keys` makes folders for their owner alone. */
async function findClosedFolder(folder: string): Promise<string | undefined> {
  const above = dirname(folder);
  const found = above === folder ? undefined : await findClosedFolder(above);
  if (found !== undefined) return found;
  const isOpen = await access(folder, constants.X_OK).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== "EACCES",
  );
  return isOpen ? undefined : folder;
}

const certificateForm = "name a certificate in PEM form (-----BEGIN CERTIFICATE-----)";

const howToMake: Readonly<Record<Exclude<FileContent, FolderContent>, string>> = {
  certificate: certificateForm,
  "own-certificate": certificateForm,
  "private-key": "name the certificate's private key in PEM form, without a pass phrase",
  "public-key": "name an ed25519 public key in PEM form (-----BEGIN PUBLIC KEY-----)",
  "hex-key":
    "name the file with 64 hexadecimal digits: a device's key as it was flashed with (`aurora device image --help`), any other as `aurora fleet enrol` wrote it",
  text: "write the secret into it, on one line",
  json: "copy the file once more from where it was made",
  "root-metadata": "copy the file once more from where it was made",
};

async function checkContent(text: string, configured: ConfiguredFile): Promise<Complaint | undefined> {
  const { content } = configured;
  if (isFolderContent(content)) return undefined;
  const write = howToMake[content];
  if (text.trim() === "") return { problem: "the file is empty", write };
  try {
    if (content === "certificate" || content === "own-certificate") return checkCertificates(text);
    if (content === "public-key" && !isPublicKey(text))
      return { problem: "the file holds no ed25519 public key", write };
    if (isJson(content)) JSON.parse(text);
    if (content === "private-key") return await checkKey(text, configured.certFile);
  } catch {
    // OpenSSL's words name nothing that a reader could act upon.
    return { problem: `the file holds no ${isJson(content) ? "JSON" : content.replace("-", " ")}`, write };
  }
  if (content === "text" && text.trim().includes("\n")) {
    return {
      problem: `the file holds ${text.trim().split("\n").length} lines, and a secret is one`,
      write,
    };
  }
  if (content === "hex-key" && parseHexKey(text) === null) {
    return { problem: "the file does not hold 64 hexadecimal digits", write };
  }
  return undefined;
}

/** Of a PEM text that must hold certificates. */
export function checkCertificates(pem: string): Complaint | undefined {
  const found = readPemCertificates(pem);
  if (found.length === 0) return { problem: "the file holds no certificate", write: certificateForm };
  const index = found.findIndex(({ certificate }) => certificate === undefined);
  if (index < 0) return undefined;
  const { line, startsLine } = found[index]!;
  const which = `certificate ${index + 1} of ${found.length} in this file`;
  return startsLine
    ? {
        problem: `${which}, from line ${line} on, is damaged or cut off, and TLS takes none behind it`,
        write: "copy it once more from where it was made",
      }
    : {
        problem: `${which} does not begin its line, which is line ${line}: TLS takes neither it nor what joins it`,
        write: "break the line before -----BEGIN CERTIFICATE-----, as after every certificate",
      };
}

const isJson = (content: FileContent): boolean => content === "json" || content === "root-metadata";

/** As those who verify with it take it. @throws where it holds no key */
function isPublicKey(pem: string): boolean {
  return !pem.includes("PRIVATE KEY") && createPublicKey(pem).asymmetricKeyType === "ed25519";
}

async function checkKey(text: string, certFile: string | undefined): Promise<Complaint | undefined> {
  const key = createPrivateKey(text);
  if (certFile === undefined) return undefined;
  // What is wrong with the certificate's file is told at its own key.
  const pem = await readFileBounded(certFile, maxFileBytes).catch(() => undefined);
  if (pem === undefined) return undefined;
  const certificates = readPemCertificates(Buffer.from(pem).toString("utf8"));
  const fits = certificates.findIndex(({ certificate }) => certificate?.checkPrivateKey(key) === true);
  if (fits === 0 || certificates[0]?.certificate === undefined) return undefined;
  return fits < 0
    ? {
        problem: "the key does not belong to the certificate in certFile",
        write: howToMake["private-key"],
      }
    : {
        problem: `the key belongs to certificate ${fits + 1} in certFile, from line ${certificates[fits]!.line} on, and TLS takes it for the first one's`,
        write: "put your own certificate first in certFile, and behind it those that lead to its authority",
      };
}
