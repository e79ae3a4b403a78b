/**
 * What the files that a configuration names will lead to, though they can be used now: a secret that every user of the
 * machine reads, a certificate whose time is up. Shows nothing of them; what cannot be read is told by whoever checks files.
 */
import type { X509Certificate } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import type { ConfiguredFile, FileContent } from "../../contract/config/configured-files.ts";
import { renderIsoTime } from "../../contract/iso-time.ts";
import { readFileBounded } from "../files/bounded-read.ts";
import { maxFileBytes, parseCertificate } from "./check-files.ts";

const secrets: ReadonlySet<FileContent> = new Set(["private-key", "hex-key", "text"]);
/** As doctor warns of the broker's own certificate. */
const soonMs = 30 * 86_400_000;

/** In the order of `files`. @param nowMs epoch, by which certificates are judged */
export async function warnOfFiles(
  files: readonly ConfiguredFile[],
  nowMs: number,
): Promise<readonly ConfigFinding[]> {
  const findings: ConfigFinding[] = [];
  for (const { path, file, content } of files) {
    const found = secrets.has(content)
      ? await warnOfRights(file)
      : content === "certificate"
        ? await warnOfDates(file, { nowMs, isOfBroker: path[0] === "mqtt" })
        : undefined;
    if (found !== undefined) findings.push({ path, value: file, ...found });
  }
  return findings;
}

type Warning = Pick<ConfigFinding, "problem" | "write">;

async function warnOfRights(file: string): Promise<Warning | undefined> {
  // There the bits say nothing.
  if (process.platform === "win32") return undefined;
  try {
    const target = await realpath(file);
    const { mode } = await stat(target);
    if ((mode & 0o006) === 0 || !(await isOpenToOthers(dirname(target)))) return undefined;
    const rights = (mode & 0o777).toString(8);
    return {
      problem: `every user of this machine may read this secret, by its mode ${rights}`,
      write: `run chmod o= ${file}`,
    };
  } catch {
    return undefined;
  }
}

/** A folder that others may not enter keeps all that is below it from them. */
async function isOpenToOthers(folder: string): Promise<boolean> {
  if (((await stat(folder)).mode & 0o001) === 0) return false;
  const above = dirname(folder);
  return above === folder || isOpenToOthers(above);
}

/** What a certificate is judged by. */
interface Judged {
  readonly nowMs: number;
  /** Of the broker or of a client of it: such a one `aurora keys` may have made, and no other. */
  readonly isOfBroker: boolean;
}

async function warnOfDates(file: string, by: Judged): Promise<Warning | undefined> {
  const bytes = await readFileBounded(file, maxFileBytes).catch(() => new Uint8Array());
  const pem = new TextDecoder().decode(bytes);
  // Among many authorities one that is no longer good does no harm.
  if (pem.split("-----BEGIN CERTIFICATE-----").length !== 2) return undefined;
  const certificate = parseCertificate(pem);
  return certificate === undefined ? undefined : judgeDates(certificate, by);
}

function judgeDates(certificate: X509Certificate, { nowMs, isOfBroker }: Judged): Warning | undefined {
  const { validFrom, validTo } = certificate;
  const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)];
  const day = (ms: number): string => renderIsoTime(ms).slice(0, 10);
  if (nowMs < fromMs) {
    const problem = `the certificate holds only from ${day(fromMs)} on, by this machine's clock`;
    return { problem, write: "set the clock of this machine, or of the one that issued it" };
  }
  const write = isOfBroker ? adviseRenewal(certificate) : "ask whoever issued it for another";
  if (nowMs > toMs) return { problem: `the certificate has expired on ${day(toMs)}`, write };
  return toMs - nowMs < soonMs ? { problem: `the certificate expires on ${day(toMs)}`, write } : undefined;
}

/** Extended key usage (RFC 5280, 4.2.1.12). */
const serverUse = "1.3.6.1.5.5.7.3.1";

/** An enrolment has an authority as a site's own has; it makes nothing of a gateway anew, and the commands of keys do. */
function adviseRenewal({ ca, subject, keyUsage }: X509Certificate): string {
  if (ca) return "make another authority (`aurora keys authority`), as src/KEYS.md says";
  const isServer = keyUsage?.includes(serverUse) === true;
  const name = /^CN=([\w.@/-]+)$/.exec(subject)?.[1] ?? (isServer ? "HOST" : "NAME");
  const command = `aurora keys ${isServer ? "server" : "client"} DIR ${name}`;
  return `issue another under the same name (\`${command}\`, where DIR is the folder of the enrolment, or of the site's authority), and put it in its place`;
}
