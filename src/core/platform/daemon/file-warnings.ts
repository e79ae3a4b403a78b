/**
 * What the files that a configuration names will lead to, though they can be used now: a secret that every user of the
 * machine reads, a certificate or a root of updates whose time is up. Shows nothing of them; what cannot be read is told by whoever checks files.
 */
import type { X509Certificate } from "node:crypto";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import type { ConfiguredFile, FileContent } from "../../contract/config/configured-files.ts";
import { fieldsOf } from "../../contract/fields.ts";
import { renderIsoTime } from "../../contract/iso-time.ts";
import { readFileBounded } from "../files/bounded-read.ts";
import { parseJsonText } from "../files/parse-json.ts";
import { maxFileBytes, parseCertificate } from "./check-files.ts";

const secrets: ReadonlySet<FileContent> = new Set(["private-key", "hex-key", "text"]);
/** As doctor warns of the broker's own certificate. */
const soonMs = 30 * 86_400_000;
/** A new root needs whoever has the key of the present one. */
const rootSoonMs = 183 * 86_400_000;

/** In the order of `files`. @param nowMs epoch, by which certificates are judged */
export async function warnOfFiles(
  files: readonly ConfiguredFile[],
  nowMs: number,
): Promise<readonly ConfigFinding[]> {
  const findings: ConfigFinding[] = [];
  for (const configured of files) {
    const { path, file, content } = configured;
    const by = { nowMs, isOfBroker: path[0] === "mqtt" };
    const found = secrets.has(content) ? await warnOfRights(file) : await warnOfEnd(configured, by);
    if (found !== undefined) findings.push({ path, value: file, ...found });
  }
  return findings;
}

type Warning = Pick<ConfigFinding, "problem" | "write" | "endsMs">;

async function warnOfEnd(configured: ConfiguredFile, by: Judged): Promise<Warning | undefined> {
  const { file, content, updatesDir } = configured;
  if (content === "certificate") return warnOfDates(file, by);
  if (content === "root-metadata") return warnOfRoot([file, ...(await listFollowed(updatesDir))], by.nowMs);
  return content === "keys-folder" ? warnOfRoot([join(file, "root.json")], by.nowMs) : undefined;
}

/** The root metadata that a gateway has followed to, one file a model. */
async function listFollowed(updatesDir: string | undefined): Promise<readonly string[]> {
  if (updatesDir === undefined) return [];
  const models = await readdir(updatesDir).catch(() => []);
  return models.map((model) => join(updatesDir, model, "tuf", "root.json"));
}

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

async function readText(file: string): Promise<string> {
  const bytes = await readFileBounded(file, maxFileBytes).catch(() => new Uint8Array());
  return new TextDecoder().decode(bytes);
}

/** Of several the latest end counts. */
async function warnOfRoot(files: readonly string[], nowMs: number): Promise<Warning | undefined> {
  const ends = await Promise.all(files.map(async (file) => readExpiry(await readText(file))));
  const endsMs = Math.max(...ends.map((end) => end ?? Number.NEGATIVE_INFINITY));
  // Whoever uses it says what is wrong with it.
  if (endsMs === Number.NEGATIVE_INFINITY || endsMs - nowMs > rootSoonMs) return undefined;
  return {
    problem:
      endsMs > nowMs
        ? `the root of updates expires on ${renderDay(endsMs)}; after that no gateway takes one`
        : `the root of updates has expired on ${renderDay(endsMs)}: no gateway takes one any more`,
    write:
      "make the next root where the root key is (`aurora keys rotate`), as src/KEYS.md says; gateways follow by themselves",
    endsMs,
  };
}

/** Until when signed metadata of updates is good, as it says itself, epoch ms; null: it is none. */
export function readExpiry(text: string): number | null {
  const { expires } = fieldsOf(fieldsOf(parseJsonText(text)).signed);
  const endsMs = typeof expires === "string" ? Date.parse(expires) : Number.NaN;
  return Number.isNaN(endsMs) ? null : endsMs;
}

const renderDay = (ms: number): string => renderIsoTime(ms).slice(0, 10);

async function warnOfDates(file: string, by: Judged): Promise<Warning | undefined> {
  const pem = await readText(file);
  // Among many authorities one that is no longer good does no harm.
  if (pem.split("-----BEGIN CERTIFICATE-----").length !== 2) return undefined;
  const certificate = parseCertificate(pem);
  return certificate === undefined ? undefined : judgeDates(certificate, by);
}

function judgeDates(certificate: X509Certificate, { nowMs, isOfBroker }: Judged): Warning | undefined {
  const { validFrom, validTo } = certificate;
  const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)];
  if (nowMs < fromMs) {
    const problem = `the certificate holds only from ${renderDay(fromMs)} on, by this machine's clock`;
    return { problem, write: "set the clock of this machine, or of the one that issued it" };
  }
  const write = isOfBroker ? adviseRenewal(certificate) : "ask whoever issued it for another";
  const isOver = nowMs >= toMs;
  const problem = `the certificate ${isOver ? "has expired" : "expires"} on ${renderDay(toMs)}`;
  return toMs - nowMs <= soonMs ? { problem, write, endsMs: toMs } : undefined;
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
