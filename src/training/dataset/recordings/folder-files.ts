/**
 * The files below a folder, and those that a pattern means. `*` stands for any run of characters within one part of a path,
 * and what it stood for is remembered. Follows no link to a folder; refuses a folder of more files than anybody lists.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";

/** Files and folders below one folder. */
const maxNames = 200_000;
const maxDepth = 12;

/**
 * Paths of all files below `root`, relative to it, with `/`, sorted by their characters' codes; hidden ones are passed
 * over. Fails with DATA_MISSING without the folder, DATA_FORMAT where there are more than 200,000 names or 12 levels.
 */
export async function listFolderFiles(root: string): Promise<readonly string[]> {
  const files: string[] = [];
  let names = 0;
  const walk = async (folder: string, depth: number): Promise<void> => {
    const path = join(root, folder);
    const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
      throw new AuroraError("DATA_MISSING", `cannot read the folder ${path}`, {
        op: "list recordings",
        subject: path,
        hint: "the folder of the recordings is that of the manifest, or is named with --data DIR",
        cause,
      });
    });
    names += entries.length;
    if (names > maxNames || depth > maxDepth) {
      throw new AuroraError(
        "DATA_FORMAT",
        `below ${root} are more than ${maxNames} files or ${maxDepth} levels of folders`,
        { op: "list recordings", subject: root, hint: "name a folder that holds recordings alone" },
      );
    }
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) await walk(name, depth + 1);
      else files.push(name);
    }
  };
  await walk("", 0);
  return files.sort((a, b) => (a < b ? -1 : 1));
}

/**
 * What each `*` of `pattern` stands for in `path`, as little as possible each; null where it does not fit. An ü is one letter,
 * in whichever of its two forms a disk keeps it.
 */
export function capturePath(path: string, pattern: string): readonly string[] | null {
  const [parts, patterns] = [path, pattern].map((text) => text.normalize("NFC").split("/")) as [
    string[],
    string[],
  ];
  if (parts.length !== patterns.length) return null;
  const captures: string[] = [];
  for (const [index, part] of parts.entries()) {
    const own = captureName(part, patterns[index]!);
    if (own === null) return null;
    captures.push(...own);
  }
  return captures;
}

/** Linear in both: what stands between two `*` is taken where it comes first. */
function captureName(text: string, pattern: string): readonly string[] | null {
  const [head = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === head ? [] : null;
  if (!text.startsWith(head)) return null;
  const captures: string[] = [];
  let at = head.length;
  for (const [index, literal] of rest.entries()) {
    const isLast = index === rest.length - 1;
    const found = isLast ? text.length - literal.length : text.indexOf(literal, at);
    if (found < at || (isLast && !text.endsWith(literal))) return null;
    captures.push(text.slice(at, found));
    at = found + literal.length;
  }
  return captures;
}
