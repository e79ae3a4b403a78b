/**
 * What the files that a configuration names will lead to, though they can be used now: a secret that every user of the machine
 * reads, a key that belongs elsewhere, a certificate or a root of updates whose time is up. Shows nothing of them; what cannot be
 * read is told by whoever checks files.
 */
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import type { ConfiguredFile, FileContent } from "../../contract/config/configured-files.ts";
import { fieldsOf } from "../../contract/fields.ts";
import { readFileBounded } from "../files/bounded-read.ts";
import { parseJsonText } from "../files/parse-json.ts";
import { renderEnd, warnOfDates } from "./certificate-dates.ts";
import { maxFileBytes } from "./check-files.ts";

const secrets: ReadonlySet<FileContent> = new Set(["private-key", "hex-key", "text"]);
/** A new root needs whoever has the key of the present one. */
const rootSoonMs = 183 * 86_400_000;

interface FileWarning extends ConfigFinding {
  /** How long before `endsMs` it is said first. */
  readonly noticeMs?: number;
}

/** In the order of `files`. @param nowMs epoch, by which certificates are judged */
export async function warnOfFiles(
  files: readonly ConfiguredFile[],
  nowMs: number,
): Promise<readonly FileWarning[]> {
  const findings: FileWarning[] = [];
  for (const configured of files) {
    const { path, file } = configured;
    for (const found of await warnOfFile(configured, nowMs)) {
      if (found !== undefined) findings.push({ path, value: file, ...found });
    }
  }
  return findings;
}

type Warning = Omit<FileWarning, "path" | "value">;

async function warnOfFile(
  configured: ConfiguredFile,
  nowMs: number,
): Promise<readonly (Warning | undefined)[]> {
  const { file, content, updatesDir } = configured;
  if (secrets.has(content)) return [await warnOfSecret(file)];
  switch (content) {
    case "certificate":
    case "own-certificate": {
      const isOfBroker = configured.path[0] === "mqtt";
      const isOfOpcUa = configured.path[0] === "opcua";
      // A client of OPC UA shows its own certificate alone, and a server there is trusted by its own.
      const [shown, trusted] = isOfOpcUa ? (["first", "servers"] as const) : (["all", "any"] as const);
      const counts = content === "own-certificate" ? shown : trusted;
      return warnOfDates(await readText(file), { nowMs, isOfBroker, counts });
    }
    case "root-metadata":
      return [await warnOfRoot([file, ...(await listFollowed(updatesDir))], nowMs)];
    case "keys-folder":
      return [await warnOfRoot([join(file, "root.json")], nowMs), ...(await warnOfKeys(file))];
    default:
      return [];
  }
}

/** The root metadata that a gateway has followed to, one file a model. */
async function listFollowed(updatesDir: string | undefined): Promise<readonly string[]> {
  if (updatesDir === undefined) return [];
  const models = await readdir(updatesDir).catch(() => []);
  return models.map((model) => join(updatesDir, model, "tuf", "root.json"));
}

/** What may sign a bundle or the next root, which no collector reads. */
const offlineKey = /^(root(-[0-9a-f]+)?|release)\.key$/;

async function warnOfKeys(folder: string): Promise<readonly Warning[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".key")).sort();
  const modes = await Promise.all(names.map((name) => findOpenMode(join(folder, name))));
  const open = names.filter((_name, index) => modes[index] !== undefined);
  const offline = names.filter((name) => offlineKey.test(name));
  const warnings: Warning[] = [];
  if (open.length > 0) {
    warnings.push({
      problem: `every user of this machine may read secrets in it, by their mode: ${open.join(", ")}`,
      write: `run chmod o= ${join(folder, "*.key")}`,
    });
  }
  if (offline.length > 0) {
    warnings.push({
      problem: `it holds ${offline.join(" and ")}, which no collector reads: whoever breaks into this machine could sign in your name`,
      write: "take such a key away to where it is kept offline, as src/KEYS.md says",
    });
  }
  return warnings;
}

async function warnOfSecret(file: string): Promise<Warning | undefined> {
  const mode = await findOpenMode(file);
  if (mode === undefined) return undefined;
  return {
    problem: `every user of this machine may read this secret, by its mode ${mode}`,
    write: `run chmod o= ${file}`,
  };
}

/** The mode of a file that every user may read or write; undefined: they may not, or there is none. */
async function findOpenMode(file: string): Promise<string | undefined> {
  // There the bits say nothing.
  if (process.platform === "win32") return undefined;
  try {
    const target = await realpath(file);
    const { mode } = await stat(target);
    if ((mode & 0o006) === 0 || !(await isOpenToOthers(dirname(target)))) return undefined;
    return (mode & 0o777).toString(8);
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
        ? `the root of updates expires on ${renderEnd(endsMs, nowMs)}; after that no gateway takes one`
        : `the root of updates has expired on ${renderEnd(endsMs, nowMs)}: no gateway takes one any more`,
    write:
      "make the next root where the root key is (`aurora keys rotate`), as src/KEYS.md says; gateways follow by themselves",
    endsMs,
    noticeMs: rootSoonMs,
  };
}

/** Until when signed metadata of updates is good, as it says itself, epoch ms; null: it is none. */
export function readExpiry(text: string): number | null {
  const { expires } = fieldsOf(fieldsOf(parseJsonText(text)).signed);
  const endsMs = typeof expires === "string" ? Date.parse(expires) : Number.NaN;
  return Number.isNaN(endsMs) ? null : endsMs;
}
